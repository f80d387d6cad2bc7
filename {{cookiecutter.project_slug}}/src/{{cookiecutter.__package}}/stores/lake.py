"""The lake: the tables that the data wheel makes and the other wheels read.

Tables are Ibis expressions, so the same code runs on DuckDB, Spark, BigQuery and others: change the
URL, not the code. A lake in a DuckDB file is a snapshot: readers keep the one that they opened, and
publishing writes a new file beside it, which takes its place in one step.

>>> with open_lake("duckdb:///var/lake.db") as lake:
...     lake.read("training").count().to_pyarrow()
"""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import TableNotFound

from ..core.errors import UserError, hide_passwords, in_one_line
from ..core.settings import MEMORY
from . import engines

if TYPE_CHECKING:
    import pandas as pd

# columns of the training table that are not the contract's: what identifies a row, whom it is about, where its label
# comes from, when it was decided on, how much it counts, and the fold that holds it out
KEY, SUBJECT, ORIGIN, TIME, WEIGHT, FOLD = "_key", "_subject", "_origin", "_time", "_weight", "_fold"
SOURCE, ROW = "_source", "_row"  # of collected rows and of the quarantine: the delivery, and the number in it
SAMPLE = 5_000  # rows of a table that stand for all of them
SNAPSHOT = "lake"  # the name of a DuckDB file's tables within a connection
PUBLISHED = "published"  # the table of all others, with the time at which each was published
# words in the names of errors that are about the place of the data, and not about an expression
ENGINE_ERRORS = ("IOException", "Operational", "Transaction", "OutOfMemory", "Fatal", "Connection", "Permission")


class Lake:
    """Named tables on one Ibis backend; `path` is the file of those that are in one."""

    def __init__(self, backend: Any, path: Path | None = None) -> None:
        self.backend, self.path = backend, path

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

    def published(self) -> dict[str, str]:
        """Return when each table was published, by name, in UTC; empty for a lake that an older version made."""
        rows = self.read(PUBLISHED).to_pyarrow().to_pylist() if self.has(PUBLISHED) else []
        return {row["name"]: row["published_at"] for row in rows}

    def frame(self, name: str) -> "pd.DataFrame":
        """Return a whole table in memory, in a stable order."""
        table = self.read(name)
        frame: pd.DataFrame = table.order_by(table.columns[0]).to_pandas()
        return frame

    def stage(self, table: ir.Table | pa.Table) -> ir.Table:
        """Compute a table now, once, for the steps that follow; it is gone with the connection."""
        name = _new_name("staged")
        return (engines.load if isinstance(table, pa.Table) else engines.stage)(self.backend, name, table)

    def read_parquet(self, folder: Path) -> ir.Table:
        """Return the rows of all Parquet files in a folder."""
        return engines.read_parquet(self.backend, _new_name("parquet"), folder)

    def publish(self, tables: Mapping[str, ir.Table | pa.Table]) -> None:
        """Replace all the given tables; when one cannot be computed, every old one stays.

        They are computed by the engine and do not pass through the memory of this process. Beside DuckDB files and
        PostgreSQL, each is complete before the first one is replaced, but they are replaced one after the other.
        """
        times = self.published() | dict.fromkeys(tables, datetime.now(UTC).isoformat(timespec="seconds"))
        published = pa.table({"name": [*times], "published_at": [*times.values()]})
        every = {**tables, PUBLISHED: published}
        computed = {name: self.stage(table) if isinstance(table, pa.Table) else table for name, table in every.items()}
        if self.path:
            _publish_file(self, self.path, computed)
            return
        made = {name: _new_name(name) for name in computed}
        try:
            for name, table in computed.items():
                self.backend.create_table(made[name], table)
            engines.replace_tables(self.backend, made)
        finally:
            for name in made.values():
                self.backend.drop_table(name, force=True)

    def names(self) -> list[str]:
        """Return the names of all tables that were published."""
        if self.backend.name == "duckdb":  # Ibis asks DuckDB 2 by a method that it no longer has
            query = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
            return sorted(name for (name,) in self.backend.raw_sql(query).fetchall())
        # another database may have tables of other programs
        return sorted({*self.published(), PUBLISHED} & {*self.backend.list_tables()})


