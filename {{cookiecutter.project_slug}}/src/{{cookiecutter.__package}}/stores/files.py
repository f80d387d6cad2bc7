"""Tables of every supported kind: one reader and one writer for every command.

Every record of a table is read, or the table is refused. Every cell of a CSV file is read as text and written as
that text: `000` stays `000`, `0.80` stays `0.80`, and line breaks in quotes stay. What changes has no meaning:
cells that hold something get quotes, empty ones lose them, lines end in LF, and empty lines and the byte-order
mark go.
"""

import contextlib
import csv
import os
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ..core.errors import UserError, hide_passwords
from ..core.schema import Column
from ..core.source import PLAIN, Source
from .csv_reader import Reject, read_csv
from .dialect import describe_dialect
from .other_formats import read_json, read_parquet, read_workbook
from .sql_table import expand_variables, read_sql

TEXTS = (".csv", ".tsv", ".txt", ".data", ".dat")
READERS: dict[str, Callable[[Path, Source, Reject | None], Iterator[tuple[pa.RecordBatch, float]]]] = {
    **dict.fromkeys([*TEXTS, *(f"{name}.gz" for name in TEXTS)], read_csv),
    ".parquet": read_parquet,
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), read_json),
    **dict.fromkeys((".xlsx", ".xlsm"), read_workbook),
}
WRITERS = {".csv": pyarrow.csv.CSVWriter, ".parquet": pyarrow.parquet.ParquetWriter}
IS_WHOLE = "is it whole? Save it again, as CSV in UTF-8 with commas, or as Parquet"


def find_table(text: str, folder: Path = Path()) -> Path | str:
    """Return the path of a table, which may be relative to a folder, or its URL.

    Environment variables in a URL stay `${NAME}` until it is opened, so that messages cannot show their values.
    """
    found = text if "://" in text else expand_variables(text)
    if re.match(r"[A-Za-z][\w+.-]+://", found):
        return text
    return folder / found


def show(place: Path | str) -> str:
    """Return a path, or a URL without user and password."""
    return hide_passwords(str(place))


def suffix(path: Path, kinds: Iterable[str] = READERS) -> str:
    """Return the end of a path's name that says what kind of table it is. Raises UserError: it is none of `kinds`."""
    found = path.suffix.lower()
    found = "".join(path.suffixes[-2:]).lower() if found == ".gz" else found
    if found not in kinds:
        *most, last = [kind for kind in kinds if not kind.endswith(".gz")]
        raise UserError(f"{path}: its name has to end in {', '.join(most)} or {last}; convert it, or rename it")
    return found


def check_source(path: Path) -> None:
    """Raise UserError if there is no such file, or its name ends in another suffix."""
    with file_errors(path, "choose another file"):
        if not path.is_file():
            raise UserError(f"{path}: {'not a file' if path.exists() else 'no such file'}; give the file of a table")
    suffix(path)


def read_rows(
    place: Path | str,
    source: Source = PLAIN,
    reject: Reject | None = None,
    bounds: tuple[str | None, str] | None = None,
) -> Generator[tuple[pa.RecordBatch, float], None, None]:
    """Yield every chunk of rows of a file or, by its URL, of a database, and which share has been read with it.

    The columns have the names of the table, cleaned by `cells.name_columns`. Their cells are texts, with null for
    an empty one; those of Parquet have the types of the file. `bounds`: of the values of a source's `cursor`.

    Raises UserError: the table cannot be read or has no row; or, unless `reject` takes the number of the line and the
    reason, a line of a text file is no row: it has more or fewer cells than the first one, or is no object of JSON.
    """
    rows = 0
    with file_errors(place, IS_WHOLE):
        try:
            for chunk, share in _open(place, source, reject, bounds):
                rows += chunk.num_rows
                if chunk.num_rows:
                    yield chunk, share
        except (csv.Error, UnicodeError) as error:
            seems = isinstance(place, Path) and describe_dialect(place, source)
            raise UserError(f"{place}: {error}; {seems or IS_WHOLE}") from None
    if not rows:
        raise UserError(f"{show(place)}: no rows; it needs a header and at least one row")


def choose_source(place: Path | str, source: Source, columns: Iterable[Column]) -> Source:
    """Return how to read a table: as declared, or plainly if it has more of these columns under the contract's names.

    So the files of other systems that speak the contract's language are read, whatever the source declares.
    """
    if source == PLAIN:
        return source
    names = {column.name for column in columns}
    declared = {source.column(name).name for name in names}
    found = declared & _read_names(place, source)
    if source.header and found == declared:
        return source
    plain = Source(table=source.table, number_rows=source.number_rows, ignored=source.ignored)
    there = _read_names(place, plain)
    if source.subject in there:
        plain = plain.model_copy(update={"subject": source.subject})
    if source.time in there:
        plain = plain.model_copy(update={"time": source.time})
    own = names & there
    # without a header, the first row may have a cell that is called as a column is, but not all of them
    return plain if (len(own) > len(found) if source.header else own == names) else source


def open_writer(path: Path, kind: str, schema: pa.Schema) -> Any:
    """Return a writer of chunks, which the end of its `with` block closes."""
    return WRITERS[kind](path, schema)


def check_writable(option: str, path: Path) -> None:
    """Make the folder of a file that an option names. Raises UserError: the file cannot be written there."""
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise UserError(f"{option}: {path}: {error.strerror}; choose another file") from None


def write_text(option: str, path: Path, text: str) -> None:
    """Write a file that an option names, and its folder. Raises UserError: it cannot be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{option}: {path}: {error.strerror}; choose another file") from None


@contextlib.contextmanager
def file_errors(place: Path | str, next_step: str) -> Iterator[None]:
    """Raise UserError, in one line, for what the system, Arrow and the reader of CSV report about a table."""
    try:
        yield
    except (OSError, EOFError, UnicodeError, csv.Error, zlib.error, pa.ArrowException) as error:
        code = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(code) if code else str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{show(place)}: {reason}; {next_step}") from None


def _read_names(place: Path | str, source: Source) -> set[str]:
    with contextlib.suppress(UserError), contextlib.closing(read_rows(place, source, lambda *_: None)) as chunks:
        return {*next(chunks)[0].schema.names}
    return set()


def _open(
    place: Path | str, source: Source, reject: Reject | None, bounds: tuple[str | None, str] | None
) -> Iterator[tuple[pa.RecordBatch, float]]:
    if isinstance(place, str):
        return read_sql(place, source, bounds)
    check_source(place)
    return READERS[suffix(place)](place, source, reject)
