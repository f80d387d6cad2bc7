"""Files of rows, CSV or Parquet: what one must be, how it is read in chunks, and how one is written.

Every cell of a CSV file is read as text and written as that text: `000` stays `000`, `0.80` stays
`0.80`, an empty cell and a quoted empty cell stay what they are, and line breaks in quotes stay.
What changes is what means nothing: cells that hold something get quotes, lines end in LF, and empty
lines and the mark at the start of the file (BOM) go.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ..errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = (".csv", ".parquet")
ROWS = 65_536  # of Parquet, in a chunk
BYTES = 1 << 22  # of CSV, in a chunk; no single row may be longer
RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
PARSING = pyarrow.csv.ParseOptions(newlines_in_values=True)


def kind(path: Path) -> str:
    """Return `.csv` or `.parquet`.

    Raises
    ------
    UserError
        The name ends in neither.
    """
    found = path.suffix.lower()
    if found not in KINDS:
        message = f"{path}: a file of rows is CSV or Parquet; its name has to end in {' or '.join(KINDS)}"
        raise UserError(message)
    return found


def destination(source: Path, to: Path | None) -> Path:
    """Return where to write what becomes of `source`: next to it, if nothing else is asked.

    Raises
    ------
    UserError
        There is no such file, or it is of another kind, or nothing can be written there.
    """
    with told(source, "choose another file"):
        if not source.is_file():
            message = f"{source}: {'not a file' if source.exists() else 'no such file'}; give a file of CSV or Parquet"
            raise UserError(message)
    kind(source)
    target = to or source.with_suffix(f".decisions{source.suffix}")
    with told(target, "choose another place"):
        if target.is_dir():
            message = f"{target}: a folder; name the file to write in it"
            raise UserError(message)
        kind(target)
        if not target.parent.is_dir():
            message = f"{target}: there is no folder {target.parent}; make it first"
            raise UserError(message)
        if target.exists() and target.samefile(source):
            message = f"{target}: is the file that is read; write to another one"
            raise UserError(message)
    return target


def read(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield every chunk of rows, and which share of the file has been read with it.

    Raises
    ------
    UserError
        The file cannot be read.
    """
    with told(source, "is it whole? Save it anew, as CSV in UTF-8 with commas, or as Parquet"):
        chunks = (_csv if kind(source) == ".csv" else _parquet)(source)
        yield from ((chunk, share) for chunk, share in chunks if chunk.num_rows)


def writer(path: Path, kind: str, schema: pa.Schema) -> Any:
    """Return what writes chunks; it is closed at the end of its `with` block."""
    return (pyarrow.csv.CSVWriter if kind == ".csv" else pyarrow.parquet.ParquetWriter)(path, schema)


@contextlib.contextmanager
def told(path: Path, advice: str) -> Iterator[None]:
    """Turn what the system and Arrow say of a file into one line for people.

    Raises
    ------
    UserError
        In place of their errors.
    """
    try:
        yield
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        message = f"{path}: {_words(error)}; {advice}"
        raise UserError(message) from None


def _words(error: Exception) -> str:
    said = str(error).splitlines()[0]
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if found := RAGGED.search(said):  # the rest of it is the row, and nobody else's business
        row, expected, got = map(int, found.groups())
        return f"row {row - 1}: {got} cells, where the header has {expected}"
    if "utf-8" in said or "UTF8" in said:
        return "not text in UTF-8"
    return "no rows" if "Empty CSV file" in said else said


def _csv(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    # with one thread, Arrow counts the rows and says which one is wrong; it is as fast
    reading = pyarrow.csv.ReadOptions(block_size=BYTES, use_threads=False)
    with pyarrow.csv.open_csv(source, read_options=reading, parse_options=PARSING) as head:
        names = head.schema.names
    converting = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    size = source.stat().st_size
    options = {"read_options": reading, "parse_options": PARSING, "convert_options": converting}
    with pyarrow.csv.open_csv(source, **options) as rows:
        for place, chunk in enumerate(rows, 1):
            yield chunk, min(place * BYTES / size, 1)


def _parquet(source: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with pyarrow.parquet.ParquetFile(source) as file:
        done = 0
        for chunk in file.iter_batches(batch_size=ROWS):
            done += chunk.num_rows
            yield chunk, done / file.metadata.num_rows
