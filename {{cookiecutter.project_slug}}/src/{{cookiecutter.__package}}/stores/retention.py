"""Retention: delete decisions that are older than the plan allows, and keep counts of them."""

from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa

from .erasure import begin, delete_decisions, delete_rows, describe_deletion, find_requests, read_all, split
from .events import add_event
from .ledger import Ledger

BLOCK = 5_000  # decisions that are deleted in one transaction, while other processes wait


def delete_expired(ledger: Ledger, before: str) -> Iterator[dict[str, int]]:
    """Delete decisions made before a time, block by block, and then what refers to none; yield the number of rows.

    Decisions of the live rollout stay, because its guards count them. Each block leaves an event with the number of
    decisions of each model; the windows of the monitor stay.
    """
    decisions, rollouts = ledger.decisions.c, ledger.tables.rollouts.c
    live = sa.select(rollouts.id).where(rollouts.live.is_(sa.true())).scalar_subquery()
    is_live = decisions.rollout.is_not(None) & decisions.rollout.is_not_distinct_from(live)
    is_old = (decisions.decided_at < before) & ~is_live
    query = sa.select(decisions.id, decisions.model).where(is_old).limit(BLOCK)
    while found := read_all(ledger, query):
        models = Counter(model for _, model in found)
        with ledger.engine.connect() as connection:
            begin(connection)
            counts = delete_decisions(connection, ledger, [each for each, _ in found])
            counted = ", ".join(f"{number} of {model}" for model, number in models.items())
            add_event(connection, ledger, **describe_deletion("retention", "ledger", counts, counted))
            connection.commit()
        yield counts
    yield _delete_left_alone(ledger, before)


def _delete_left_alone(ledger: Ledger, before: str) -> dict[str, int]:
    """Delete requests whose decisions are all gone, and old outcomes of references that no decision has."""
    outcomes, decisions = ledger.tables.outcomes.c, ledger.decisions.c
    has_decision = sa.exists().where(decisions.reference == outcomes.reference)
    is_alone = (outcomes.recorded_at < before) & outcomes.reference.is_not(None) & ~has_decision
    keys = [key for (key,) in read_all(ledger, find_requests(ledger, None))]
    ids = [each for (each,) in read_all(ledger, sa.select(outcomes.id).where(is_alone))]
    counts = Counter[str]()
    for name, column, values in (("requests", ledger.tables.requests.c.key, keys), ("outcomes", outcomes.id, ids)):
        for block in split(values, BLOCK):
            with ledger.engine.connect() as connection:
                begin(connection)
                counts[name] += delete_rows(connection, column, block)
                connection.commit()
    return dict(counts)
