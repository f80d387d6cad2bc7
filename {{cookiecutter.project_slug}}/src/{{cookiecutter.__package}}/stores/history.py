"""History: which model answered when, from the decisions on record."""

from typing import Any

import sqlalchemy as sa

from .ledger import Ledger


def read_models(ledger: Ledger) -> list[dict[str, Any]]:
    """Return for each model its first and last decision, and their number, in the order of the first ones."""
    decisions = ledger.decisions.c
    first, last = sa.func.min(decisions.decided_at), sa.func.max(decisions.decided_at)
    columns = decisions.model, first.label("first"), last.label("last"), sa.func.count().label("decisions")
    query = sa.select(*columns).group_by(decisions.model).order_by(first)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def find_last_of_arm(ledger: Ledger, rollout: str, arm: str) -> str | None:
    """Return when an arm of a rollout gave its last decision, or None."""
    decisions = ledger.decisions.c
    query = sa.select(sa.func.max(decisions.decided_at)).where(decisions.rollout == rollout, decisions.arm == arm)
    with ledger.engine.connect() as connection:
        found: str | None = connection.execute(query).scalar()
        return found
