"""Labels of a window: what is known to be true of its decisions, apart by where it comes from."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.plan import Labels
from ...core.problem import Problem
from ...stores.decision_columns import Decisions

OUTCOME, BLIND, OPEN = "outcomes", "blind reviews", "open reviews"
INDEPENDENT = {"outcome": OUTCOME, "blind": BLIND}  # of the answer that was given
LABELS_NEEDED = 30


def find_truth(decisions: Decisions, source: str) -> NDArray[Any]:
    """Return the label of each decision by one source, or None."""
    if source == OUTCOME:
        return decisions.outcomes
    found = np.full(len(decisions), None, dtype=object)
    by_person = ("blind",) if source == BLIND else ("override",)
    is_given = np.isin(decisions.reactions, by_person)
    found[is_given] = decisions.given[is_given]
    if source == OPEN:
        is_accepted = np.isin(decisions.reactions, ("accept",))
        found[is_accepted] = decisions.answers[is_accepted]
    return found


def independent_truth(decisions: Decisions, order: Labels) -> NDArray[Any]:
    """Return the label of each decision by outcomes and blind reviews, in the plan's order, or None.

    Who saw the answer before they gave theirs is left out: accepting is the easy click (automation bias).
    """
    found = np.full(len(decisions), None, dtype=object)
    for statement in order.order:
        if statement in INDEPENDENT:
            truth = find_truth(decisions, INDEPENDENT[statement])
            is_open = np.array([value is None for value in found], dtype=bool)
            found[is_open] = truth[is_open]
    return found


def with_labels(decisions: Decisions, truth: NDArray[Any], problem: Problem) -> tuple[Decisions, NDArray[Any]]:
    """Return the decisions that have a label, and their labels, encoded; those of another contract are left out."""
    allowed = {*problem.target.categories}
    is_usable = np.array(
        [
            label is not None and (not allowed or {label, answer} <= allowed)
            for label, answer in zip(truth, decisions.answers, strict=True)
        ],
        dtype=bool,
    )
    return decisions.take(is_usable), problem.objective.encode(truth[is_usable])


def sources(decisions: Decisions, problem: Problem) -> Iterator[tuple[str, Decisions, NDArray[Any]]]:
    """Yield each source of labels with the decisions that have one, and their labels, encoded."""
    for source in (OUTCOME, BLIND, OPEN):
        yield source, *with_labels(decisions, find_truth(decisions, source), problem)
