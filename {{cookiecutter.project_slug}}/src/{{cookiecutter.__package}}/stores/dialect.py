"""Say what a text file seems to be when it cannot be read as its source declares it."""

import codecs
import gzip
import re
import zlib
from importlib.util import find_spec
from pathlib import Path

from ..core.checks import NUMBER
from ..core.source import Source

MOST_BYTES = 1 << 26  # that are looked at
SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
DECLARE = "declare that in problem/sources.py"
if find_spec(f"{__package__.rpartition('.')[0]}.init"):
    DECLARE += ", or let the command `init` do so"


def describe_dialect(path: Path, source: Source) -> str:
    """Return in what way a file seems to differ from its source, and what to do; an empty text if nothing is seen."""
    content = _read_bytes(path)
    encoding = guess_encoding(content)
    text = content.decode(encoding, "replace").removeprefix("\ufeff")
    line = next(iter(text.splitlines()[source.skip_lines :]), "")
    found = []
    if not content.isascii() and _plain_name(encoding) != _plain_name(source.encoding):
        found.append(f"in {encoding}")
    delimiter = max(SIGNS, key=line.count)
    if delimiter != source.delimiter and line.count(delimiter) > line.count(source.delimiter):
        found.append(f"with {SIGNS[delimiter]} between cells")
    if source.header and any(re.match(NUMBER, cell.strip(' "')) for cell in re.split(r"[,;\t|]", line)):
        found.append("without a header")
    return f"the file seems to be {', '.join(found)}: {DECLARE}" if found else ""


def guess_encoding(content: bytes) -> str:
    """Return the encoding that the bytes of a text are most likely in: UTF-8, UTF-16 or Windows-1252.

    Windows-1252 has every letter of Latin-1, whose other characters are control characters.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = content[:1000]
    if start.count(0) * 4 > len(start):  # every second byte of ASCII letters
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)  # the last character may be cut off
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _plain_name(encoding: str) -> str:
    return codecs.lookup(encoding).name.removesuffix("-sig")


def _read_bytes(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return file.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""
