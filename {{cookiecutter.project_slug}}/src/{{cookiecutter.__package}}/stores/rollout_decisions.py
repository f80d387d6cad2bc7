"""Decisions of a rollout: one by one for the planned looks, and counted for the alarm that looks all the time."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .ledger import Ledger

BLOCK = 10_000  # rows that are fetched at a time
NAMES = ("id", "subject", "step", "share", "arm", "answer", "fallback", "model_seconds")


def read_rollout_decisions(ledger: Ledger, rollout: str) -> list[Mapping[str, Any]]:
    """Return the decisions of a rollout with reaction and outcome, oldest first; features only of labelled ones."""
    tables, reactions = ledger.tables, ledger.reactions.c
    decisions, outcomes = ledger.decisions, tables.outcomes
    is_labelled = reactions.verdict.is_not(None) | outcomes.c.id.is_not(None)
    features = sa.case((is_labelled, decisions.c.features), else_=sa.null()).label("features")
    statements = reactions.verdict, reactions.answer.label("reaction_answer"), outcomes.c.answer.label("outcome")
    query = sa.select(*(decisions.c[name] for name in NAMES), sa.type_coerce(features, sa.JSON), *statements)
    query = query.outerjoin_from(decisions, ledger.reactions)
    query = query.outerjoin(outcomes, outcomes.c.id == tables.current_outcome())
    query = query.where(decisions.c.rollout == rollout).order_by(decisions.c.id)
    with ledger.engine.connect() as connection:
        rows = connection.execution_options(yield_per=BLOCK).execute(query).mappings()
        return [dict(row) for row in rows]


def count_rollout_decisions(ledger: Ledger, rollout: str, slow_seconds: float) -> list[Mapping[str, Any]]:
    """Return for each step and arm: units, failed units, adverse units, calls of the model, and slow ones.

    A unit is a subject, or a decision without one; adverse is a failure or an override.
    """
    decisions, reactions = ledger.decisions.c, ledger.reactions.c
    unit = sa.func.coalesce(decisions.subject, decisions.id)
    is_overridden = reactions.verdict == "override"
    counts = {
        "units": unit,
        "failed": sa.case((decisions.fallback, unit)),
        "adverse": sa.case((decisions.fallback | is_overridden, unit)),
        "calls": decisions.model_seconds,
        "slow": sa.case((decisions.model_seconds > slow_seconds, decisions.model_seconds)),
    }
    columns = [sa.func.count(sa.distinct(what)).label(name) for name, what in counts.items()]
    query = sa.select(decisions.step, decisions.share, decisions.arm, *columns)
    query = query.outerjoin_from(ledger.decisions, ledger.reactions).where(decisions.rollout == rollout)
    query = query.group_by(decisions.step, decisions.share, decisions.arm).order_by(decisions.step)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
