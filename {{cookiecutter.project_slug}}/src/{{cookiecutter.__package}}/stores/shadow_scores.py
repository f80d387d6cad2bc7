"""Shadow scores: what a challenger would have answered, beside the decision that the champion answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .ledger import Ledger


def record_shadow_scores(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record scores: decision_id, rollout, answer, score, model_seconds and error, the type of an error or ""."""
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(ledger.tables.shadow_scores), rows)


def read_shadow_scores(ledger: Ledger, rollout: str) -> list[dict[str, Any]]:
    """Return the shadow scores of a rollout in the order of the decisions."""
    scores = ledger.tables.shadow_scores
    query = sa.select(scores).where(scores.c.rollout == rollout).order_by(scores.c.decision_id)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
