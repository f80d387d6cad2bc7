"""The ledger's tables, and a connection that tells the truth: what is committed is on disk, or an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.exc import DisconnectionError

from .contract import Label
from .schema import columns

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

TARGET = columns(Label)[0]
ANSWER: sa.types.TypeEngine[Any] = sa.String() if TARGET.kind == "category" else sa.Float()
TABLES = sa.MetaData()
DECISIONS = sa.Table(
    "decisions",
    TABLES,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("decided_at", sa.String(32), nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("answer", ANSWER, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("model", sa.String(120), nullable=False),
    sa.Column("needs_review", sa.Boolean, nullable=False),
    sa.Column("fallback", sa.Boolean, nullable=False),
)
REACTIONS = sa.Table(
    "reactions",
    TABLES,
    sa.Column("decision_id", sa.ForeignKey("decisions.id"), primary_key=True),
    sa.Column("reacted_at", sa.String(32), nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("answer", ANSWER),
    sa.Column("note", sa.String(500), nullable=False),
)
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=2000")
# whoever waits for a database that hangs gets an error in the end
PATIENCE = {"connect_timeout": 3, "options": "-c lock_timeout=2000 -c statement_timeout=5000"}


def connect(url: str) -> sa.Engine:
    """Return an engine on the database, which has the tables then.

    Raises
    ------
    ValueError
        It is neither a file of SQLite's nor PostgreSQL.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        return _sqlite(Path(address.database))
    if address.get_backend_name() != "postgresql":
        raise ValueError(address.get_backend_name())
    engine = sa.create_engine(address, json_serializer=as_json, pool_timeout=2, connect_args=PATIENCE)
    TABLES.create_all(engine)
    return engine


def _sqlite(path: Path) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    # mode=rw: a file that is gone is an error, not a new and empty ledger
    address = sa.URL.create(
        "sqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "rw", "uri": "true"}
    )
    engine = sa.create_engine(address, json_serializer=as_json, pool_timeout=2)

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

    TABLES.create_all(engine)
    return engine


def as_json(value: Any) -> str:
    """Return a value as the columns of JSON hold it."""
    return to_json(value).decode()
