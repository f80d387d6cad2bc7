"""Scan what is stored for personal-looking values: databases, Parquet, archives such as models, and files of text."""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet
import sqlalchemy as sa

from ..core.errors import in_one_line
from ..core.personal import Found, find_personal

SQLITE, DUCKDB, PARQUET = b"SQLite format 3\0", b"DUCK", b"PAR1"
# endings of names: SQLite reads these files with the database, and others are incomplete until they get another name;
# what an interrupted run left of them is deleted by the next one
LEFT_OUT = ("-wal", "-shm", ".part")
START = 8_192  # bytes in which a file that is no text has a zero byte
BATCH = 1_000  # rows that are fetched at a time
# skops names objects by their addresses in memory, of which some pass for a national id
ADDRESS_IN_MEMORY = re.compile(rb'"__id__": ?\d+')
HAS_LAKE = find_spec(".lake", __package__) is not None


class Finding(NamedTuple):
    """Where a personal-looking value is, and of what kind; never the value itself."""

    place: str
    found: Found


def scan_folder(folder: Path) -> Iterator[Finding]:
    """Yield what is found in all files below a folder, or in one file; others than these kinds are not read."""
    files = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
    for path in files:
        if path.is_file() and not path.is_symlink() and not path.name.endswith(LEFT_OUT):
            with in_one_line(str(path), "see that it can be read, and that no other command has it open"):
                yield from _scan_file(path)


def scan_database(name: str, engine: sa.Engine) -> Iterator[Finding]:
    """Yield what is found in every table of a database."""
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            every: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(sa.table(table))
            rows = connection.execution_options(yield_per=BATCH).execute(every)
            columns = [*rows.keys()]
            yield from _scan_rows(f"{name}: table {table}", columns, rows)


def scan_lake(name: str, lake: Any) -> Iterator[Finding]:
    """Yield what is found in the columns of text of every table of a lake."""
    for table in lake.names():
        found = lake.read(table).to_pyarrow()
        yield from _scan_batches(f"{name}: table {table}", found.schema, found.to_batches(BATCH))


def _scan_file(path: Path) -> Iterator[Finding]:
    with path.open("rb") as file:
        start = file.read(START)
        if start.startswith(SQLITE):
            address = sa.URL.create("sqlite", database=f"file:{quote(str(path.resolve()))}", query={"uri": "true"})
            engine = sa.create_engine(address.update_query_dict({"mode": "ro"}), poolclass=sa.NullPool)
            yield from scan_database(str(path), engine)
        elif start[8:12] == DUCKDB and HAS_LAKE:
            from .lake import open_lake  # noqa: PLC0415  # takes a second

            with open_lake(path) as lake:
                yield from scan_lake(str(path), lake)
        elif start.startswith(PARQUET):
            with pyarrow.parquet.ParquetFile(path) as table:
                yield from _scan_batches(str(path), table.schema_arrow, table.iter_batches(BATCH))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    with archive.open(name) as member:
                        yield from _scan_text(f"{path}: {name}", io.BytesIO(ADDRESS_IN_MEMORY.sub(b"", member.read())))
        else:
            yield from _scan_text(str(path), file)


def _scan_text(name: str, file: BinaryIO) -> Iterator[Finding]:
    file.seek(0)
    if b"\0" in file.read(START):
        return
    file.seek(0)
    for number, line in enumerate(file, 1):
        yield from (Finding(f"{name}:{number}", found) for found in find_personal(line.decode(errors="replace")))


def _scan_batches(name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[Finding]:
    # by place: a file may have two columns of one name
    places = [place for place, field in enumerate(schema) if not pa.types.is_primitive(field.type)]
    rows = (row for batch in batches for row in zip(*(batch[place].to_pylist() for place in places), strict=True))
    yield from _scan_rows(name, [schema.names[place] for place in places], rows)


def _scan_rows(name: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[Finding]:
    for number, row in enumerate(rows, 1):
        for column, cell in zip(columns, row, strict=True):
            text = json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, dict | list) else cell
            if isinstance(text, str):
                yield from (Finding(f"{name}, column {column}, row {number}", found) for found in find_personal(text))
