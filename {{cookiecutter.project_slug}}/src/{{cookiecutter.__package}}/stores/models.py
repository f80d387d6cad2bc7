"""Published models: the files that a serving process follows. It needs neither MLflow nor the registry.

A folder, or a URL of an object store, holds `versions/<version>.skops` for each model and `<alias>.json` for
each alias: name, version, SHA-256 digest of the file, and tags. Files are replaced whole, never edited.

>>> models = open_models(Path("var/models"))
>>> models.load("champion").model.predict_proba(rows)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import skops.io

from ..core.errors import UserError, in_one_line

PACKAGE = __name__.partition(".")[0]
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


class Files(Protocol):
    """Named files in a folder or an object store."""

    def read(self, name: str) -> bytes | None:
        """Return a file, or None if there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Replace a file; readers see the old or the new one."""

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""


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

        Raises
        ------
        UserError
            There is none, its file is not the one that was published, or it holds an untrusted type.
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
        self.files.write(f"versions/{version}.skops", content)

    def publish(self, alias: str, *, name: str, version: str, digest: str, tags: Mapping[str, str]) -> None:
        """Point an alias to a version whose file was added; every product that follows loads it."""
        entry = {"name": name, "version": version, "digest": digest, "tags": dict(tags)}
        self.files.write(f"{alias}.json", json.dumps(entry, indent=2).encode())

    def withdraw(self, alias: str) -> None:
        """Remove an alias."""
        self.files.remove(f"{alias}.json")

    def entry(self, alias: str) -> dict[str, Any] | None:
        """Return name, version, digest and tags of what an alias points to, or None."""
        with in_one_line(f"models {self.where}", "it has to be readable; APP_MODELS_URL names another place"):
            content = self.files.read(f"{alias}.json")
            return None if content is None else dict(json.loads(content))


def dump_model(model: Any) -> bytes:
    """Return a model as the bytes of a skops file.

    Raises
    ------
    UserError
        It holds a type that is not trusted.
    """
    content = bytes(skops.io.dumps(model))
    with in_one_line("the model cannot be stored", "add the type to TRUSTED in stores/models.py if you trust it"):
        trusted_types(content)
    return content


def load_model(content: bytes, digest: str) -> Any:
    """Return the model in a skops file.

    Raises
    ------
    ValueError
        The file is not the one with this digest, or it holds a type that is not trusted.
    """
    if digest_of(content) != digest:
        message = "its file is missing, or was changed after registration"
        raise ValueError(message)
    return skops.io.loads(content, trusted=trusted_types(content))


def trusted_types(content: bytes) -> list[str]:
    """Return the types in a skops file that are trusted beyond those of skops: ours, and `TRUSTED`.

    Raises
    ------
    ValueError
        It holds another type.
    """
    found: list[str] = skops.io.get_untrusted_types(data=content)
    unknown = [name for name in found if name not in TRUSTED and not name.startswith(f"{PACKAGE}.")]
    if unknown:
        message = f"it holds types that are not trusted: {', '.join(unknown)}"
        raise ValueError(message)
    return found


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def open_models(place: str | Path) -> Models:
    """Return the published models in a folder, or behind a URL such as `s3://bucket/models`."""
    if isinstance(place, str) and re.match(r"[a-z0-9]+://", place) and not place.startswith("file://"):
        from .objects import ObjectFiles  # noqa: PLC0415  # needs pyarrow, which serving from a folder does not

        return Models(ObjectFiles(place), place)
    folder = Path(str(place).removeprefix("file://"))
    return Models(FolderFiles(folder), str(folder))


class FolderFiles:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a file, or None if there is none."""
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write beside the file and rename, so that readers see the old or the new one."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.folder / name).unlink(missing_ok=True)
