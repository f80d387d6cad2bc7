"""The registry: the models that were made, and which of them answers. The only module that imports MLflow.

>>> registry = Registry("sqlite:///var/registry.db", Path("var/models"))
>>> registry.load("champion").model.predict_proba(rows)
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")  # of itself it waits for minutes, in silence
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

import mlflow
import mlflow.sklearn
from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from . import trust
from .errors import UserError, in_one_line
from .registered import Registered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .schema import Column
    from .verdict import Verdict

NAME = "decision"
STEP = "it has to be there and whole; APP_REGISTRY_URL names another"


class Registry:
    """Models and their aliases: champion, challenger, fallback."""

    def __init__(self, url: str, artifacts: Path) -> None:
        self.url, self.artifacts = url, artifacts.resolve().as_uri() if url.startswith("sqlite:") else None
        for chatty in ("alembic", "mlflow"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        with in_one_line(f"registry {url}", STEP):
            if url.startswith("sqlite:///"):
                Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.client = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)

    def register(
        self,
        model: Any,
        *,
        name: str,
        inputs: Sequence[Column],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        verdicts: Sequence[Verdict] = (),
    ) -> str:
        """Store a fitted model with its evidence and return its version.

        Raises
        ------
        UserError
            The model holds a type that is not trusted.
        """
        run = self.record(name=name, metrics=metrics, tags=tags, verdicts=verdicts)
        with tempfile.TemporaryDirectory() as folder:
            try:
                mlflow.sklearn.save_model(
                    model,
                    f"{folder}/model",
                    serialization_format="skops",
                    skops_trusted_types=trust.TRUSTED,
                    signature=ModelSignature(inputs=Schema([_column_spec(column) for column in inputs])),
                    pip_requirements=["scikit-learn", "skops"],
                )
            except MlflowException as error:
                message = f"model {name}: {error.message.splitlines()[0]}; add the type to TRUSTED in trust.py"
                raise UserError(message) from None
            stored = self.client.create_logged_model(self._experiment(), name=name, source_run_id=run)
            self.client.log_model_artifacts(stored.model_id, f"{folder}/model")
        self.client.finalize_logged_model(stored.model_id, "READY")
        self.client.log_outputs(run, [LoggedModelOutput(stored.model_id, 0)])
        if not self.client.search_registered_models(f"name = '{NAME}'"):
            self.client.create_registered_model(NAME)
        made = self.client.create_model_version(
            NAME, stored.artifact_location, run, tags={**tags, "name": name}, model_id=stored.model_id
        )
        return str(made.version)

    def record(
        self, *, name: str, metrics: Mapping[str, float], tags: Mapping[str, str], verdicts: Sequence[Verdict]
    ) -> str:
        """Record a training run, also of a model that was refused, and return its id."""
        run = self.client.create_run(self._experiment(), run_name=name, tags=dict(tags)).info.run_id
        for key, value in metrics.items():
            self.client.log_metric(run, key, value)
        for verdict in verdicts:
            self.client.set_tag(run, f"gate.{verdict.gate}", f"{verdict.status}: {verdict.message}")
        self.client.log_dict(run, {v.gate: {"status": v.status, **v.evidence} for v in verdicts}, "verdicts.json")
        self.client.set_terminated(run)
        return str(run)

    def version(self, alias: str) -> str | None:
        """Return the version that an alias points to, or None."""
        with in_one_line(f"registry {self.url}", STEP):
            try:
                return str(self.client.get_model_version_by_alias(NAME, alias).version)
            except MlflowException as error:
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    return None
                raise

    def load(self, alias: str) -> Registered:
        """Load the model that an alias points to.

        Raises
        ------
        UserError
            There is none, or it cannot be read.
        """
        version = self.version(alias)
        if version is None:
            raise UserError(f"the registry has no {alias}; `run --prepare` puts the rules there")
        # whatever is wrong with a file, the old model must stay
        with in_one_line(f"the {alias}, version {version}, does not load", "train and promote another"):
            tags = self.tags(version)
            place = self.client.get_model_version_download_uri(NAME, version)
            folder = Path(mlflow.artifacts.download_artifacts(place, tracking_uri=self.url))
            model = trust.load(folder / "model.skops")
        return Registered(model, tags.get("name", "model"), version, tags)

    def tags(self, version: str) -> dict[str, str]:
        """Return what is written on a version."""
        return dict(self.client.get_model_version(NAME, version).tags)

    def set_alias(self, alias: str, version: str) -> None:
        """Point an alias to a version; whoever follows it answers with that version from now on."""
        self.client.set_registered_model_alias(NAME, alias, version)

    def drop_alias(self, alias: str) -> None:
        """Take an alias away."""
        self.client.delete_registered_model_alias(NAME, alias)

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(NAME)
        return str(found.experiment_id if found else self.client.create_experiment(NAME, self.artifacts))


def _column_spec(column: Column) -> ColSpec:
    # doubles, because MLflow's integers cannot be missing
    kind = DataType.string if column.kind in ("category", "text") else DataType.double
    return ColSpec(kind, column.name, required=not column.optional)
