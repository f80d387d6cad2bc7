"""The ledger's database: migrations of its tables, and connections on which a commit is on disk at its return."""

import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from ..core.errors import UserError
from .tables import Tables

SECONDS_TO_WAIT = 2  # for a lock of SQLite's
# the timeout is first, because the change to WAL waits for other connections too
PRAGMAS = (f"busy_timeout={SECONDS_TO_WAIT * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
TIMEOUTS = "-c lock_timeout=2000 -c statement_timeout=5000"  # of PostgreSQL, in milliseconds
# pydantic writes JSON in a third of the time of the standard library, and reads it in half of it
ENGINE: dict[str, Any] = {
    "pool_timeout": 2,
    "json_serializer": lambda value: to_json(value).decode(),
    "json_deserializer": from_json,
}
MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "ledger_version"
HEAD = "0006"  # the newest file in migrations/versions/
# one process migrates, for minutes if needed; others wait at most one minute
LOCK_FOR_MIGRATION = {
    "sqlite": ("PRAGMA busy_timeout=60000", "BEGIN IMMEDIATE"),
    "postgresql": (
        "SET LOCAL lock_timeout = '60s'",
        "SET LOCAL statement_timeout = 0",
        "SELECT pg_advisory_xact_lock(7263001)",
    ),
}


def connect(url: str, tables: Tables) -> sa.Engine:
    """Return an engine on the database, whose tables are those of this version.

    Raises ValueError: it is neither a file of SQLite's nor PostgreSQL. UserError: a newer version wrote it.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        engine = _connect_sqlite(Path(address.database))
    elif address.get_backend_name() == "postgresql":
        # options of the URL, such as a search_path, come last and win
        options = " ".join([TIMEOUTS, *address.normalized_query.get("options", ())])
        engine = sa.create_engine(address, connect_args={"connect_timeout": 3, "options": options}, **ENGINE)
    else:
        raise ValueError(address.get_backend_name())
    with engine.connect() as connection:
        version = _read_version(connection)
    if version != HEAD:
        _migrate(engine, tables)
    return engine


def _connect_sqlite(path: Path) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    # mode=rw: a file that is gone is an error, not a new and empty ledger
    database = f"file:{quote(str(path.resolve()))}"
    address = sa.URL.create("sqlite", database=database, query={"mode": "rw", "uri": "true"})
    engine = sa.create_engine(address, **ENGINE)

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, entry: ConnectionPoolEntry) -> None:
        deadline = time.monotonic() + SECONDS_TO_WAIT
        for pragma in PRAGMAS:
            # SQLite refuses at once, without its timeout, when two processes change a new file to WAL together
            while not _try_execute(connection, f"PRAGMA {pragma}", is_last=time.monotonic() > deadline):
                time.sleep(0.01)
        entry.info["file"] = path.stat().st_ino

    @sa.event.listens_for(engine, "checkout")
    def check_file(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        # SQLite goes on writing to a file that was deleted or replaced
        try:
            found = path.stat().st_ino
        except FileNotFoundError:
            found = None
        if found != entry.info["file"]:
            raise DisconnectionError

    return engine


def _try_execute(connection: Any, statement: str, *, is_last: bool) -> bool:
    """Return whether SQLite accepted a statement. Raises OperationalError: it refused the last try."""
    try:
        connection.execute(statement)
    except sqlite3.OperationalError:
        if is_last:
            raise
        return False
    return True


def _read_version(connection: sa.Connection) -> str:
    """Return the number of the newest migration that was run, or an empty text."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")  # noqa: S608


def _migrate(engine: sa.Engine, tables: Tables) -> None:
    """Bring the tables to this version, in one transaction: an interrupted migration changes nothing."""
    # imported here: a ledger that is up to date, as nearly always, needs no Alembic
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with engine.connect() as connection:
        for statement in LOCK_FOR_MIGRATION[engine.dialect.name]:
            connection.exec_driver_sql(statement)
        if (version := _read_version(connection)) > HEAD:
            message = f"ledger: version {version} is newer than this code knows; update the project, then try again"
            raise UserError(message)
        config = Config(attributes={"connection": connection, "tables": tables, "version_table": VERSION_TABLE})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        command.upgrade(config, "head")
        for table in tables.metadata.sorted_tables:
            connection.execute(sa.select(table).limit(0))  # fails, and rolls back, if a table lacks a column
        connection.commit()
        connection.invalidate()  # its timeouts are those of a migration
