"""Simpler models: the rules, a linear model and one answer for all rows, beside a candidate."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.choice import ChoiceObjective
from ...core.objective import Evaluation, Objective, evaluate
from ...core.pipelines import linear
from ...core.result import GateResult, Status
from ..evaluate import cross_evaluate
from ..gates.cost import cost_differences, spread_of
from ..intervals import simultaneous_mean_intervals
from ..reference import recipe_digest
from .candidate import Candidate


def compare_with_simpler(candidate: Candidate) -> Iterator[GateResult]:
    """Yield whether a simpler model costs less than a candidate, by paired differences of the cost of each row.

    It fails when one is cheaper by the whole interval, and is inconclusive unless the candidate is cheaper than all by
    the whole interval. Intervals hold for all comparisons at once.
    """
    rows, plan, others = candidate.rows, candidate.plan, _evaluate_simpler(candidate)
    differences = [cost_differences(candidate.evaluation, other) for other in others.values()]
    intervals = simultaneous_mean_intervals(
        np.column_stack([each.mean(axis=0) for each in differences]),
        plan,
        units=rows.units,
        weights=rows.weights,
        spreads=np.array([spread_of(each, rows.weights) for each in differences]),
    )
    found: list[dict[str, Any]] = [
        {
            "model": name,
            "difference": float(np.average(each.mean(axis=0), weights=rows.weights)),
            "low": low,
            "high": high,
        }
        for name, each, (low, high) in zip(others, differences, intervals, strict=True)
    ]
    cheaper = [one["model"] for one in found if one["low"] > 0]
    is_open = any(one["low"] <= 0 <= one["high"] for one in found)
    status: Status = "fail" if cheaper else "inconclusive" if is_open else "pass"
    shown = "; ".join(
        f"{one['model']} {one['difference']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})" for one in found
    )
    message = f"simpler: a decision of {candidate.name} costs more (+) or less (-) than one of a simpler model: {shown}"
    message += f"; cheaper than {candidate.name}: {', '.join(cheaper)}" if cheaper else ""
    yield GateResult("simpler", status, message, {"models": found})


def _evaluate_simpler(candidate: Candidate) -> dict[str, Evaluation]:
    problem, rows, plan = candidate.problem, candidate.rows, candidate.plan
    truth, objective = rows.truth, problem.objective
    found = {"the rules": cross_evaluate(problem.rules, replace(rows, repeats=()), problem)}
    plain = linear(problem.columns, plan)
    if recipe_digest(plain) != recipe_digest(candidate.model):
        candidate.report("evaluating a linear model")
        found["a linear model"] = cross_evaluate(plain, rows, problem)
    constants = {name: _constant(objective, code, len(truth)) for name, code in _answers(objective, truth)}
    costs = {name: evaluate(objective, truth, predictions) for name, predictions in constants.items()}
    cheapest = min(costs, key=lambda name: float(np.average(costs[name].cost, weights=rows.weights)))
    return found | {cheapest: costs[cheapest]}


def _answers(objective: Objective, truth: NDArray[Any]) -> list[tuple[str, float]]:
    """Return the constant answers worth comparing: each category, or the quantile of the truth that costs least."""
    if isinstance(objective, ChoiceObjective):
        return [(f"always {answer}", code) for code, answer in enumerate(objective.categories)]
    number = float(np.quantile(truth, objective.quantile))
    return [(f"always {number:.4g}", number)]


def _constant(objective: Objective, answer: float, rows: int) -> NDArray[Any]:
    if isinstance(objective, ChoiceObjective):
        return np.tile(np.eye(len(objective.categories))[int(answer)], (rows, 1))
    return np.full(rows, answer)
