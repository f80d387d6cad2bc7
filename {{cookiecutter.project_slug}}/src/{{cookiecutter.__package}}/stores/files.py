"""Files of rows, CSV or Parquet: one reader and one writer for every command.

Every cell of a CSV file is read as text and written as that text: `000` stays `000`, `0.80` stays `0.80`, an
empty cell and a quoted empty cell stay what they are, and line breaks in quotes stay. What changes has no
meaning: cells that hold something get quotes, lines end in LF, and empty lines and the byte-order mark go.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from ..core.errors import UserError

SUFFIXES = (".csv", ".parquet")
PARQUET_ROWS = 65_536  # in a chunk
CSV_BYTES = 1 << 22  # in a chunk; no single row may be longer
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
PARSING = pyarrow.csv.ParseOptions(newlines_in_values=True)
# with one thread, Arrow counts the rows and names the one that is wrong; it is as fast
READING = pyarrow.csv.ReadOptions(block_size=CSV_BYTES, use_threads=False)


def suffix(path: Path) -> str:
    """Return `.csv` or `.parquet`.

    Raises
    ------
    UserError
        The name ends in neither.
    """
    found = path.suffix.lower()
    if found not in SUFFIXES:
        message = f"{path}: a file of rows is CSV or Parquet; its name has to end in {' or '.join(SUFFIXES)}"
        raise UserError(message)
    return found


def check_source(path: Path) -> None:
    """Refuse a path that is no file of rows.

    Raises
    ------
    UserError
        There is no such file, or its name ends in another suffix.
    """
    with file_errors(path, "choose another file"):
        if not path.is_file():
            message = f"{path}: {'not a file' if path.exists() else 'no such file'}; give a file of CSV or Parquet"
            raise UserError(message)
    suffix(path)


def read_rows(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield every chunk of rows, and which share of the file has been read with it.

    Raises
    ------
    UserError
        The file cannot be read, or a row has more or fewer cells than the header.
    """
    check_source(source)
    with file_errors(source, "is it whole? Save it again, as CSV in UTF-8 with commas, or as Parquet"):
        chunks = (_read_csv if suffix(source) == ".csv" else _read_parquet)(source)
        yield from ((chunk, share) for chunk, share in chunks if chunk.num_rows)


def open_writer(path: Path, suffix: str, schema: pa.Schema) -> Any:
    """Return a writer of chunks, which the end of its `with` block closes."""
    return (pyarrow.csv.CSVWriter if suffix == ".csv" else pyarrow.parquet.ParquetWriter)(path, schema)


@contextlib.contextmanager
def file_errors(path: Path, next_step: str) -> Iterator[None]:
    """Turn what the system and Arrow report about a file into one line.

    Raises
    ------
    UserError
        In place of their errors.
    """
    try:
        yield
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        message = f"{path}: {_reason(error)}; {next_step}"
        raise UserError(message) from None


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0]
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if found := RAGGED.search(text):  # the rest of the message repeats the row
        row, expected, got = map(int, found.groups())
        return f"row {row - 1}: {got} cells, expected {expected} as in the header"
    if "utf-8" in text or "UTF8" in text:
        return "not text in UTF-8"
    return "no rows" if "Empty CSV file" in text else text


def _read_csv(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with pyarrow.csv.open_csv(source, read_options=READING, parse_options=PARSING) as head:
        names = head.schema.names
    converting = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    end = _EndMark(source, len(names))
    options = {"read_options": READING, "parse_options": PARSING, "convert_options": converting}
    with end, pyarrow.csv.open_csv(end, **options) as rows:
        held = None
        for place, chunk in enumerate(rows, 1):
            if held is not None:
                yield held
            held = chunk, min(place * CSV_BYTES / end.size, 1.0)
    if held is None:
        return
    chunk, share = held
    if not end.is_last_row(chunk):
        message = f"{source}: a quote is never closed, so a cell reaches to the end of the file; close the quote"
        raise UserError(message)
    yield chunk.slice(0, chunk.num_rows - 1), share


class _EndMark(io.RawIOBase):
    """A file with one more row at its end: an unclosed quote swallows that row, so that it is noticed."""

    MARK = "\x1fend of file\x1f"

    def __init__(self, source: Path, columns: int) -> None:
        self.file = source.open("rb")
        self.size = source.stat().st_size
        self.rest = b"\n" + ",".join([self.MARK] * columns).encode() + b"\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.file.readinto(buffer)
        if count == 0:
            count = min(len(buffer), len(self.rest))
            buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count

    def close(self) -> None:
        self.file.close()
        super().close()

    def is_last_row(self, chunk: pa.RecordBatch) -> bool:
        return all(pc.equal(column[-1], self.MARK).as_py() for column in chunk.columns)


def _read_parquet(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with pyarrow.parquet.ParquetFile(source) as file:
        done = 0
        for chunk in file.iter_batches(batch_size=PARQUET_ROWS):
            done += chunk.num_rows
            yield chunk, done / file.metadata.num_rows
