"""Files of rows, CSV or Parquet: one reader and one writer for every command.

Every record of a file is read, or the file is refused. Every cell of a CSV file is read as text and written as
that text: `000` stays `000`, `0.80` stays `0.80`, an empty cell and a quoted empty cell stay what they are, and
line breaks in quotes stay. What changes has no meaning: cells that hold something get quotes, lines end in LF,
and empty lines and the byte-order mark go.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ..core.checks import shorten
from ..core.errors import UserError
from .quotes import CheckedFile

SUFFIXES = (".csv", ".parquet")
PARQUET_ROWS = 65_536  # in a chunk
CSV_BYTES = 1 << 22  # in a chunk; no single row may be longer
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
NOT_UTF8 = re.compile(r"Row #(\d+): .*invalid UTF8")
OTHER_DELIMITERS = b";\t|"


def suffix(path: Path) -> str:
    """Return `.csv` or `.parquet`.

    Raises UserError: the name ends in neither.
    """
    found = path.suffix.lower()
    if found not in SUFFIXES:
        message = f"{path}: a file of rows is CSV or Parquet; its name has to end in {' or '.join(SUFFIXES)}"
        raise UserError(message)
    return found


def check_source(path: Path) -> None:
    """Refuse a path that is no file of rows.

    Raises UserError: there is no such file, or its name ends in another suffix.
    """
    with file_errors(path, "choose another file"):
        if not path.is_file():
            message = f"{path}: {'not a file' if path.exists() else 'no such file'}; give a file of CSV or Parquet"
            raise UserError(message)
    suffix(path)


def read_rows(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield every chunk of rows, and which share of the file has been read with it.

    Raises UserError: the file cannot be read or has no row, or a row has more or fewer cells than the header.
    """
    check_source(source)
    rows = 0
    with file_errors(source, "is it whole? Save it again, as CSV in UTF-8 with commas, or as Parquet"):
        for chunk, share in (_read_csv if suffix(source) == ".csv" else _read_parquet)(source):
            rows += chunk.num_rows
            if chunk.num_rows:
                yield chunk, share
    if not rows:
        message = f"{source}: no rows; it needs a header and at least one row"
        raise UserError(message)


def open_writer(path: Path, suffix: str, schema: pa.Schema) -> Any:
    """Return a writer of chunks, which the end of its `with` block closes."""
    return (pyarrow.csv.CSVWriter if suffix == ".csv" else pyarrow.parquet.ParquetWriter)(path, schema)


@contextlib.contextmanager
def file_errors(path: Path, next_step: str) -> Iterator[None]:
    """Turn what the system and Arrow report about a file into one line.

    Raises UserError: in place of their errors.
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
    if found := NOT_UTF8.search(text):
        return f"row {int(found[1]) - 1}: not text in UTF-8"
    if "Empty CSV file" in text:
        return "no rows"
    if "straddling" in text:
        return f"a row is longer than {CSV_BYTES >> 20} MiB"
    return "not text in UTF-8" if "utf-8" in text or "UTF8" in text else text


def _read_csv(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with source.open("rb") as text:
        header = text.readline(CSV_BYTES)
    if b"," not in header and any(mark in header for mark in OTHER_DELIMITERS):
        shown = shorten(header.decode(errors="replace").strip())
        message = f"{source}: the header has no comma: {shown}; save it with commas"
        raise UserError(message)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with _open_csv(source, parse_options=parsing) as (_, head):
        names = head.schema.names
    parsing.ignore_empty_lines = len(names) > 1  # of one column, an empty line is a row
    converting = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    with _open_csv(source, parse_options=parsing, convert_options=converting) as (size, chunks):
        for place, chunk in enumerate(chunks, 1):
            yield chunk, min(place * CSV_BYTES / size, 1.0)


@contextlib.contextmanager
def _open_csv(source: Path, **options: Any) -> Iterator[tuple[int, Any]]:
    """Yield the size of a file and its chunks."""
    # with one thread, Arrow counts the rows and names the one that is wrong; it is as fast
    reading = pyarrow.csv.ReadOptions(block_size=CSV_BYTES, use_threads=False)
    with CheckedFile(source) as file:
        try:
            with pyarrow.csv.open_csv(file, read_options=reading, **options) as chunks:
                yield file.size, chunks
        except pa.ArrowInvalid as error:
            if "straddling" in str(error):  # a row longer than a chunk
                file.check_closed()
            raise


def _read_parquet(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with pyarrow.parquet.ParquetFile(source) as file:
        done = 0
        for chunk in file.iter_batches(batch_size=PARQUET_ROWS):
            done += chunk.num_rows
            yield chunk, done / file.metadata.num_rows
