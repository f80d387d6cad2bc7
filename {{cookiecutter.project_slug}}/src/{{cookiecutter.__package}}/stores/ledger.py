"""The ledger: the durable record of decisions and reactions, in SQLite or PostgreSQL."""

import contextlib
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from ..core.errors import UserError
from ..core.schema import Column
from .database import Tables, connect

DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")  # the last one for tables that are not ours
RESTORE = "restore it from a backup, or move it away to begin a new one"
CHECK_URL = "check that it is there and may be written, or set APP_LEDGER_URL to another"


class UnknownDecisionError(LookupError):
    """No decision has that id."""


class ReactionConflictError(ValueError):
    """The decision already has another reaction."""


class Ledger:
    """Decisions and reactions in one database."""

    def __init__(self, engine: sa.Engine, tables: Tables) -> None:
        self.engine = engine
        self.decisions, self.reactions = tables.decisions, tables.reactions
        self._insert = sa.insert(tables.decisions)

    def record(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Write decisions in one transaction: after the return all survive a crash, before it none does."""
        with self.engine.begin() as connection:
            connection.execute(self._insert, decisions)

    def react(self, decision_id: str, reaction: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Record what a person did with a decision; return the row, and whether it is new. The call is idempotent.

        Raises UnknownDecisionError; ReactionConflictError: it has another reaction, or already has this answer.
        """
        decision = self.get(decision_id)
        if decision is None:
            raise UnknownDecisionError(f"there is no decision {decision_id!r}")
        if (answer := decision["answer"]) == reaction["answer"]:
            raise ReactionConflictError(f"{answer!r} is the answer that was given: accept it, or override with another")
        row = {"decision_id": decision_id, "reacted_at": now(), **reaction}
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(self.reactions), row)
                is_new = True
        except IntegrityError:  # it has a reaction
            with self.engine.connect() as connection:
                query = sa.select(self.reactions).where(self.reactions.c.decision_id == decision_id)
                row = dict(connection.execute(query).mappings().one())
            if {**row, **reaction} != row:
                message = f"decision {decision_id!r} already has another reaction: {row['verdict']}"
                raise ReactionConflictError(message) from None
            is_new = False
        return row, is_new

    def get(self, decision_id: str) -> dict[str, Any] | None:
        """Return one decision with its features and reaction, or None."""
        if not re.fullmatch(r"[0-9a-f]{32}", decision_id):  # PostgreSQL refuses some texts, as one with a NUL
            return None
        return next(self._joined(self.decisions.c.id == decision_id, 1), None)

    def recent(self, limit: int, *, to_review: bool = False) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first; `to_review`: those that wait for a person's reaction."""
        waiting = self.decisions.c.needs_review & self.reactions.c.verdict.is_(None)
        return list(self._joined(waiting if to_review else sa.true(), limit))

    def labelled(self) -> Iterator[dict[str, Any]]:
        """Yield every decision that has a reaction, newest first."""
        return self._joined(self.reactions.c.verdict.is_not(None), None)

    def _joined(self, where: sa.ColumnElement[bool], limit: int | None) -> Iterator[dict[str, Any]]:
        reaction = (self.reactions.c.verdict, self.reactions.c.answer.label("reaction_answer"), self.reactions.c.note)
        joined = sa.select(self.decisions, *reaction).outerjoin_from(self.decisions, self.reactions)
        query = joined.where(where).order_by(self.decisions.c.id.desc()).limit(limit)
        with self.engine.connect() as connection:
            yield from map(dict, connection.execution_options(stream_results=True).execute(query).mappings())


def new_id() -> str:
    """Return 32 hex digits that sort by time and do not repeat."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def open_ledger(url: str, target: Column) -> Iterator[Ledger]:
    """Connect to a ledger, migrate its tables to this version, and disconnect afterwards.

    `target` is the label, whose kind all answers have. Raises UserError: the database cannot be opened or read.
    """
    if not url.startswith("sqlite") and url.count("@") > 1:
        # SQLAlchemy would end the password at the first @, and errors would name the rest of it
        raise UserError("ledger: APP_LEDGER_URL has more than one @; write those of a user name or a password as %40")
    tables = Tables(target)
    try:
        ledger = Ledger(connect(url, tables), tables)
        ledger.recent(0)  # reads all columns, and no row
    except (ArgumentError, ImportError, ValueError):  # their messages may repeat a password
        next_step = "use sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME after `uv sync --extra postgresql`"
        raise UserError(f"ledger: APP_LEDGER_URL is not a URL that works here; {next_step}") from None
    except (SQLAlchemyError, OSError) as error:
        damaged = str(getattr(getattr(error, "orig", None), "sqlite_errorname", "")).startswith(DAMAGED)
        next_step = RESTORE if damaged else CHECK_URL
        raise UserError(f"ledger: cannot open it: {str(error).splitlines()[0]}; {next_step}") from None
    try:
        yield ledger
    except SQLAlchemyError as error:  # the product handles its own, for each request
        raise UserError(f"ledger: {str(error).splitlines()[0]}; {CHECK_URL}") from None
    finally:
        ledger.engine.dispose()
