"""Files of rows, CSV or Parquet: one reader and one writer for every command.

Every record of a file is read, or the file is refused. Every cell of a CSV file is read as text and written as
that text: `000` stays `000`, `0.80` stays `0.80`, and line breaks in quotes stay. What changes has no meaning:
cells that hold something get quotes, empty ones lose them, lines end in LF, and empty lines and the byte-order
mark go.
"""

import contextlib
import csv
import io
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ..core.checks import shorten
from ..core.errors import UserError

SUFFIXES = (".csv", ".parquet")
PARQUET_ROWS = 65_536  # in a chunk
CSV_CELLS = 100_000  # in a chunk
LONGEST_CELL = 1 << 22  # characters
REASONS = {  # what errors of Python's reader have in them, and what they mean
    "unexpected end of data": "a quote is never closed, so one cell has all the rows after it",
    "expected after": "a quote inside a cell; put the cell in quotes and double it",
    "surrogates not allowed": "not text in UTF-8",
}


def suffix(path: Path) -> str:
    """Return `.csv` or `.parquet`, or raise UserError if the name ends in neither."""
    found = path.suffix.lower()
    if found not in SUFFIXES:
        raise UserError(f"{path}: a file of rows is CSV or Parquet; its name has to end in {' or '.join(SUFFIXES)}")
    return found


def check_source(path: Path) -> None:
    """Raise UserError if there is no such file, or its name ends in another suffix."""
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
        raise UserError(f"{source}: no rows; it needs a header and at least one row")


def open_writer(path: Path, kind: str, schema: pa.Schema) -> Any:
    """Return a writer of chunks, which the end of its `with` block closes."""
    return (pyarrow.csv.CSVWriter if kind == ".csv" else pyarrow.parquet.ParquetWriter)(path, schema)


@contextlib.contextmanager
def file_errors(path: Path, next_step: str) -> Iterator[None]:
    """Raise UserError, in one line, for what the system, Arrow and the reader of CSV report about a file."""
    try:
        yield
    except (OSError, UnicodeError, csv.Error, pa.ArrowException) as error:
        code = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(code) if code else str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{path}: {reason}; {next_step}") from None


def _read_csv(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with (
        source.open("rb") as binary,
        io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="") as file,
    ):
        records = _read_records(file)
        names = next(records, [""])
        while rows := list(itertools.islice(records, 1 + CSV_CELLS // len(names))):
            columns = [pa.array([cell or None for cell in cells], pa.string()) for cells in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, names), binary.tell() / source.stat().st_size


def _read_records(file: TextIO) -> Iterator[list[str]]:
    """Yield the cells of the header and of every row, or raise csv.Error with the row, counted from 1."""
    header = file.readline(LONGEST_CELL)
    if "," not in header and re.search(r"[;\t|]", header):
        message = f"the header has no comma: {shorten(header.strip())}"
        raise csv.Error(message)
    file.seek(0)
    csv.field_size_limit(LONGEST_CELL)
    row, width, fault = 0, 0, ""
    try:
        for record in csv.reader(_check_lines(file), strict=True):
            if record or width == 1:  # of one column, an empty line is a row
                cells = record or [""]
                width = width or len(cells)
                if len(cells) != width:
                    fault = f"{len(cells)} cells, expected {width} as in the header"
                    break
                yield cells
                row += 1
    except (csv.Error, UnicodeError) as error:
        fault = next((words for mark, words in REASONS.items() if mark in str(error)), str(error))
    if fault:
        message = f"{f'row {row}' if row else 'header'}: {fault}"
        raise csv.Error(message)


def _check_lines(file: Iterable[str]) -> Iterator[str]:
    for line in file:
        line.encode()  # an error if a byte is not UTF-8, which `surrogateescape` has let through
        if "\x00" in line:
            message = "a NUL byte"
            raise csv.Error(message)
        yield line


def _read_parquet(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with pyarrow.parquet.ParquetFile(source) as file:
        done = 0
        for chunk in file.iter_batches(batch_size=PARQUET_ROWS):
            done += chunk.num_rows
            yield chunk, done / file.metadata.num_rows
