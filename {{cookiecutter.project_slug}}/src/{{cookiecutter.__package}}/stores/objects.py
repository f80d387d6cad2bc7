"""Files that are replaced whole: in a folder, or in an object store through Arrow's file systems."""

import os
import tempfile
from pathlib import Path

from ..core.errors import UserError


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
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as parts:
            part = Path(parts, path.name)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)


class ObjectFiles:
    """Files below a URL that Arrow knows, on S3, Google Cloud Storage or Azure."""

    def __init__(self, url: str) -> None:
        try:
            from pyarrow import fs  # noqa: PLC0415  # serving from a folder does not need it
        except ModuleNotFoundError:
            raise UserError("models: an object store needs pyarrow; `uv sync --extra objects` installs it") from None
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
