"""Files in an object store, such as S3, Google Cloud Storage or Azure, through Arrow's file systems."""

from __future__ import annotations

from pyarrow import fs


class ObjectFiles:
    """Files below a URL that Arrow knows; an object store replaces objects whole."""

    def __init__(self, url: str) -> None:
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
        if self.system.get_file_info(f"{self.root}/{name}").type is not fs.FileType.NotFound:
            self.system.delete_file(f"{self.root}/{name}")
