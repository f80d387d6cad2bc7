"""Label tasks: which decisions labellers were asked about, and what they answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from ..core.errors import UserError
from .ledger import Ledger, now

MAX_NOTE = 500  # characters


def read_unlabelled(ledger: Ledger, newest: int) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]]:
    """Return ids, scores and `needs_review` of the newest decisions without a reaction, an outcome and a task."""
    tables, decisions = ledger.tables, ledger.decisions.c
    query = sa.select(decisions.id, decisions.score, decisions.needs_review).where(
        ~sa.exists().where(tables.reactions.c.decision_id == decisions.id),
        ~sa.exists().where(tables.label_tasks.c.decision_id == decisions.id),
        tables.current_outcome().is_(None),
    )
    with ledger.engine.connect() as connection:
        rows = connection.execute(query.order_by(decisions.id.desc()).limit(newest)).all()
    ids, scores, reviews = ([row[place] for row in rows] for place in range(3))
    return ids, np.array(scores, dtype=float), np.array(reviews, dtype=bool)


def add_tasks(ledger: Ledger, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Record whom a batch asks about which decisions."""
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(ledger.tables.label_tasks), tasks)


def read_tasks(ledger: Ledger) -> list[dict[str, Any]]:
    """Return all tasks, oldest first, each with the `features` of its decision and the answer that was `decided`."""
    tasks, decisions = ledger.tables.label_tasks, ledger.decisions
    query = sa.select(tasks, decisions.c.features, decisions.c.answer.label("decided")).join_from(tasks, decisions)
    with ledger.engine.connect() as connection:
        rows = connection.execute(query.order_by(tasks.c.asked_at, tasks.c.batch, tasks.c.id)).mappings()
        return [dict(row) for row in rows]


def read_labelled(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield every decision that has a reaction, an outcome or `labels`, which are answers by labeller."""
    labels: dict[str, dict[str, Any]] = {}
    for task in read_tasks(ledger):
        if task["answer"] is not None:
            labels.setdefault(task["decision_id"], {})[task["labeller"]] = task["answer"]
    for row in ledger.labelled():
        yield row | {"labels": labels.pop(row["id"], {})}
    for decision_id, given in labels.items():  # nothing else is known of these
        if decision := ledger.get(decision_id):
            yield decision | {"labels": given}


def record_labels(ledger: Ledger, labels: Sequence[Mapping[str, Any]]) -> None:
    """Record the `answer` and `note` of open tasks by `id`: all of them, or none.

    Raises UserError: one of them is not open any more.
    """
    tasks = ledger.tables.label_tasks
    with ledger.engine.begin() as connection:
        for each in labels:
            given = {"answer": each["answer"], "note": each["note"], "labelled_at": now()}
            is_open = (tasks.c.id == each["id"]) & tasks.c.answer.is_(None)
            if not connection.execute(sa.update(tasks).where(is_open).values(given)).rowcount:
                raise UserError("these labels were taken meanwhile by another process; nothing was recorded")
