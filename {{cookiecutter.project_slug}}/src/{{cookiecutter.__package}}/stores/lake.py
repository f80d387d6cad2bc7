"""The lake: the tables that the data wheel makes and the other wheels read.

Tables are Ibis expressions, so the same code runs on DuckDB, Spark, BigQuery and others: change the
URL, not the code.

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

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import TableNotFound

from ..core.errors import UserError, hide_passwords, in_one_line

if TYPE_CHECKING:
    import pandas as pd

# columns of the training table that are not the contract's: what identifies a row, whom it is about, where its label
# comes from, when it was decided on, how much it counts, and the fold that holds it out
KEY, SUBJECT, ORIGIN, TIME, WEIGHT, FOLD = "_key", "_subject", "_origin", "_time", "_weight", "_fold"
PUBLISHED = "published"  # the table of all others, with the time at which each was published
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
        return self.backend.create_table(f"staged_{uuid.uuid4().hex}", table, temp=True)

    def publish(self, tables: Mapping[str, ir.Table]) -> None:
        """Replace all the given tables; when one cannot be computed, every old one stays."""
        computed = {name: table.to_pyarrow() for name, table in tables.items()}
        times = self.published() | dict.fromkeys(computed, datetime.now(UTC).isoformat(timespec="seconds"))
        computed[PUBLISHED] = pa.table({"name": [*times], "published_at": [*times.values()]})
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


@contextlib.contextmanager
def open_lake(place: str | Path) -> Iterator[Lake]:
    """Connect to a lake, by a URL or by the path of a DuckDB file, and disconnect afterwards.

    Raises UserError: no such backend, it cannot be reached, or there is no room for a table.
    """
    if isinstance(place, str) and place.startswith("duckdb:///"):
        place = Path(place.removeprefix("duckdb:///"))
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
