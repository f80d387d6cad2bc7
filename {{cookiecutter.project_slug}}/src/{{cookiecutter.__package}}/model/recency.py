"""Recency: after the world has changed, a refresh in which newer rows count as much as all older ones together."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.objective import Evaluation, evaluate
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.result import GateResult
from .evaluate import Rows, takes_weights
from .gates import run_gates
from .gates.cost import compare_on
from .reference import Reference

MAX_FACTOR = 8.0  # of the weight of a recent row: more would fit the model to the chance in a few of them
RECENT = 150  # rows at least: the newest ones, also if the champion was trained on some of them


def find_recent(rows: Rows, champion: Reference) -> NDArray[np.bool_]:
    """Return which of n rows are the newest decisions: as many as are new to the champion, and RECENT at least."""
    count = min(max(int(champion.is_new.sum()), RECENT), len(rows.times))
    return np.asarray((rows.times > 0) & (rows.times >= np.sort(rows.times)[-count]))


def weigh_recent_rows(model: Any, rows: Rows, recent: NDArray[np.bool_], plan: Plan) -> Rows | None:
    """Return rows of which the recent ones weigh as much in sum as the others; None if that makes no sense.

    It makes none where few or most rows are recent, or the last step of the model takes no weights.
    """
    weights = rows.weights
    factor = min(MAX_FACTOR, float(weights[~recent].sum() / max(weights[recent].sum(), 1e-9)))
    if recent.sum() < plan.gates.minimum_new_rows or factor <= 1 or not takes_weights(model):
        return None
    return replace(rows, weights=np.where(recent, factor * weights, weights))


def judge_recency(
    rows: Rows,
    recent: NDArray[np.bool_],
    candidate: Evaluation,
    other: Evaluation,
    problem: Problem,
    plan: Plan,
) -> tuple[GateResult, ...]:
    """Judge a refresh with more weight on recent rows by these rows alone, because they are what it is for.

    It has to be cheaper, by a whole interval, than what would answer without it: `other` is the plain refresh if that
    passed, or the deployed champion. The other gates see few rows, so that only a conclusive failure refuses it, and
    only where the other does not fail as well.
    """
    mean, low, high = compare_on(recent, rows, candidate, other, plan)
    message = (
        f"newer rows first: {mean:+.3f} a decision on the {recent.sum()} newest rows ({plan.gates.confidence:.0%} "
        f"interval {low:+.3f} to {high:+.3f}; limit +0.000)"
    )
    evidence = {"difference": mean, "low": low, "high": high, "rows": int(recent.sum())}
    cost = GateResult("cost", "pass" if high < 0 else "fail", message, evidence)
    some, one, usual = take(rows, recent), _take(candidate, recent, problem), _take(other, recent, problem)
    found = run_gates(some, one, usual, problem, plan, cost)
    failed = {result.gate for result in run_gates(some, usual, usual, problem, plan) if result.status == "fail"}
    return tuple(
        replace(
            result,
            inconclusive_blocks=False,
            status="inconclusive" if result is not cost and result.gate in failed else result.status,
        )
        for result in found
    )


def take(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    """Return some of the rows."""
    return replace(
        rows,
        features=rows.features[kept],
        groups=rows.groups[kept],
        truth=rows.truth[kept],
        folds=rows.folds[kept],
        repeats=tuple(folds[kept] for folds in rows.repeats),
        units=rows.units[kept],
        weights=rows.weights[kept],
        keys=None if rows.keys is None else rows.keys[kept],
        times=rows.times[kept],
    )


def _take(evaluation: Evaluation, kept: NDArray[np.bool_], problem: Problem) -> Evaluation:
    first, *others = (
        evaluate(problem.objective, one.truth[kept], one.predictions[kept]) for one in evaluation.assignments
    )
    return replace(first, repeats=tuple(others))
