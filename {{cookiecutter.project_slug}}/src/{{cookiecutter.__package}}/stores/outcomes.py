"""Outcomes: what really happened in a case, with the history of its corrections."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .forgotten import read_list
from .ledger import Ledger, UnknownDecisionError, now
from .tables import OUTCOME_BY

Case = tuple[str, str]  # the column of outcomes that names a decision, and its value
# one process compares with the current outcomes and writes; others wait
LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7263002)"}
NEW, UNCHANGED, CORRECTED = RECORDED = ("new", "unchanged", "corrected")
MAX_OUTCOMES = 1000  # in one list


def record_outcomes(ledger: Ledger, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Record outcomes, each with `id` or `reference`, `outcome` and perhaps `observed_at`: all of them, or none.

    Return for each `recorded`, one of RECORDED, and `known`: whether there is a decision of that id or reference.
    What is unchanged is not written, so that the call is idempotent; nor are outcomes of references that were
    forgotten, which count as unchanged. Raises UnknownDecisionError: no decision has an id.
    """
    cases, found, rows = [_name_case(each) for each in given], [], []
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql(LOCK[ledger.engine.dialect.name])
        known = _read_known(connection, ledger, cases)
        if unknown := [value for column, value in cases if column == "decision_id" and (column, value) not in known]:
            raise UnknownDecisionError(f"there is no decision {unknown[0]!r}")
        current, forgotten = _read_current(connection, ledger, cases), read_list(connection, ledger)
        for case, each in zip(cases, given, strict=True):
            row = {"decision_id": None, "reference": None, case[0]: case[1], "answer": each["outcome"]}
            row |= {"observed_at": each.get("observed_at"), "recorded_at": now()}
            is_forgotten = case not in known and forgotten.has("reference", row["reference"])
            recorded = UNCHANGED if is_forgotten else _compare(row, current.get(case))
            if recorded != UNCHANGED:
                current[case] = row
                rows.append(row)
            found.append({"recorded": recorded, "known": case in known})
        if rows:
            connection.execute(sa.insert(ledger.tables.outcomes), rows)
        connection.commit()
    return found


def read_history(ledger: Ledger, decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every outcome of a decision, by its id or its reference, in the order in which they were recorded."""
    outcomes = ledger.tables.outcomes.c
    columns = outcomes.answer.label("outcome"), outcomes.observed_at, outcomes.recorded_at
    given = [(column, decision[name]) for name, column in OUTCOME_BY.items() if decision[name] is not None]
    is_its = sa.or_(*(outcomes[column] == value for column, value in given))
    query = sa.select(*columns).where(is_its).order_by(outcomes.id)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def find_unknown(ledger: Ledger, given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of some outcomes whose id or reference no decision has."""
    with ledger.engine.connect() as connection:
        known = _read_known(connection, ledger, [_name_case(each) for each in given])
    return [each for each in given if _name_case(each) not in known]


def _name_case(given: Mapping[str, Any]) -> Case:
    name = next(name for name in OUTCOME_BY if given.get(name) is not None)
    return OUTCOME_BY[name], given[name]


def _compare(row: Mapping[str, Any], current: Mapping[str, Any] | None) -> str:
    """Return what a row is beside the current outcome; one without a time says nothing about that."""
    if current is None:
        return NEW
    is_same_time = row["observed_at"] in (None, current["observed_at"])
    return UNCHANGED if is_same_time and row["answer"] == current["answer"] else CORRECTED


def _read_current(connection: sa.Connection, ledger: Ledger, cases: Sequence[Case]) -> dict[Case, Mapping[str, Any]]:
    outcomes = ledger.tables.outcomes
    found: dict[Case, Any] = {}
    for column in OUTCOME_BY.values():
        values = [value for named_by, value in cases if named_by == column]
        query = sa.select(outcomes).where(outcomes.c[column].in_(values)).order_by(outcomes.c.id)
        found |= {(column, row[column]): row for row in connection.execute(query).mappings()}  # the latest stays
    return found


def _read_known(connection: sa.Connection, ledger: Ledger, cases: Sequence[Case]) -> set[Case]:
    known = set()
    for name, column in OUTCOME_BY.items():
        wanted, values = ledger.decisions.c[name], [value for named_by, value in cases if named_by == column]
        if values:
            query = sa.select(wanted).where(wanted.in_(values)).distinct()
            known |= {(column, value) for value in connection.scalars(query)}
    return known
