"""The registry: every model that was trained, and which one answers.

An alias is changed in MLflow first and then published (`models.py`), where serving processes follow it.

>>> registry = Registry("sqlite:///var/registry.db", open_models(Path("var/models")))
>>> registry.load("champion").model.predict_proba(rows)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UserError, in_one_line
from ..core.result import GateResult
from ..core.schema import Column
from .evidence import DIGEST, EVIDENCE, KEYS, WEIGHTS, FittedRows, load_array, make_files, read_evidence
from .mlflow_client import NAME, connect, find_experiment, read_file, store_model, write
from .models import SERVED, Models, StoredModel, digest_of, dump_model, load_entry

ALIAS = "alias."  # begins tags of the registered model: where our commands pointed each alias
ATTEMPTS = 5  # to note where an alias points
SHOWN = 5  # versions in the message about one that is not there
NEXT_STEP = "it has to be reachable and whole; APP_REGISTRY_URL names another"


class Registry:
    """Models in MLflow, their aliases, and the published copies. Raises UserError: it cannot be read or written."""

    def __init__(self, url: str, models: Models) -> None:
        self.models = models
        with in_one_line(f"registry {url}", NEXT_STEP):
            self.client, self.artifacts = connect(url)
        self.url = self.client.tracking_uri

    def check(self) -> None:
        """Check that runs can be recorded. Raises UserError: they cannot, as after the experiment was deleted."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            find_experiment(self.client, self.artifacts)

    def register(
        self,
        model: Any,
        *,
        name: str,
        inputs: Sequence[Column],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        results: Sequence[GateResult] = (),
        fitted: FittedRows | None = None,
    ) -> str:
        """Store a fitted model with its evidence and return its version. Raises UserError: a type is not trusted."""
        files = make_files(metrics, tags, results, fitted)
        tagged = {**tags, DIGEST: digest_of(files[EVIDENCE])}
        with in_one_line(f"model {name} cannot be registered", NEXT_STEP):
            dump_model(model)  # raises before a run is recorded, if a type is not trusted
            run = self.record(name=name, metrics=metrics, tags=tags, results=results)
            version, content = store_model(self.client, model, name, inputs, run, tagged, files)
        self.models.add(version, content)
        return version

    def record(
        self, *, name: str, metrics: Mapping[str, float], tags: Mapping[str, str], results: Sequence[GateResult]
    ) -> str:
        """Record a training run, also of a model that was refused, and return its id."""
        outcomes = {f"gate.{result.gate}": f"{result.status}: {result.message}" for result in results}
        evidence = {result.gate: {"status": result.status, **result.evidence} for result in results}
        with in_one_line(f"the run of {name} cannot be recorded", NEXT_STEP):
            experiment = find_experiment(self.client, self.artifacts)
            run = self.client.create_run(experiment, run_name=name, tags={**tags, **outcomes}).info.run_id
            for key, value in metrics.items():
                self.client.log_metric(run, key, value)
            self.client.log_dict(run, evidence, "gates.json")
            self.client.set_terminated(run)
        return str(run)

    def version(self, alias: str) -> str | None:
        """Return the version that an alias points to, or None."""
        return self._aliases()[0].get(alias)

    def find_edited_aliases(self) -> dict[str, str]:
        """Return the aliases that something else than `set_alias` has moved, as a person in MLflow, and to what."""
        return _find_edited(*self._aliases())

    def versions(self) -> list[str]:
        """Return every version, the latest first."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            found = self.client.search_model_versions(f"name = '{NAME}'")
        return sorted((str(each.version) for each in found), key=int, reverse=True)

    def check_version(self, option: str, version: str) -> None:
        """Raise UserError unless there is a version that an option names; the latest ones are in its message."""
        if version not in (known := self.versions()):
            others = f"its latest are {', '.join(known[:SHOWN])}" if known else "it has none yet; run `train`"
            raise UserError(f"{option}: the registry has no version {version!r}; {others}")

    def tags(self, version: str) -> dict[str, str]:
        """Return the tags of a version."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            return dict(self.client.get_model_version(NAME, version).tags)

    def label(self, version: str) -> str:
        """Return the name and the version, as decisions record them, or "" where there is no version."""
        return f"{self.tags(version).get('name', 'model')}:{version}" if version else ""

    def evidence(self, version: str) -> dict[str, Any]:
        """Return label, tags, metrics and gates of a version, its results, and what was edited since registration."""
        tags = self.tags(version)
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            run_id = str(self.client.get_model_version(NAME, version).run_id)
            run = self.client.get_run(run_id).data
        gates = {name.removeprefix("gate."): found for name, found in run.tags.items() if name.startswith("gate.")}
        label = f"{tags.get('name', 'model')}:{version}"
        found = {"label": label, "tags": tags, "metrics": dict(run.metrics), "gates": gates}
        content = read_file(self.client, version, self.artifacts, EVIDENCE)
        return found | read_evidence(content, found)

    def keys(self, version: str) -> NDArray[np.uint64] | None:
        """Return hashes of the keys of the rows that a version was trained on, or None if they were not recorded."""
        return load_array(read_file(self.client, version, self.artifacts, KEYS))

    def weights(self, version: str) -> NDArray[np.float64] | None:
        """Return the weights of these rows, or None if they were not recorded."""
        return load_array(read_file(self.client, version, self.artifacts, WEIGHTS))

    def load(self, alias: str) -> StoredModel:
        """Load the model that an alias points to. Raises UserError: there is none, or it does not load."""
        version = self.version(alias)
        if version is None:
            raise UserError(f"the registry has no {alias}; `run --prepare` registers the rules")
        return self.load_version(version, alias)

    def load_version(self, version: str, role: str = "model") -> StoredModel:
        """Load the model of a version; errors call it by its role. Raises UserError: it does not load."""
        return load_entry(role, self._entry(version), self._content(version))

    def is_intact(self, version: str) -> bool:
        """Return whether the file of a version is the one that was registered."""
        return digest_of(self._content(version)) == self.tags(version).get("digest")

    def set_alias(self, alias: str, version: str) -> None:
        """Point an alias to a version, and publish it if serving follows it."""
        with in_one_line(f"the {alias} cannot be changed", NEXT_STEP):
            write(self.client.set_registered_model_tag, NAME, f"{ALIAS}{alias}", version)
            write(self.client.set_registered_model_alias, NAME, alias, version)
            for _ in range(ATTEMPTS):  # another process may move it at the same time
                if (found := self.find_edited_aliases().get(alias)) is None:
                    break
                write(self.client.set_registered_model_tag, NAME, f"{ALIAS}{alias}", found)
        self.publish_aliases()

    def drop_alias(self, alias: str) -> None:
        """Remove an alias."""
        with in_one_line(f"the {alias} cannot be removed", NEXT_STEP):
            self.client.delete_registered_model_alias(NAME, alias)

    def publish_version(self, version: str) -> dict[str, Any]:
        """Publish the file of a version, under no alias, and return its entry. Raises UserError: there is none."""
        entry = self._entry(version)
        if digest_of(self.models.content(version)) != entry["digest"]:
            self.models.add(version, self._content(version))
        return entry

    def publish_aliases(self) -> None:
        """Publish each served alias whose published copy differs from MLflow, as after a call that was interrupted.

        An alias that was moved by hand is not published: no gate and no person of this project has let it answer.
        """
        aliases, tags = self._aliases()
        edited = _find_edited(aliases, tags)
        for alias in SERVED:
            version = aliases.get(alias)
            if version is None or alias in edited:
                continue
            entry = self.publish_version(version)
            if self.models.entry(alias) != entry:
                self.models.publish(alias, **entry)

    def _aliases(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the version of each alias, and the tags of the registered model."""
        with in_one_line(f"registry {self.url}", NEXT_STEP):
            found = self.client.search_registered_models(filter_string=f"name = '{NAME}'")
        if not found:
            return {}, {}
        return {alias: str(version) for alias, version in found[0].aliases.items()}, dict(found[0].tags)

    def _entry(self, version: str) -> dict[str, Any]:
        tags = self.tags(version)
        return {"name": tags.get("name", "model"), "version": version, "digest": tags.get("digest", ""), "tags": tags}

    def _content(self, version: str) -> bytes:
        return read_file(self.client, version, self.artifacts) or self.models.content(version)


def _find_edited(aliases: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    return {alias: found for alias, found in aliases.items() if tags.get(f"{ALIAS}{alias}", found) != found}
