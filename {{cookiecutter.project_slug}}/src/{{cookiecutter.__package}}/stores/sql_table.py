"""Read a table of a database by its URL; cells become text, as those of a CSV file.

`${NAME}` in a URL stands for an environment variable, so that no password has to be written into a file.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from ..core.errors import UserError, hide_passwords, in_one_line
from ..core.settings import sqlite_path
from ..core.source import PLAIN, Source
from .cells import name_columns, write_cell
from .other_formats import BY_NAME, TEXT_ROWS, share_read

VARIABLE = re.compile(r"\$\{(\w+)\}")
NEXT_STEP = "check the URL, the name of the table, and that the driver of the database is installed"


def read_sql(
    url: str, source: Source = PLAIN, bounds: tuple[str | None, str] | None = None
) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield the rows of a table or view, and which share of them has been read.

    With `bounds`, the rows whose `cursor` is from the first value, if it is not None, to the second, in its order.

    Raises UserError: it cannot be read.
    """
    with _connect(url) as (connection, shown):
        table = _find_table(shown, sa.inspect(connection), source.table)
        query: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(table)
        if bounds:
            column = _find_cursor(shown, connection, table, source)
            after, until = (None if text is None else _read_value(text, column) for text in bounds)
            query = query.where(column <= until).order_by(column)
            query = query if after is None else query.where(column >= after)
        total = connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
        found = connection.execution_options(yield_per=TEXT_ROWS).execute(query)
        rows = ([write_cell(cell, source.decimal) for cell in row] for row in found)
        yield from share_read(rows, name_columns([*found.keys()]), total)


def newest_cursor(url: str, source: Source) -> str | None:
    """Return the largest value of a source's `cursor` as a text, or None if the table has no row with one.

    Raises UserError: the table or the column cannot be read.
    """
    with _connect(url) as (connection, shown):
        table = _find_table(shown, sa.inspect(connection), source.table)
        column = _find_cursor(shown, connection, table, source)
        found = connection.scalar(sa.select(sa.func.max(column)).select_from(table))
        return None if found is None else str(found)


@contextlib.contextmanager
def _connect(url: str) -> Iterator[tuple[sa.Connection, str]]:
    """Yield a connection, and the URL as it may be shown."""
    shown = hide_passwords(url)
    if PurePosixPath(url).suffix.lower() in (".csv", ".json", ".jsonl", ".parquet", ".xlsx"):
        raise UserError(f"{shown}: files are read from this machine only; fetch it first, then give its path")
    address = expand_variables(url)
    if (path := sqlite_path(address)) and not path.is_file():
        raise UserError(f"{shown}: no such file; an absolute path has four slashes: sqlite:////folder/file.db")
    with in_one_line(shown, NEXT_STEP), sa.create_engine(address, poolclass=sa.NullPool).connect() as connection:
        yield connection, shown


def _find_cursor(shown: str, connection: sa.Connection, table: sa.TableClause, source: Source) -> sa.ColumnClause[Any]:
    """Return the column of a source's `cursor`, with its type."""
    found = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns(table.name, table.schema)}
    if source.cursor not in found:
        raise UserError(f"{shown}: no column {source.cursor!r}; name one by cursor=... in problem/sources.py")
    return sa.column(source.cursor, found[source.cursor])


def _read_value(text: str, column: sa.ColumnClause[Any]) -> Any:
    """Return a value that was written as a text in the type of its column."""
    kind = column.type.python_type
    return kind.fromisoformat(text) if issubclass(kind, date | time) else kind(text)


def expand_variables(text: str) -> str:
    """Return a URL or a path with the values of environment variables. Raises UserError: one is not set."""
    if missing := [name for name in VARIABLE.findall(text) if name not in os.environ]:
        raise UserError(f"{hide_passwords(text)}: the environment variable {missing[0]} is not set; set it")
    # a part of a URL must not change what the rest of it means
    is_part = "://" in text
    return VARIABLE.sub(lambda found: quote(os.environ[found[1]], safe="") if is_part else os.environ[found[1]], text)


def _find_table(shown: str, database: sa.Inspector, name: str) -> sa.TableClause:
    names = [*database.get_table_names(), *database.get_view_names()]
    if not name and len(names) == 1:
        return sa.table(names[0])
    schema, _, rest = ("", "", name) if name in names else name.rpartition(".")
    if not name or (not schema and name not in names):
        known = f"{', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"  # noqa: PLR2004
        fault = f"no table {name!r}" if name else "several tables"
        raise UserError(f"{shown}: {fault}; name one by {BY_NAME}: {known or '(none)'}")
    return sa.table(rest, schema=schema or None)
