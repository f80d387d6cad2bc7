"""Published models: the files that a serving process follows. It needs neither MLflow nor the registry.

A folder, or a URL of an object store, holds `versions/<version>.skops` for each model and `<alias>.json` for
each alias: name, version, SHA-256 digest of the file, and tags. Files are replaced whole, never edited.

>>> models = open_models(Path("var/models"))
>>> models.load("champion").model.predict_proba(rows)
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import skops.io

from ..core.errors import UserError, hide_passwords, in_one_line
from .objects import FolderFiles, ObjectFiles

PACKAGE = __name__.partition(".")[0]
OURS = (f"{PACKAGE}.core.", f"{PACKAGE}.problem.")  # modules whose types are trusted
SERVED = ("fallback", "champion")  # the aliases that serving follows
Published = Callable[[str, str], None]
NEXT_STEP = "it has to be a place that can be read and written; APP_MODELS_URL names another"
TRUSTED = (  # types that scikit-learn's own estimators hold and skops does not list
    "functools.partial",  # of a function that is listed too
    "numpy.dtype",
    *(f"sklearn.calibration._{name}" for name in ("CalibratedClassifier", "SigmoidCalibration", "TemperatureScaling")),
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
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
    """Published models and the aliases that point to them. Raises UserError: the place cannot be read or written."""

    def __init__(self, files: FolderFiles | ObjectFiles, where: str, on_publish: Published | None = None) -> None:
        self.files = files
        self.where = where
        self.on_publish = on_publish

    def entry(self, alias: str) -> dict[str, Any] | None:
        """Return name, version, digest and tags of what an alias points to, or None."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            found: dict[str, Any] | None = json.loads(self.files.read(f"{alias}.json") or b"null")
            return found

    def content(self, version: str) -> bytes:
        """Return the file of a version; it is empty if there is none."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            return self.files.read(f"versions/{version}.skops") or b""

    def load(self, alias: str, entry: Mapping[str, Any] | None = None) -> StoredModel:
        """Load the model of an alias, or of its entry as it was read. Raises UserError: none, or it does not load."""
        entry = entry or self.entry(alias)
        if entry is None:
            raise UserError(f"no {alias} is published in {self.where}; `run --prepare` publishes the rules")
        return load_entry(alias, entry, self.content(entry["version"]))

    def add(self, version: str, content: bytes) -> None:
        """Keep the file of a version."""
        with in_one_line(f"models {self.where}", NEXT_STEP):
            self.files.write(f"versions/{version}.skops", content)

    def publish(self, alias: str, *, name: str, version: str, digest: str, tags: Mapping[str, str]) -> None:
        """Point an alias to a version whose file was added; every product that follows loads it."""
        entry = {"name": name, "version": version, "digest": digest, "tags": dict(tags)}
        with in_one_line(f"models {self.where}", NEXT_STEP):
            self.files.write(f"{alias}.json", json.dumps(entry, indent=2).encode())
        if self.on_publish:
            self.on_publish(alias, f"{name}:{version}")


def open_models(place: str | Path, on_publish: Published | None = None) -> Models:
    """Return the models in a folder, or at a URL such as `s3://bucket/models`. Raises UserError: an unknown store.

    `on_publish` is called with every alias that is changed, and the name and version that it points to.
    """
    url = urlsplit(str(place) if "://" in str(place) else "")
    with in_one_line(f"models {place}", NEXT_STEP):
        folder = Path(url2pathname(url.path)) if url.scheme == "file" else Path(place)
        files = FolderFiles(folder) if url.scheme in ("", "file") else ObjectFiles(str(place))
        return Models(files, hide_passwords(str(place)), on_publish)


def load_entry(alias: str, entry: Mapping[str, Any], content: bytes) -> StoredModel:
    """Return the model of an entry and its file. Raises UserError: another digest, or a type that is not trusted."""
    with in_one_line(f"the {alias}, version {entry['version']}, does not load", "train and promote another"):
        model = load_model(content, entry["digest"])
    return StoredModel(model, entry["name"], entry["version"], entry["digest"], entry["tags"])


def dump_model(model: Any) -> bytes:
    """Return a model as a skops file. Raises UserError: it holds a type that is not trusted."""
    with in_one_line("the model cannot be stored", "define the type in problem/, or add it to TRUSTED in models.py"):
        content = bytes(skops.io.dumps(model))
        trusted_types(content)
    return content


def load_model(content: bytes, digest: str) -> Any:
    """Return the model in a skops file. Raises ValueError: another digest, or a type that is not trusted."""
    if digest_of(content) != digest:
        raise ValueError("its file is missing, or was changed after registration")
    return skops.io.loads(content, trusted=trusted_types(content))


def trusted_types(content: bytes) -> list[str]:
    """Return the types in a skops file that only this project trusts. Raises ValueError: it holds another type."""
    found: list[str] = skops.io.get_untrusted_types(data=content)
    if unknown := [name for name in found if name not in TRUSTED and not name.startswith(OURS)]:
        raise ValueError(f"it holds types that are not trusted: {', '.join(unknown)}")
    return found


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
