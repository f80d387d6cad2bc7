"""SQLite files that a library creates: complete or not at all, at any path."""

import atexit
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ..core.settings import sqlite_url


def create_once(path: Path, create: Callable[[str], object]) -> str:
    """Return the URL of a SQLite file, and create the file if it is not there.

    `create` gets the URL of another file, which is renamed when it is complete: an interrupted start leaves no
    half database, and of two that start at once the second one waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = _plain_folder(path.parent)
    with FileLock(folder / f".{path.name}.lock") if not path.exists() else contextlib.nullcontext():
        if not path.exists():
            part = folder / f".{path.name}.part"
            for suffix in ("", "-journal", "-wal", "-shm"):  # left by an interrupted start
                part.with_name(part.name + suffix).unlink(missing_ok=True)
            create(sqlite_url(part))
            part.rename(path)
    return sqlite_url(folder / path.name)


def _plain_folder(folder: Path) -> Path:
    """Return a path of the folder without characters that URLs escape: MLflow does not unescape them."""
    if sqlite_url(folder) == f"sqlite:///{folder.as_posix()}":
        return folder
    link = Path(tempfile.mkdtemp(prefix="registry-"), "folder")
    atexit.register(shutil.rmtree, link.parent, ignore_errors=True)
    link.symlink_to(folder, target_is_directory=True)
    return link
