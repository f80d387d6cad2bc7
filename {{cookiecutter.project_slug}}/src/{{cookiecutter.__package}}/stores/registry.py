"""The registry: every model that was trained, and which one answers.

An alias is changed in MLflow first and then published (`models.py`), where serving processes follow it.

>>> registry = Registry("sqlite:///var/registry.db", open_models(Path("var/models")))
>>> registry.load("champion").model.predict_proba(rows)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import UserError, in_one_line
from ..core.result import GateResult
from ..core.schema import Column
from ..core.settings import sqlite_path
from .mlflow_client import NAME, connect, find_experiment, read_model, store_model
from .models import Models, StoredModel, digest_of, dump_model, load_model

ALIASES = ("fallback", "champion", "challenger", "previous")
NEXT_STEP = "it has to be reachable and whole; APP_REGISTRY_URL names another"


class Registry:
    """Models in MLflow, their aliases, and the published copies."""

    def __init__(self, url: str, models: Models) -> None:
        self.models = models
        database = sqlite_path(url)
        with in_one_line(f"registry {url}", NEXT_STEP):
            database = None if database is None else database.resolve()
            # beside the database, wherever the project is; a server decides for itself
            self.artifacts = None if database is None else (database.parent / "models").as_uri()
            self.client = connect(url, database)
        self.url = self.client.tracking_uri

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

        Raises UserError: the model holds a type that is not trusted, or the registry cannot be written.
        """
        with in_one_line(f"model {name} cannot be registered", NEXT_STEP):
            dump_model(model)  # nothing is recorded of a model that is refused
            run = self.record(name=name, metrics=metrics, tags=tags, results=results)
            stored, content = store_model(self.client, model, name, inputs, run)
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
            experiment = find_experiment(self.client, self.artifacts)
            run = self.client.create_run(experiment, run_name=name, tags=dict(tags)).info.run_id
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
            found = self.client.search_registered_models(filter_string=f"name = '{NAME}'")
            version = found[0].aliases.get(alias) if found else None
        return None if version is None else str(version)

    def load(self, alias: str) -> StoredModel:
        """Load the model that an alias points to.

        Raises UserError: there is none, it cannot be read, or it was changed after registration.
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

    def is_intact(self, version: str) -> bool:
        """Return whether the file of a version is the one that was registered."""
        return digest_of(self._content(version)) == self.tags(version).get("digest")

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
        """Publish what is not published as it is in MLflow, such as an alias that was changed on its own page."""
        for alias in ALIASES:
            version = self.version(alias)
            with in_one_line(f"the {alias} cannot be published", NEXT_STEP):
                if version is not None:
                    self._publish(alias, version)
                elif self.models.version(alias) is not None:
                    self.models.withdraw(alias)

    def _publish(self, alias: str, version: str) -> None:
        tags = self.tags(version)
        name, digest = tags.get("name", "model"), tags.get("digest", "")
        if digest_of(self.models.content(version) or b"") != digest:
            self.models.add(version, self._content(version))
        if self.models.entry(alias) != {"name": name, "version": version, "digest": digest, "tags": tags}:
            self.models.publish(alias, name=name, version=version, digest=digest, tags=tags)

    def _content(self, version: str) -> bytes:
        return read_model(self.client, version, self.artifacts) or self.models.content(version) or b""
