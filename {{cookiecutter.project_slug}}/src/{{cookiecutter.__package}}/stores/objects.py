"""Named files that are replaced whole: in a folder, or in an object store through Arrow's file systems."""

import os
import re
import uuid
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname


class Files(Protocol):
    """Named files in a folder or an object store."""

    def read(self, name: str) -> bytes | None:
        """Return a file, or None if there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Replace a file; readers see the old or the new one."""

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""


def open_files(place: str | Path) -> Files:
    """Return the files in a folder, or behind a URL such as `s3://bucket/models`."""
    url = str(place) if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", str(place)) else ""
    if url and not url.startswith("file://"):
        return ObjectFiles(url)
    return FolderFiles(Path(url2pathname(urlsplit(url).path)) if url else Path(place))


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
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.folder / name).unlink(missing_ok=True)


class ObjectFiles:
    """Files below a URL that Arrow knows, on S3, Google Cloud Storage or Azure; objects are replaced whole."""

    def __init__(self, url: str) -> None:
        from pyarrow import fs  # noqa: PLC0415  # serving from a folder does not need it

        self.system, self.root = fs.FileSystem.from_uri(url)

    def read(self, name: str) -> bytes | None:
        """Return a file, or None if there is none."""
        try:
            with self.system.open_input_stream(f"{self.root}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Replace a file."""
        with self.system.open_output_stream(f"{self.root}/{name}") as stream:
            stream.write(content)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        if self.read(name) is not None:
            self.system.delete_file(f"{self.root}/{name}")
