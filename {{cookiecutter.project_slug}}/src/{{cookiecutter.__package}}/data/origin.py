"""Where the rows of the plan's table come from: files of the project, other files, or a database."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..stores.deliveries import digest_file, find_files
from ..stores.files import show, suffix

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
    sha256: str | None = None  # of several files, of their names and digests
    is_folder: bool = False  # or the files of a pattern


def find_origin(given: str, place: Path | str) -> Origin:
    """Return where the table `given` comes from, which is at `place`. Raises UserError: the file cannot be read."""
    if isinstance(place, str):
        address = urlsplit(show(given))
        return Origin(address.path.strip("/") or address.netloc, show(given), "application/sql")
    files = [Path(file) for file in find_files(place)]
    is_folder = files != [place]
    digests = [f"{file.name} {digest_file(file)}" for file in files]
    several = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    kind = suffix(files[0])
    return Origin(
        name=place.name,
        place=Path(given).as_posix(),
        format="application/gzip" if kind.endswith(".gz") else FORMATS.get(kind, "text/plain"),
        size=sum(file.stat().st_size for file in files),
        sha256=several if is_folder else digests[0].rpartition(" ")[2],
        is_folder=is_folder,
    )


def is_in_project(place: Path | str, root: Path) -> bool:
    """Return whether a table is a file that is committed with the project: inside of it, and not made by a command."""
    if isinstance(place, str):
        return False
    folders = place.resolve().parents
    return root.resolve() in folders and root.resolve() / "var" not in folders
