"""SQLite files that a library creates: complete or not at all, at any path."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ..core.settings import sqlite_url


def create_once(path: Path, create: Callable[[str], None]) -> str:
    """Return the URL of a SQLite file, and create the file if it is not there.

    `create` gets the URL of a file of another name, which is renamed when it is complete: an interrupted
    start leaves no half database under the name, and of two that start at once the second one waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = _plain_folder(path.parent)
    if not path.exists():
        part = folder / f".{path.name}.part"
        with FileLock(folder / f".{path.name}.lock"):
            if not path.exists():
                for suffix in ("", "-journal", "-wal", "-shm"):  # left by an interrupted start
                    part.with_name(part.name + suffix).unlink(missing_ok=True)
                create(sqlite_url(part))
                part.rename(path)
    return sqlite_url(folder / path.name)


def _plain_folder(folder: Path) -> Path:
    """Return a path of the folder without characters that URLs escape: MLflow does not unescape them."""
    if sqlite_url(folder) == f"sqlite:///{folder.as_posix()}":
        return folder
    parent = tempfile.mkdtemp(prefix="registry-")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    link = Path(parent) / "folder"
    link.symlink_to(folder, target_is_directory=True)
    return link