def draw_rows(table: ir.Table, rows: int = SAMPLE) -> ir.Table:
    """Return some rows by the hash of their key: any other part, such as the oldest ones, is another distribution."""
    return (table.order_by(table[KEY].hash(), table[KEY]) if KEY in table.columns else table).limit(rows)


def file_of(place: str | Path) -> Path | None:
    """Return the DuckDB file of a lake, or None for another database."""
    if isinstance(place, str) and place.startswith("duckdb:///"):
        return Path(place.removeprefix("duckdb:///"))
    return place if isinstance(place, Path) else None


@contextlib.contextmanager
def open_lake(place: str | Path, memory: str = MEMORY) -> Iterator[Lake]:
    """Connect to a lake, by a URL or by the path of a DuckDB file, and disconnect afterwards.

    `memory`: what DuckDB may take for tables and queries, beside which it writes to disk.

    Raises UserError: no such backend, it cannot be reached, or there is no room for a table.
    """
    path = file_of(place)
    place = path or place
    next_step = "see that APP_LAKE_URL is right"
    if path and path.is_file():
        next_step = f"wait if another program has it open; if not, delete {path} and run `data`, which makes it again"
    with in_one_line("lake" if isinstance(place, Path) else f"lake {urlsplit(place).scheme}", next_step):
        backend = engines.connect_duckdb(place.parent, memory) if isinstance(place, Path) else engines.connect(place)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            _attach(backend, path)
    try:
        try:
            yield Lake(backend, path)
        finally:
            backend.disconnect()  # may write, and find no room for it
    except Exception as error:
        if not isinstance(error, OSError) and not any(word in type(error).__name__ for word in ENGINE_ERRORS):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        next_step = "see that there is room on the disk and that it can be reached"
        next_step = "set APP_LAKE_MEMORY to more" if "OutOfMemory" in type(error).__name__ else next_step
        message = f"lake: {reason}; {next_step}"
        raise UserError(hide_passwords(message)) from error


def _new_name(start: str) -> str:
    return f"{start}_{uuid.uuid4().hex}"


def _attach(backend: Any, path: Path) -> None:
    """Make the tables of a snapshot those of the connection; without a file there are none yet."""
    if path.exists():
        quoted = str(path).replace("'", "''")
        backend.raw_sql(f"ATTACH IF NOT EXISTS '{quoted}' AS {SNAPSHOT} (READ_ONLY)")
        backend.raw_sql(f"USE {SNAPSHOT}")


def _publish_file(lake: Lake, path: Path, tables: Mapping[str, ir.Table]) -> None:
    """Write a new snapshot with these tables and the others of the present one, and put it in its place."""
    backend = lake.backend
    others = {name: lake.read(name) for name in lake.names() if name not in tables}
    new, journal = (path.with_name(f"{path.name}{end}") for end in (".new", ".new.wal"))
    for left in (new, journal):  # by a run that was interrupted
        left.unlink(missing_ok=True)
    backend.attach(new, name="new")
    try:
        for name, table in {**others, **tables}.items():
            backend.create_table(name, table, database=("new", "main"))
        backend.raw_sql("CHECKPOINT new")  # by itself, as detaching does not say why it fails
        backend.detach("new")
        backend.raw_sql("USE memory")
        backend.raw_sql(f"DETACH DATABASE IF EXISTS {SNAPSHOT}")
        new.replace(path)
    finally:
        with contextlib.suppress(Exception):  # after a fault it cannot be written, and is deleted
            backend.raw_sql("DETACH DATABASE IF EXISTS new")
        for left in (new, journal):
            left.unlink(missing_ok=True)
        _attach(backend, path)
