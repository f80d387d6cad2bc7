"""The ledger: the durable record of decisions and reactions.

A decision is written before it is answered, so what anybody saw can be found again. SQLite in WAL
mode by default, flushed to disk at every commit; PostgreSQL by URL.
"""

from __future__ import annotations

import contextlib
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from .database import DECISIONS, REACTIONS, as_json, connect
from .errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

IDS = random.Random()  # noqa: S311  # they must not repeat, and need not be secret
WORKS = "use sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME after `uv sync --extra postgresql`"
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")  # the last of tables that are not ours
RESTORE = "restore it from a backup, or move it away to begin a new one"
REACH = "see that it is there and may be written, or set APP_LEDGER_URL to another"
JOINED = DECISIONS.outerjoin(REACTIONS, DECISIONS.c.id == REACTIONS.c.decision_id)


class UnknownDecisionError(LookupError):
    """No decision of that id was ever given."""


class ReactionConflictError(ValueError):
    """The decision already has another reaction."""


class Ledger:
    """Decisions and reactions on one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # made once: for SQLAlchemy to go through the types of every row takes longer than to write it
        made = sa.insert(DECISIONS).compile(engine)
        self._insert, self._places = str(made), made.positiontup

    def record(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Write decisions in one transaction: after the return they survive a crash, before it none does."""
        rows = [{**decision, "features": as_json(decision["features"])} for decision in decisions]
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                self._insert, [tuple(row[name] for name in self._places) for row in rows] if self._places else rows
            )

    def react(self, decision_id: str, reaction: Mapping[str, Any]) -> dict[str, Any]:
        """Record what a person did with a decision; saying the same thing twice changes nothing.

        Raises
        ------
        UnknownDecisionError
            No decision has that id.
        ReactionConflictError
            It already has another reaction, or the override is the answer that was given.
        """
        decision = self.get(decision_id)
        if decision is None:
            message = f"there is no decision {decision_id!r}"
            raise UnknownDecisionError(message)
        if reaction["answer"] == decision["answer"]:
            message = f"{decision['answer']!r} is the answer that was given: accept it, or override with another"
            raise ReactionConflictError(message)
        row = {"decision_id": decision_id, "reacted_at": now(), **reaction}
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(REACTIONS), row)
        except IntegrityError:
            return self._same(decision_id, reaction)
        return row

    def _same(self, decision_id: str, reaction: Mapping[str, Any]) -> dict[str, Any]:
        with self.engine.connect() as connection:
            query = sa.select(REACTIONS).where(REACTIONS.c.decision_id == decision_id)
            stored = dict(connection.execute(query).mappings().one())
        if any(stored[key] != value for key, value in reaction.items()):
            message = f"decision {decision_id!r} already has another reaction: {stored['verdict']}"
            raise ReactionConflictError(message)
        return stored

    def get(self, decision_id: str) -> dict[str, Any] | None:
        """Return one decision with its features and reaction, or None."""
        return next(self._joined(DECISIONS.c.id == decision_id, 1), None)

    def recent(self, limit: int, *, to_review: bool = False) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first, with their features and reactions.

        `to_review` keeps those that a person should look at and that nobody reacted to yet.
        """
        waiting = DECISIONS.c.needs_review & REACTIONS.c.verdict.is_(None)
        return list(self._joined(waiting if to_review else sa.true(), limit))

    def labelled(self) -> Iterator[dict[str, Any]]:
        """Yield every decision that a person reacted to, newest first."""
        yield from self._joined(REACTIONS.c.verdict.is_not(None), None)

    def _joined(self, where: sa.ColumnElement[bool], limit: int | None) -> Iterator[dict[str, Any]]:
        reaction = (REACTIONS.c.verdict, REACTIONS.c.answer.label("reaction_answer"), REACTIONS.c.note)
        query = sa.select(DECISIONS, *reaction).select_from(JOINED).where(where)
        with self.engine.connect() as connection:
            rows = connection.execution_options(stream_results=True).execute(
                query.order_by(DECISIONS.c.id.desc()).limit(limit)
            )
            yield from (dict(row) for row in rows.mappings())


def new_id() -> str:
    """Return 32 hex digits that sort by time and never repeat."""
    return f"{time.time_ns():016x}{IDS.getrandbits(64):016x}"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def open_ledger(url: str) -> Iterator[Ledger]:
    """Connect to a ledger, make its tables if they are missing, and disconnect afterwards.

    Raises
    ------
    UserError
        The database cannot be opened or read.
    """
    try:
        ledger = Ledger(connect(url))
        ledger.get("")  # reads all tables, and no row of them
    except (ArgumentError, ImportError, ValueError):  # what these say may repeat a password
        message = f"ledger: APP_LEDGER_URL is no address that works here; {WORKS}"
        raise UserError(message) from None
    except (SQLAlchemyError, OSError) as error:
        damaged = str(getattr(getattr(error, "orig", None), "sqlite_errorname", "")).startswith(DAMAGED)
        message = f"ledger: cannot open it: {str(error).splitlines()[0]}; {RESTORE if damaged else REACH}"
        raise UserError(message) from None
    try:
        yield ledger
    finally:
        ledger.engine.dispose()
