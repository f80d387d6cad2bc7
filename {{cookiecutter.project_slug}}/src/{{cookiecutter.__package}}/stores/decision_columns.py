"""Decisions as columns: many of them at once, with reactions and outcomes, for statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from .ledger import Ledger

NAMES = ("id", "decided_at", "features", "answer", "score", "model", "needs_review", "fallback")
BLOCK = 10_000  # rows that are fetched at a time


@dataclass(frozen=True)
class Decisions:
    """n decisions, oldest first: each column is an array of shape (n,) or, of features, a list of n values."""

    ids: Sequence[str]
    times: Sequence[str]  # UTC, ISO 8601
    features: Mapping[str, list[Any]]
    answers: NDArray[Any]
    scores: NDArray[np.float64]
    models: NDArray[Any]
    needs_review: NDArray[np.bool_]
    fallback: NDArray[np.bool_]
    seconds: NDArray[np.float64]  # of the model call; NaN where it was not measured
    reactions: NDArray[Any]  # of people, or None
    given: NDArray[Any]  # the answer of a person, or None
    outcomes: NDArray[Any]  # what really happened, or None

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.ids)

    def take(self, places: NDArray[Any]) -> "Decisions":
        """Return some of the decisions, by a mask or by their places."""
        kept = np.arange(len(self))[places].tolist()
        chosen: dict[str, Any] = {
            name: value[kept] if isinstance(value, np.ndarray) else [value[place] for place in kept]
            for name, value in vars(self).items()
            if name != "features"
        }
        features = {name: [values[place] for place in kept] for name, values in self.features.items()}
        return Decisions(features=features, **chosen)


def read_decisions(
    ledger: Ledger, names: Sequence[str], *, last: int | None = None, since: str = "", labelled: bool = False
) -> Decisions:
    """Return the latest decisions with the features of these names.

    `last`: at most so many; `since`: made at this time, in UTC, or later; `labelled`: with a reaction or an outcome.
    """
    tables, decisions, reactions = ledger.tables, ledger.decisions, ledger.reactions
    given, outcomes = reactions.c.answer.label("given"), tables.outcomes
    columns = [*(decisions.c[name] for name in NAMES), decisions.c.model_seconds]
    query = sa.select(*columns, reactions.c.verdict, given, outcomes.c.answer.label("outcome"))
    query = query.outerjoin_from(decisions, reactions)
    query = query.outerjoin(outcomes, outcomes.c.id == tables.current_outcome())
    query = query.where(decisions.c.decided_at >= since) if since else query
    if labelled:
        query = query.where(reactions.c.verdict.is_not(None) | outcomes.c.id.is_not(None))
    query = query.order_by(decisions.c.id.desc()).limit(last)
    with ledger.engine.connect() as connection:
        rows = connection.execution_options(yield_per=BLOCK).execute(query)
        blocks = [list(zip(*block, strict=True)) for block in rows.partitions()]
    return _arrange(blocks, names)


def find_times(ledger: Ledger) -> tuple[str, str]:
    """Return when the first and the latest decision were made; two empty texts if there is none."""
    query = sa.select(sa.func.min(ledger.decisions.c.decided_at), sa.func.max(ledger.decisions.c.decided_at))
    with ledger.engine.connect() as connection:
        first, last = connection.execute(query).one()
    return first or "", last or ""


def find_first_use(ledger: Ledger, model: str) -> str:
    """Return when a model, by its label, gave its first decision; an empty text if it gave none."""
    query = sa.select(sa.func.min(ledger.decisions.c.decided_at)).where(ledger.decisions.c.model == model)
    with ledger.engine.connect() as connection:
        return connection.execute(query).scalar() or ""


def _arrange(blocks: Sequence[Sequence[Sequence[Any]]], names: Sequence[str]) -> Decisions:
    """Return rows, newest first, as columns, oldest first."""
    joined = [[value for block in blocks for value in block[place]][::-1] for place in range(len(NAMES) + 4)]
    ids, times, features, answers, scores, models, reviews, fallbacks, seconds, reactions, given, outcomes = joined
    return Decisions(
        ids=ids,
        times=times,
        features={name: [row.get(name) for row in features] for name in names},
        answers=_objects(answers),
        scores=np.array(scores, dtype=np.float64),
        models=_objects(models),
        needs_review=np.array(reviews, dtype=bool),
        fallback=np.array(fallbacks, dtype=bool),
        seconds=np.array(seconds, dtype=np.float64),
        reactions=_objects(reactions),
        given=_objects(given),
        outcomes=_objects(outcomes),
    )


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
