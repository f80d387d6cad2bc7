"""The registry: every model that was trained, and which one answers. The only module that imports MLflow.

An alias is changed in MLflow first and then published (`models.py`), where serving processes follow it.

>>> registry = Registry("sqlite:///var/registry.db", open_models(Path("var/published")))
>>> registry.load("champion").model.predict_proba(rows)
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")  # the default waits for minutes without a message
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

import mlflow
import mlflow.sklearn
from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from ..core.errors import UserError, in_one_line
from ..core.result import GateResult
from ..core.schema import Column
from ..core.settings import sqlite_path
from .models import Models, StoredModel, digest_of, dump_model, load_model, trusted_types
from .sqlite_files import create_once

NAME = "decision"
ALIASES = ("fallback", "champion", "challenger", "previous")
NEXT_STEP = "it has to be reachable and whole; APP_REGISTRY_URL names another"
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # what MLflow answers for an unknown alias


class Registry:
    """Models in MLflow, their aliases, and the published copies."""

    def __init__(self, url: str, models: Models) -> None:
        for verbose in ("alembic", "mlflow"):
            logging.getLogger(verbose).setLevel(logging.ERROR)
        self.models = models
        self.artifacts: str | None = None
        path = sqlite_path(url)
        with in_one_line(f"registry {url}", NEXT_STEP):
            if path is not None:
                self.artifacts = (path.parent / "models").resolve().as_uri()
                url = create_once(path.resolve(), self._create_database)
            self.client = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
        self.url = url

    def register(
        self,
        model: Any,
        *,
        name: str,
        inputs: Sequence[Column],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        results: Sequence[GateResult] = (),
    ) -> str:
        """Store a fitted model with its evidence and return its version.

        Raises
        ------
        UserError
            The model holds a type that is not trusted, or the registry cannot be written.
        """
        with in_one_line(f"model {name} cannot be registered", NEXT_STEP), tempfile.TemporaryDirectory() as folder:
            content = _save(model, inputs, f"{folder}/model")
            run = self.record(name=name, metrics=metrics, tags=tags, results=results)
            stored = self.client.create_logged_model(self._experiment(), name=name, source_run_id=run)
            self.client.log_model_artifacts(stored.model_id, f"{folder}/model")
            self.client.finalize_logged_model(stored.model_id, "READY")
            self.client.log_outputs(run, [LoggedModelOutput(stored.model_id, 0)])
            self._ensure_registered_model()
            described = {**tags, "name": name, "digest": digest_of(content)}
            created = self.client.create_model_version(
                NAME, stored.artifact_location, run, tags=described, model_id=stored.model_id
            )
            self.models.add(str(created.version), content)
        return str(created.version)

    def record(
        self, *, name: str, metrics: Mapping[str, float], tags: Mapping[str, str], results: Sequence[GateResult]
    ) -> str:
        """Record a training run, also of a model that was refused, and return its id."""
        with in_one_line(f"the run of {name} cannot be recorded", NEXT_STEP):
            run = self.client.create_run(self._experiment(), run_name=name, tags=dict(tags)).info.run_id
            for key, value in metrics.items():
                self.client.log_metric(run, key, value)
            for result in results:
                self.client.set_tag(run, f"gate.{result.gate}", f"{result.status}: {result.message}")
            evidence = {result.gate: {"status": result.status, **result.evidence} for result in results}
            self.client.log_dict(run, evidence, "gates.json")
            self.client.set_terminated(run)
        return str(run)

    def version(self, alias: str) -> str | None:
        """Return the version that an alias points to, or None."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            try:
                return str(self.client.get_model_version_by_alias(NAME, alias).version)
            except MlflowException as error:
                if error.error_code in ABSENT:
                    return None
                raise

    def load(self, alias: str) -> StoredModel:
        """Load the model that an alias points to.

        Raises
        ------
        UserError
            There is none, it cannot be read, or it was changed after registration.
        """
        version = self.version(alias)
        if version is None:
            message = f"the registry has no {alias}; `run --prepare` registers the rules"
            raise UserError(message)
        tags = self.tags(version)
        with in_one_line(f"the {alias}, version {version}, does not load", "train and promote another"):
            model = load_model(self._content(version), tags.get("digest", ""))
        return StoredModel(model, tags.get("name", "model"), version, tags["digest"], tags)

    def tags(self, version: str) -> dict[str, str]:
        """Return the tags of a version."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            return dict(self.client.get_model_version(NAME, version).tags)

    def set_alias(self, alias: str, version: str) -> None:
        """Point an alias to a version and publish it."""
        with in_one_line(f"the {alias} cannot be changed", NEXT_STEP):
            self.client.set_registered_model_alias(NAME, alias, version)
            self._publish(alias, version)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias."""
        with in_one_line(f"the {alias} cannot be removed", NEXT_STEP):
            self.client.delete_registered_model_alias(NAME, alias)
            self.models.withdraw(alias)

    def publish_aliases(self) -> None:
        """Publish what is not published yet, such as an alias that was changed on MLflow's own page."""
        for alias in ALIASES:
            version = self.version(alias)
            if version is not None and version != self.models.version(alias):
                with in_one_line(f"the {alias} cannot be published", NEXT_STEP):
                    self._publish(alias, version)

    def _publish(self, alias: str, version: str) -> None:
        tags = self.tags(version)
        if self.models.content(version) is None:
            self.models.add(version, self._content(version))
        self.models.publish(
            alias, name=tags.get("name", "model"), version=version, digest=tags.get("digest", ""), tags=tags
        )

    def _content(self, version: str) -> bytes:
        content = self.models.content(version)
        if content is None:  # registered on another machine
            place = self.client.get_model_version_download_uri(NAME, version)
            folder = mlflow.artifacts.download_artifacts(place, tracking_uri=self.url)
            content = (Path(folder) / "model.skops").read_bytes()
        return content

    @staticmethod
    def _create_database(url: str) -> None:
        mlflow.MlflowClient(tracking_uri=url, registry_uri=url).search_experiments()

    def _ensure_registered_model(self) -> None:
        try:
            self.client.create_registered_model(NAME)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(NAME)
        if found is not None and found.lifecycle_stage == "deleted":
            restore = f"`mlflow experiments restore -x {found.experiment_id}` brings it back"
            message = f"the experiment {NAME!r} was deleted in MLflow; {restore}"
            raise UserError(message)
        if found is not None and self.artifacts not in (None, found.artifact_location):
            # the project was moved or copied: the files of new runs must not go to the old place
            self.client.rename_experiment(found.experiment_id, f"{NAME}, before {found.artifact_location} was left")
            found = None
        return str(found.experiment_id if found else self.client.create_experiment(NAME, self.artifacts))


def _save(model: Any, inputs: Sequence[Column], folder: str) -> bytes:
    """Write a model as MLflow keeps it and return its skops file."""
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="skops",
        skops_trusted_types=trusted_types(dump_model(model)),
        signature=ModelSignature(inputs=Schema([_column_spec(column) for column in inputs])),
        pip_requirements=["scikit-learn", "skops"],
    )
    return (Path(folder) / "model.skops").read_bytes()


def _column_spec(column: Column) -> ColSpec:
    # doubles, because MLflow's integers cannot be missing
    kind = DataType.double if column.is_numeric else DataType.string
    return ColSpec(kind, column.name, required=not column.optional)
