"""The lake: the tables that the data wheel makes and the other wheels read.

Tables are Ibis expressions, so the same code runs on DuckDB, Spark, BigQuery and others: change the
URL, not the code.

>>> with open_lake("duckdb:///var/lake.db") as lake:
...     lake.read("training").count().to_pyarrow()
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis.common.exceptions import TableNotFound

from ..core.errors import UserError, hide_passwords, in_one_line
from .forgotten import Forgotten, Kind

if TYPE_CHECKING:
    import pandas as pd

# columns of the training table that are not the contract's: what identifies a row, whom it is about, where its label
# comes from, when it was decided on, how much it counts, and the fold that holds it out
KEY, SUBJECT, ORIGIN, TIME, WEIGHT, FOLD = "_key", "_subject", "_origin", "_time", "_weight", "_fold"
# words in the names of errors that are about the place of the data, and not about an expression
ENGINE_ERRORS = ("IOException", "Operational", "Transaction", "OutOfMemory", "Fatal", "Connection", "Permission")


class Lake:
    """Named tables on one Ibis backend."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def read(self, name: str) -> ir.Table:
        """Return a table, or raise UserError if nothing of that name was published yet."""
        try:
            return self.backend.table(name)
        except TableNotFound:
            raise UserError(f"the lake has no table {name!r}; run the `data` command first") from None

    def has(self, name: str) -> bool:
        """Return whether a table was published."""
        try:
            self.read(name)
        except UserError:
            return False
        return True

    def frame(self, name: str) -> "pd.DataFrame":
        """Return a whole table in memory, in a stable order."""
        table = self.read(name)
        frame: pd.DataFrame = table.order_by(table.columns[0]).to_pandas()
        return frame

    def stage(self, table: ir.Table | pa.Table) -> ir.Table:
        """Compute a table now, once, for the steps that follow; it is gone with the connection."""
        return self.backend.create_table(f"staged_{uuid.uuid4().hex}", table, temp=True)

    def publish(self, tables: Mapping[str, ir.Table]) -> None:
        """Replace all the given tables; when one cannot be computed, every old one stays."""
        computed = {name: table.to_pyarrow() for name, table in tables.items()}
        # Only DuckDB is known to roll back table definitions; elsewhere the tables are complete
        # in memory before the first one is replaced.
        rolls_back = self.backend.name == "duckdb"
        if rolls_back:
            self.backend.raw_sql("BEGIN")
        try:
            for name, rows in computed.items():
                self.backend.drop_table(name, force=True)
                self.backend.create_table(name, rows)
            if rolls_back:
                self.backend.raw_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(Exception):  # a failed COMMIT has ended the transaction
                if rolls_back:
                    self.backend.raw_sql("ROLLBACK")
            raise

    def names(self) -> list[str]:
        """Return the names of all tables that were published."""
        if self.backend.name == "duckdb":  # Ibis asks DuckDB 2 by a method that it no longer has
            found = self.backend.raw_sql("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
            return sorted(name for (name,) in found)
        return sorted(self.backend.list_tables())

    def count_rows(self, find: Callable[[pa.Table], pa.Array]) -> dict[str, int]:
        """Return for each table how many rows are found; `find` returns a mask of the rows of a table with keys."""
        return {name: found.true_count for name, _, found in self._find(find)}

    def remove_rows(self, find: Callable[[pa.Table], pa.Array]) -> dict[str, int]:
        """Remove these rows, and return how many there were. DuckDB leaves them in its file, see `rewrite_file`."""
        kept, counts = {}, {}
        for name, rows, found in self._find(find):
            if number := found.true_count:
                kept[name], counts[name] = ibis.memtable(rows.filter(pc.invert(found))), number
        if kept:
            self.publish(kept)
        return counts

    def _find(self, find: Callable[[pa.Table], pa.Array]) -> Iterator[tuple[str, pa.Table, pa.Array]]:
        for name in self.names():
            table = self.read(name)
            if {KEY, SUBJECT} <= {*table.columns}:
                rows = table.to_pyarrow().combine_chunks()
                yield name, rows, find(rows)


def find_forgotten(rows: pa.Table | pa.RecordBatch, forgotten: Forgotten, *, keyed: bool) -> pa.Array:
    """Return a mask of rows of somebody who was forgotten.

    Rows of decisions without a subject have their reference in its place. `keyed`: the keys of a source's rows are
    those of cases, as references are, and not numbers of rows.
    """
    found = pa.repeat(False, rows.num_rows)  # noqa: FBT003  # a value
    of_keys: tuple[Kind, ...] = ("reference",) if keyed else ()
    of_columns: tuple[tuple[str, tuple[Kind, ...]], ...] = ((SUBJECT, ("subject", "reference")), (KEY, of_keys))
    for name, kinds in of_columns:
        column = rows[name].combine_chunks() if isinstance(rows, pa.Table) else rows[name]
        texts = pc.utf8_trim_whitespace(column)
        known = [kind for kind in kinds if kind in forgotten.digests]
        each = pc.unique(texts).drop_null().to_pylist() if known else []
        listed = [text for kind in known for text in forgotten.select(kind, each)]
        found = pc.or_(found, pc.is_in(texts, pa.array(listed, pa.string())))
    return found


def file_of(place: str | Path) -> Path | None:
    """Return the DuckDB file of a lake, or None for another database."""
    if isinstance(place, str) and place.startswith("duckdb:///"):
        return Path(place.removeprefix("duckdb:///"))
    return place if isinstance(place, Path) else None


def rewrite_file(place: str | Path) -> None:
    """Write the tables of a DuckDB file to a new one, which replaces it: blocks of deleted rows are not copied."""
    path = file_of(place)
    if path is None or not path.is_file():
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a run that was interrupted
    with open_lake(path) as lake:
        [[current]] = lake.backend.raw_sql("SELECT current_database()").fetchall()
        quoted, name = str(fresh).replace("'", "''"), current.replace('"', '""')
        lake.backend.raw_sql(f"ATTACH '{quoted}' AS fresh")
        lake.backend.raw_sql(f'COPY FROM DATABASE "{name}" TO fresh')
        lake.backend.raw_sql("DETACH fresh")
    fresh.replace(path)


@contextlib.contextmanager
def open_lake(place: str | Path) -> Iterator[Lake]:
    """Connect to a lake, by a URL or by the path of a DuckDB file, and disconnect afterwards.

    Raises UserError: no such backend, it cannot be reached, or there is no room for a table.
    """
    place = file_of(place) or place
    next_step = "see that APP_LAKE_URL is right"
    if isinstance(place, Path) and place.is_file():
        next_step = f"wait if another command has it open; if not, delete {place} and run `data`, which makes it again"
    with in_one_line("lake" if isinstance(place, Path) else f"lake {urlsplit(place).scheme}", next_step):
        if isinstance(place, Path):
            place.parent.mkdir(parents=True, exist_ok=True)
        backend = ibis.duckdb.connect(place) if isinstance(place, Path) else ibis.connect(place)
    try:
        try:
            yield Lake(backend)
        finally:
            backend.disconnect()  # may write, and find no room for it
    except Exception as error:
        if not isinstance(error, OSError) and not any(word in type(error).__name__ for word in ENGINE_ERRORS):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        message = f"lake: {reason}; see that there is room on the disk and that it can be reached"
        raise UserError(hide_passwords(message)) from error
