"""Other models beside a candidate: the champion, and simpler ones, as the rules, a linear model and a constant."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.objective import Evaluation
from ...core.pipelines import linear
from ...core.result import GateResult, Status
from ..evaluate import cross_evaluate
from ..formulate import constant_costs
from ..gates.cost import cost_differences, spread_of
from ..intervals import simultaneous_mean_intervals
from ..reference import recipe_digest
from .candidate import Candidate


def compare_with_simpler(candidate: Candidate) -> Iterator[GateResult]:
    """Yield whether a simpler model costs less than a candidate, by paired differences of the cost of each row.

    It fails when one is cheaper by the whole interval, and is inconclusive unless the candidate is cheaper than all by
    the whole interval. Intervals hold for all comparisons at once. The champion is shown beside them: whether a
    candidate may replace it is for the gates of `train`, which also see the rows that are left out here.
    """
    rows, plan, found = candidate.rows, candidate.plan, candidate.evaluation
    others = {**_evaluate_simpler(candidate), **candidate.champion}
    differences = [cost_differences(found, other) for other in others.values()]
    constants = dict(constant_costs(rows, candidate.problem))
    cheapest = min(constants, key=lambda name: float(np.average(constants[name], weights=rows.weights)))
    differences.append(np.array([one.cost - constants[cheapest] for one in found.assignments]))
    names = [*others, cheapest]
    intervals = simultaneous_mean_intervals(
        np.column_stack([each.mean(axis=0) for each in differences]),
        plan,
        units=rows.units,
        weights=rows.weights,
        spreads=np.array([spread_of(each, rows.weights) for each in differences]),
    )
    models: list[dict[str, Any]] = [
        {
            "model": name,
            "difference": float(np.average(each.mean(axis=0), weights=rows.weights)),
            "low": low,
            "high": high,
        }
        for name, each, (low, high) in zip(names, differences, intervals, strict=True)
    ]
    simpler = [one for one in models if one["model"] not in candidate.champion]
    cheaper = [one["model"] for one in simpler if one["low"] > 0]
    is_open = any(one["low"] <= 0 <= one["high"] for one in simpler)
    status: Status = "fail" if cheaper else "inconclusive" if is_open else "pass"
    shown = "; ".join(
        f"{one['model']} {one['difference']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})" for one in models
    )
    message = f"simpler: a decision of {candidate.name} costs more (+) or less (-) than one of another: {shown}"
    message += f"; cheaper than {candidate.name}: {', '.join(cheaper)}" if cheaper else ""
    yield GateResult("simpler", status, message, {"models": models})


def _evaluate_simpler(candidate: Candidate) -> dict[str, Evaluation]:
    problem, rows = candidate.problem, candidate.rows
    found = {"the rules": cross_evaluate(problem.rules, replace(rows, repeats=()), problem)}
    plain = linear(problem.columns, candidate.plan)
    if recipe_digest(plain) != recipe_digest(candidate.model):
        candidate.report("evaluating a linear model")
        found["a linear model"] = cross_evaluate(plain, rows, problem)
    return found
