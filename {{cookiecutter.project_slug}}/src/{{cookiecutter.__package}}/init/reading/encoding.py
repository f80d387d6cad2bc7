"""The bytes of a table: in which encoding they are text, and the first and the last lines of it."""

import codecs
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...core.checks import shorten
from ...core.errors import UserError
from ...stores.dialect import guess_encoding

HEAD, TAIL, CHUNK = 1 << 20, 1 << 16, 1 << 22  # characters, and bytes
HEAD_LINES = 10_000
OTHER_FORMATS = {
    b"PK\x03\x04": "a workbook or a ZIP archive; give it its own suffix, as .xlsx",
    b"PAR1": "a Parquet file; give it the suffix .parquet",
    b"\x1f\x8b": "compressed by gzip; give it the suffix .gz",
    b"SQLite format 3": "an SQLite database; give its URL, as sqlite:///table.db",
    b"\xd0\xcf\x11\xe0": "a workbook of an old version of Excel; save it as .xlsx",
}
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # bytes that Windows-1252 has no character for
BROKEN = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, as `surrogateescape` shows them
VALID = re.compile("[^\x00-\x7f\udc80-\udcff]")
# three such letters in a row are no word of a language that is written in Windows-1252
FOREIGN = re.compile(rb"[\x80-\xff]{3,}")
MOST_FOREIGN = 0.2  # share of the lines with such letters
ADVICE = "save it as CSV in UTF-8"


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last lines of a file. Of a file that is all in `head`, `tail` is empty."""

    encoding: str
    head: str
    tail: str = ""


def read_ends(path: Path) -> Ends:
    """Return the encoding of a text file, which all of its bytes fit, and its first and last whole lines.

    Raises UserError: it is a file of another format, or its text is in no encoding, or in two.
    """
    encoding = detect_encoding(path)
    decode = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)().decode
    head, tail, size = "", "", 0
    for chunk in _read_chunks(path):
        text = decode(chunk)
        head += text[: max(HEAD - size, 0)]
        tail, size = (tail + text)[-TAIL:], size + len(text)
    lines = head.split("\n", HEAD_LINES)
    if size <= HEAD and len(lines) <= HEAD_LINES:
        return Ends(encoding, head)
    return Ends(encoding, "\n".join(lines[:-1]) or head, tail[tail.find("\n") + 1 :])


def detect_encoding(path: Path) -> str:
    """Return the encoding that all of a file's bytes fit, as Python names it.

    Raises UserError: it is a file of another format, or its text is in no encoding, or in two.
    """
    start = next(_read_chunks(path), b"")[:HEAD]
    if found := next((words for mark, words in OTHER_FORMATS.items() if start.startswith(mark)), None):
        raise UserError(f"{path}: the file is {found}")
    guessed = guess_encoding(start)
    tried = "utf-8" if guessed == "cp1252" else guessed  # which nearly any bytes fit
    fault = _find_fault(path, tried)
    if fault and (tried != "utf-8" or start.startswith(codecs.BOM_UTF8)):
        raise UserError(f"{path}: {fault}, though the file begins like a text in {tried.upper()}; {ADVICE}")
    if fault:
        _check_western(path, fault)
    return "cp1252" if fault else tried


def _read_chunks(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _find_fault(path: Path, encoding: str) -> str:
    """Return where the first byte is that does not fit an encoding, in words; empty if all fit."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    for chunk in (*_read_chunks(path), b""):
        try:
            line += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            return f"line {line}: byte 0x{error.object[error.start]:02x} is not {encoding.upper()}"
    return ""


def _check_western(path: Path, fault: str) -> None:
    """Raise UserError if a text that is not UTF-8 is not Windows-1252 either, of which Latin-1 is a part."""
    valid = broken = high = foreign = 0
    for chunk in _read_chunks(path):
        if UNDEFINED.search(chunk):
            raise UserError(f"{path}: {fault}, and other bytes are not Windows-1252; {ADVICE}")
        text = chunk.decode(errors="surrogateescape")
        broken += len(BROKEN.findall(text))
        valid += len(VALID.findall(text))
        lines = [line for line in chunk.split(b"\n") if not line.isascii()]
        high, foreign = high + len(lines), foreign + sum(bool(FOREIGN.search(line)) for line in lines)
    if valid > broken:
        raise UserError(f"{path}: {fault}, but the text before and after it is; {ADVICE}")
    if foreign > MOST_FOREIGN * high:
        raise UserError(f"{path}: {fault}, and the text does not seem to be Windows-1252; {ADVICE}")


def first_non_ascii(text: str) -> str:
    """Return the first word of a text that has other letters than those of ASCII, as an error shows it."""
    found = re.search(r"\w*[^\x00-\x7f]\w*", text)
    return shorten(found.group()) if found else ""
