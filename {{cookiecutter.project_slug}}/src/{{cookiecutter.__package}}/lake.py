"""The lake: the tables that the data wheel makes and the other wheels read.

Tables are Ibis expressions, so the same code runs on DuckDB, Spark, BigQuery and others: change the
URL, not the code.

>>> with open_lake("duckdb:///var/lake.db") as lake:
...     lake.read("training").count().to_pyarrow()
"""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ibis
from ibis.common.exceptions import TableNotFound

from .errors import UserError, in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import ibis.expr.types as ir
    import pandas as pd


class Lake:
    """Named tables on one Ibis backend."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def read(self, name: str) -> ir.Table:
        """Return a table.

        Raises
        ------
        UserError
            Nothing of that name was published yet.
        """
        try:
            table: ir.Table = self.backend.table(name)
        except TableNotFound:
            message = f"the lake has no table {name!r}; run the `data` command first"
            raise UserError(message) from None
        return table

    def has(self, name: str) -> bool:
        """Return whether a table was published."""
        try:
            self.read(name)
        except UserError:
            return False
        return True

    def frame(self, name: str) -> pd.DataFrame:
        """Return a whole table in memory, in a stable order."""
        table = self.read(name)
        frame: pd.DataFrame = table.order_by(table.columns[0]).to_pandas()
        return frame

    def csv(self, path: Path) -> ir.Table:
        """Return a CSV file as a table of text columns; an empty cell is a null.

        Raises
        ------
        UserError
            The file is missing, empty, or has rows of another length than its header.
        """
        if not path.is_file():
            message = f"{path}: no such file; put the table there, or name another with --csv"
            raise UserError(message)
        if not path.read_bytes().strip():
            message = f"{path}: the file is empty; it needs a header and at least one row"
            raise UserError(message)
        try:
            table = self.backend.read_csv(
                str(path.resolve()), header=True, all_varchar=True, delim=",", quote='"', null_padding=False
            )
            return self.stage(table)
        except Exception as error:  # noqa: BLE001  # each backend has errors of its own
            reason = next((line for line in str(error).splitlines() if line.strip()), "unreadable")
            message = f"{path}: not a CSV table: {reason}"
            raise UserError(message) from None

    def stage(self, table: ir.Table) -> ir.Table:
        """Compute a table now, once, for the steps that follow; it is gone with the connection."""
        staged: ir.Table = self.backend.create_table(f"staged_{uuid.uuid4().hex}", table, temp=True)
        return staged

    def publish(self, tables: Mapping[str, ir.Table]) -> None:
        """Replace all the given tables; when one cannot be made, every old one stays."""
        ready = {name: table.to_pyarrow() for name, table in tables.items()}
        with self._transaction():
            for name, rows in ready.items():
                self.backend.drop_table(name, force=True)
                self.backend.create_table(name, rows)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        # Only DuckDB is known to roll back table definitions; elsewhere the tables are complete
        # in memory before the first one is replaced.
        if self.backend.name != "duckdb":
            yield
            return
        self.backend.raw_sql("BEGIN")
        try:
            yield
        except BaseException:
            self.backend.raw_sql("ROLLBACK")
            raise
        self.backend.raw_sql("COMMIT")


@contextlib.contextmanager
def open_lake(url: str) -> Iterator[Lake]:
    """Connect to a lake and disconnect afterwards.

    Raises
    ------
    UserError
        No such backend, or it cannot be reached.
    """
    path = Path(url.removeprefix("duckdb:///"))
    here = url.startswith("duckdb:")
    step = "see that APP_LAKE_URL is right"
    if here and path.is_file():
        step = f"wait if another command has it open; if not, delete {path} and run `data`, which makes it again"
    with in_one_line(f"lake {urlsplit(url).scheme}", step):
        if here:
            path.parent.mkdir(parents=True, exist_ok=True)
            backend = ibis.duckdb.connect(path)
        else:
            backend = ibis.connect(url)
    try:
        yield Lake(backend)
    finally:
        backend.disconnect()
