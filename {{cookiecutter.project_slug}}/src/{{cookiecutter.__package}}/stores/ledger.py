"""The ledger: the durable record of decisions, reactions and outcomes, in SQLite or PostgreSQL."""

import contextlib
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from ..core.errors import UserError
from ..core.schema import Column
from .database import connect
from .tables import Tables

DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")  # the last one for tables that are not ours
RESTORE = "restore it from a backup, or move it away to begin a new one"
ID = re.compile(r"[0-9a-f]{32}")
CHECK_URL = "check that it is there and may be written, or set APP_LEDGER_URL to another"


class UnknownDecisionError(LookupError):
    """No decision has that id."""


class ReactionConflictError(ValueError):
    """The decision already has another reaction, or cannot have one of this kind."""


class RepeatedRequestError(ValueError):
    """A request was recorded meanwhile, by another process."""


class Ledger:
    """Decisions, reactions and outcomes in one database."""

    def __init__(self, engine: sa.Engine, tables: Tables) -> None:
        self.engine = engine
        self.tables = tables
        self.decisions, self.reactions = tables.decisions, tables.reactions
        self._insert = sa.insert(tables.decisions)

    def record(
        self, decisions: Sequence[Mapping[str, Any]], requests: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Write decisions in one transaction: after the return all survive a crash, before it none does.

        `requests` are those that may be repeated, by Idempotency-Key: a digest and the ids of the decisions.
        Raises RepeatedRequestError: one of the keys is taken.
        """
        # sorted: of two processes that write the same keys, one waits for the other, and not each for the other
        rows = [{"key": key, "digest": requests[key][0], "decision_ids": requests[key][1]} for key in sorted(requests)]
        with self.engine.begin() as connection:
            if rows:
                try:
                    connection.execute(sa.insert(self.tables.requests), rows)
                except IntegrityError:
                    raise RepeatedRequestError from None
            connection.execute(self._insert, decisions)

    def find_requests(self, keys: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
        """Return the requests that were recorded under some of the keys: a digest, and the ids of the decisions."""
        requests = self.tables.requests
        query = sa.select(requests.c.key, requests.c.digest, requests.c.decision_ids).where(requests.c.key.in_(keys))
        with self.engine.connect() as connection:
            return {key: (digest, ids) for key, digest, ids in connection.execute(query)}

    def find_decisions(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return decisions by id; those that are not there are left out."""
        query = sa.select(self.decisions).where(self.decisions.c.id.in_(ids))
        with self.engine.connect() as connection:
            return {row["id"]: dict(row) for row in connection.execute(query).mappings()}

    def react(self, decision_id: str, reaction: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Record what a person did with a decision; return the row, and whether it is new. The call is idempotent.

        Raises UnknownDecisionError; ReactionConflictError: it has another reaction, or already has this answer; or it
        was drawn for a blind review and this is none, or the other way round.
        """
        decision = self.get(decision_id)
        if decision is None:
            raise UnknownDecisionError(f"there is no decision {decision_id!r}")
        _check_kind(decision, reaction)
        row = {"decision_id": decision_id, "reacted_at": now(), **reaction}
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(self.reactions), row)
                is_new = True
        except IntegrityError:  # it has a reaction
            with self.engine.connect() as connection:
                query = sa.select(self.reactions).where(self.reactions.c.decision_id == decision_id)
                found = connection.execute(query).mappings().one_or_none()
            if found is None:  # the decision was deleted meanwhile
                raise UnknownDecisionError(f"there is no decision {decision_id!r}") from None
            row = dict(found)
            if {**row, **reaction} != row:
                message = f"decision {decision_id!r} already has another reaction: {row['verdict']}"
                raise ReactionConflictError(message) from None
            is_new = False
        return row, is_new

    def get(self, decision_id: str) -> dict[str, Any] | None:
        """Return one decision with its features, its reaction and its outcome, or None."""
        if not ID.fullmatch(decision_id):  # PostgreSQL refuses some texts, as one with a NUL
            return None
        return next(self._read(self._join_outcomes(), self.decisions.c.id == decision_id, 1), None)

    def recent(self, limit: int, *, to_review: bool = False, reference: str | None = None) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first; `to_review`: those that wait for a person's reaction."""
        decisions = self.decisions.c
        where: list[sa.ColumnElement[bool]] = [sa.true()]
        if to_review:
            where += [decisions.needs_review | decisions.blind, self.reactions.c.verdict.is_(None)]
        if reference is not None:
            where.append(decisions.reference == reference)
        return list(self._read(self._join_reactions(), sa.and_(*where), limit))

    def labelled(self) -> Iterator[dict[str, Any]]:
        """Yield every decision that has a reaction or an outcome, newest first."""
        is_labelled = self.reactions.c.verdict.is_not(None) | self.tables.outcomes.c.id.is_not(None)
        return self._read(self._join_outcomes(), is_labelled, None)

    def _join_reactions(self, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
        found = self.reactions.c
        reaction = found.verdict, found.answer.label("reaction_answer"), found.note, found.reacted_at
        return sa.select(self.decisions, *reaction, *more).outerjoin_from(self.decisions, self.reactions)

    def _join_outcomes(self) -> sa.Select[Any]:
        current = self.tables.outcomes
        time = sa.func.coalesce(current.c.observed_at, current.c.recorded_at).label("outcome_at")
        joined = self._join_reactions(current.c.answer.label("outcome"), time)
        return joined.outerjoin(current, current.c.id == self.tables.current_outcome())

    def _read(
        self, joined: sa.Select[Any], where: sa.ColumnElement[bool], limit: int | None
    ) -> Iterator[dict[str, Any]]:
        query = joined.where(where).order_by(self.decisions.c.id.desc()).limit(limit)
        with self.engine.connect() as connection:
            yield from map(dict, connection.execution_options(stream_results=True).execute(query).mappings())


def _check_kind(decision: Mapping[str, Any], reaction: Mapping[str, Any]) -> None:
    """Raise ReactionConflictError if a decision cannot have this reaction."""
    verdict, answer = reaction["verdict"], decision["answer"]
    if decision["blind"] and verdict != "blind" and decision["verdict"] is None:
        message = f"decision {decision['id']!r} is reviewed blind: give your own answer with verdict blind"
        raise ReactionConflictError(message)
    if verdict == "blind" and not decision["blind"]:
        raise ReactionConflictError(f"decision {decision['id']!r} is not reviewed blind: accept or override its answer")
    if verdict == "override" and answer == reaction["answer"]:
        raise ReactionConflictError(f"{answer!r} is the answer that was given: accept it, or override with another")


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
