"""SQLite files that a library creates: complete or not at all, at any path."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..core.settings import sqlite_url


def create_once(path: Path, create: Callable[[str], None]) -> str:
    """Return the URL of a SQLite file, and create the file if it is not there.

    `create` gets the URL of a file of another name, which is renamed when it is complete: an interrupted
    start leaves no half database behind, and of two that start at once the first one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = _plain_folder(path.parent)
    if not path.exists():
        part = folder / f".{path.name}.{os.getpid()}.part"
        try:
            create(sqlite_url(part))
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        finally:
            part.unlink(missing_ok=True)
    return sqlite_url(folder / path.name)


def _plain_folder(folder: Path) -> Path:
    """Return a path of the folder without characters that URLs escape, because MLflow does not unescape them."""
    if not any(mark in str(folder) for mark in "?%#"):
        return folder
    parent = tempfile.mkdtemp(prefix="registry-")
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    link = Path(parent) / "folder"
    link.symlink_to(folder, target_is_directory=True)
    return link
