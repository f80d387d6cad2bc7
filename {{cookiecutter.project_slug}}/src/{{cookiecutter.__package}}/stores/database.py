"""A connection to the ledger's database, on which a commit is on disk when it returns, and its migrations."""

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from ..core.errors import UserError
from .tables import Tables

# the timeout is first, because the change to WAL waits for other connections too
PRAGMAS = ("busy_timeout=2000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
# a database that hangs is an error in the end
TIMEOUTS = "-c lock_timeout=2000 -c statement_timeout=5000"
SECONDS_TO_CONNECT = 3
MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "ledger_version"
HEAD = "0001"  # the newest file in migrations/versions/
ADVISORY_LOCK = 7_263_001
# a migration may take minutes; other processes wait for it for one
PATIENT = {
    "sqlite": ("PRAGMA busy_timeout=60000", "BEGIN IMMEDIATE"),
    "postgresql": (
        "SET LOCAL lock_timeout = '60s'",
        "SET LOCAL statement_timeout = 0",
        f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})",
    ),
}


def connect(url: str, tables: Tables) -> sa.Engine:
    """Return an engine on the database, whose tables are those of this version.

    Raises ValueError: it is neither a file of SQLite's nor PostgreSQL. UserError: the database was written by a
    newer version of this project.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        engine = _sqlite(Path(address.database))
    elif address.get_backend_name() == "postgresql":
        engine = _postgresql(address)
    else:
        raise ValueError(address.get_backend_name())
    if _version(engine) != HEAD:
        _migrate(engine, tables)
    return engine


def as_json(value: Any) -> str:
    """Return a value as the columns of JSON hold it."""
    return to_json(value).decode()


def _sqlite(path: Path) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    # mode=rw: a file that is gone is an error, not a new and empty ledger
    address = sa.URL.create(
        "sqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "rw", "uri": "true"}
    )
    engine = sa.create_engine(address, json_serializer=as_json, pool_timeout=2)

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, entry: ConnectionPoolEntry) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        entry.info["file"] = path.stat().st_ino

    @sa.event.listens_for(engine, "checkout")
    def check_file(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        # SQLite goes on writing to a file that was deleted or replaced
        if not path.exists() or path.stat().st_ino != entry.info["file"]:
            raise DisconnectionError

    return engine


def _postgresql(address: sa.URL) -> sa.Engine:
    # options of the URL, such as a search_path, come last and win
    options = " ".join([TIMEOUTS, *address.normalized_query.get("options", ())])
    arguments = {"connect_timeout": SECONDS_TO_CONNECT, "options": options}
    return sa.create_engine(address, json_serializer=as_json, pool_timeout=2, connect_args=arguments)


def _version(bind: sa.Engine | sa.Connection) -> str | None:
    """Return the migration that the database is at, or None."""
    if not sa.inspect(bind).has_table(VERSION_TABLE):
        return None
    query: sa.Select[Any] = sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))
    with contextlib.nullcontext(bind) if isinstance(bind, sa.Connection) else bind.connect() as connection:
        return connection.execute(query).scalar()


def _migrate(engine: sa.Engine, tables: Tables) -> None:
    """Bring the tables to this version, in one transaction: an interrupted migration changes nothing."""
    # imported here: a ledger that is up to date, as nearly always, needs no Alembic
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(tables=tables, version_table=VERSION_TABLE)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.connect() as connection:
        # one process migrates, and the others wait for it
        for statement in PATIENT[engine.dialect.name]:
            connection.exec_driver_sql(statement)
        version = _version(connection)
        if version is not None and version not in known:
            message = f"ledger: version {version} is newer than this code knows; update the project, then try again"
            raise UserError(message)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        for table in tables.metadata.sorted_tables:
            connection.execute(sa.select(table).limit(0))  # tables that are not a ledger's are left as they are
        connection.commit()
        connection.invalidate()  # its timeouts are those of a migration
