"""Events: every change of an alias, a rollout, the plan or the contract in use: who, when, why, from what to what.

What was deleted from the ledger is an event as well, without whose it was.
"""

import getpass
from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from .ledger import Ledger, now

Kind = Literal["alias", "rollout", "plan", "contract", "forget", "retention"]


def record_event(ledger: Ledger, kind: Kind, name: str, old: str, new: str, why: str, who: str | None = None) -> None:
    """Record that something in use has changed; `who` is the user of this process by default."""
    with ledger.engine.begin() as connection:
        add_event(connection, ledger, kind=kind, name=name, old=old, new=new, why=why, who=who)


def note_in_use(ledger: Ledger, kind: Kind, name: str, new: str, why: str) -> None:
    """Record what is in use from now on, if it is not what the latest event of that name says."""
    latest = next(iter(read_events(ledger, 1, kind, name)), None)
    old = latest["new"] if latest else ""
    if old != new:
        record_event(ledger, kind, name, old, new, why)


def add_event(connection: sa.Connection, ledger: Ledger, **event: str | None) -> None:
    """Record an event in the transaction of the change itself."""
    event["who"] = event["who"] or user()
    types = {column.name: column.type for column in ledger.tables.events.c}
    # a text that is too long for its column is cut: SQLite would keep it, and PostgreSQL refuse it
    row = {name: (value or "")[: getattr(types[name], "length", None)] for name, value in event.items()}
    connection.execute(sa.insert(ledger.tables.events), {"at": now(), **row})


def read_events(
    ledger: Ledger, limit: int | None = None, kind: Kind | None = None, name: str | None = None
) -> list[Mapping[str, Any]]:
    """Return the latest events, of one kind and name or of all, newest first."""
    events = ledger.tables.events
    query = sa.select(events).order_by(events.c.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    if name is not None:
        query = query.where(events.c.name == name)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def user() -> str:
    """Return the name of the user that runs this process, or "unknown" in a container without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
