"""Published models: the files that a serving process follows. It needs neither MLflow nor the registry.

A folder, or a URL of an object store, holds `versions/<version>.skops` for each model and `<alias>.json` for
each alias: name, version, SHA-256 digest of the file, and tags. Files are replaced whole, never edited.

>>> models = open_models(Path("var/models"))
>>> models.load("champion").model.predict_proba(rows)
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skops.io

from ..core.errors import UserError, hide_passwords, in_one_line
from .objects import Files, open_files

PACKAGE = __name__.partition(".")[0]
OURS = (f"{PACKAGE}.core.", f"{PACKAGE}.problem.")  # modules whose types are trusted
NEXT_STEP = "it has to be a place that can be read and written; APP_MODELS_URL names another"
# types that scikit-learn's own estimators hold and skops does not list
TRUSTED = (
    "numpy.dtype",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model with its name, its version, the digest of its file, and its tags."""

    model: Any
    name: str
    version: str
    digest: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """Name and version, as decisions record them."""
        return f"{self.name}:{self.version}"


class Models:
    """Published models and the aliases that point to them."""

    def __init__(self, files: Files, where: str) -> None:
        self.files = files
        self.where = where

    def version(self, alias: str) -> str | None:
        """Return the version that an alias points to, or None."""
        entry = self.entry(alias)
        return None if entry is None else str(entry["version"])

    def load(self, alias: str) -> StoredModel:
        """Load the model that an alias points to.

        Raises UserError: there is none, its file is not the one that was published, or it holds an untrusted
        type.
        """
        entry = self.entry(alias)
        if entry is None:
            message = f"no {alias} is published in {self.where}; `run --prepare` publishes the rules"
            raise UserError(message)
        what = f"the {alias}, version {entry['version']}, does not load"
        with in_one_line(what, "train and promote another"):
            model = load_model(self.content(entry["version"]) or b"", entry["digest"])
        return StoredModel(model, entry["name"], entry["version"], entry["digest"], entry["tags"])

    def content(self, version: str) -> bytes | None:
        """Return the file of a version, or None if it is not here."""
        return self.files.read(f"versions/{version}.skops")

    def add(self, version: str, content: bytes) -> None:
        """Keep the file of a version."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            self.files.write(f"versions/{version}.skops", content)

    def publish(self, alias: str, *, name: str, version: str, digest: str, tags: Mapping[str, str]) -> None:
        """Point an alias to a version whose file was added; every product that follows loads it."""
        entry = {"name": name, "version": version, "digest": digest, "tags": dict(tags)}
        with in_one_line(f"models {self.where}", NEXT_STEP):
            self.files.write(f"{alias}.json", json.dumps(entry, indent=2).encode())

    def withdraw(self, alias: str) -> None:
        """Remove an alias."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            self.files.remove(f"{alias}.json")

    def entry(self, alias: str) -> dict[str, Any] | None:
        """Return name, version, digest and tags of what an alias points to, or None."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            content = self.files.read(f"{alias}.json")
            return None if content is None else dict(json.loads(content))


def dump_model(model: Any) -> bytes:
    """Return a model as the bytes of a skops file.

    Raises UserError: it holds a type that is not trusted.
    """
    content = bytes(skops.io.dumps(model))
    with in_one_line("the model cannot be stored", "define the type in problem/, or add it to TRUSTED in models.py"):
        trusted_types(content)
    return content


def load_model(content: bytes, digest: str) -> Any:
    """Return the model in a skops file.

    Raises ValueError: the file is not the one with this digest, or it holds a type that is not trusted.
    """
    if digest_of(content) != digest:
        message = "its file is missing, or was changed after registration"
        raise ValueError(message)
    return skops.io.loads(content, trusted=trusted_types(content))


def trusted_types(content: bytes) -> list[str]:
    """Return the types in a skops file that are trusted beyond those of skops: of core/, of problem/, and `TRUSTED`.

    Raises ValueError: it holds another type.
    """
    found: list[str] = skops.io.get_untrusted_types(data=content)
    unknown = [name for name in found if name not in TRUSTED and not name.startswith(OURS)]
    if unknown:
        message = f"it holds types that are not trusted: {', '.join(unknown)}"
        raise ValueError(message)
    return found


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def open_models(place: str | Path) -> Models:
    """Return the published models in a folder, or behind a URL such as `s3://bucket/models`.

    Raises UserError: the URL is not one of a store that is known.
    """
    with in_one_line(f"models {place}", NEXT_STEP):
        return Models(open_files(place), hide_passwords(str(place)))
