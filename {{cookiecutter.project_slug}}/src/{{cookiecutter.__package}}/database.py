"""A connection to the ledger's database that tells the truth: what is committed is on disk, or an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.exc import DisconnectionError

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=2000")
# whoever waits for a database that hangs gets an error in the end
PATIENCE = {"connect_timeout": 3, "options": "-c lock_timeout=2000 -c statement_timeout=5000"}


def connect(url: str, tables: sa.MetaData) -> sa.Engine:
    """Return an engine on a database that has the tables."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        return _sqlite(Path(address.database), tables)
    waits = PATIENCE if address.get_backend_name() == "postgresql" else {}
    engine = sa.create_engine(address, json_serializer=_json, pool_timeout=2, connect_args=waits)
    tables.create_all(engine)
    return engine


def _sqlite(path: Path, tables: sa.MetaData) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    # mode=rw: a file that is gone is an error, not a new and empty ledger
    address = sa.URL.create(
        "sqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "rw", "uri": "true"}
    )
    engine = sa.create_engine(address, json_serializer=_json, pool_timeout=2)

    @sa.event.listens_for(engine, "connect")
    def durable(connection: Any, entry: ConnectionPoolEntry) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        entry.info["file"] = path.stat().st_ino

    @sa.event.listens_for(engine, "checkout")
    def still_there(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        # SQLite goes on writing to a file that was deleted or replaced
        if not path.exists() or path.stat().st_ino != entry.info["file"]:
            raise DisconnectionError

    tables.create_all(engine)
    return engine


def _json(value: Any) -> str:
    return to_json(value).decode()
