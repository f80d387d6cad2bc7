"""Where the rows of the plan's table come from: a file of the project, another file, or a database."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..stores.files import file_errors, show, suffix

FORMATS = {  # media types
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/x-parquet",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A table as the plan names it, without user and password; a database has no bytes to count."""

    name: str
    place: str
    format: str
    size: int | None = None
    sha256: str | None = None


def find_origin(given: str, place: Path | str) -> Origin:
    """Return where the table `given` comes from, which is at `place`. Raises UserError: the file cannot be read."""
    if isinstance(place, str):
        address = urlsplit(show(given))
        return Origin(address.path.strip("/") or address.netloc, show(given), "application/sql")
    kind = suffix(place)
    with file_errors(place, "choose another file"), place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Origin(
        name=place.name,
        place=Path(given).as_posix(),
        format="application/gzip" if kind.endswith(".gz") else FORMATS.get(kind, "text/plain"),
        size=place.stat().st_size,
        sha256=digest,
    )


def is_in_project(place: Path | str, root: Path) -> bool:
    """Return whether a table is a file that is committed with the project: inside of it, and not made by a command."""
    if isinstance(place, str):
        return False
    folders = place.resolve().parents
    return root.resolve() in folders and root.resolve() / "var" not in folders
