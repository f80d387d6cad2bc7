"""The cost gate: a replacement has to be cheaper than the champion, a refresh must not be dearer."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.objective import Evaluation
from ...core.plan import Plan
from ...core.result import GateResult, Status, compare_interval
from ..evaluate import Rows
from ..intervals import mean_interval, rows_needed, simultaneous_mean_intervals
from ..reference import Reference


def judge_costs(
    rows: Rows,
    champion: Reference,
    candidates: Mapping[str, Evaluation],
    refresh: str,
    plan: Plan,
    kept: NDArray[np.bool_] | None = None,
) -> dict[str, GateResult]:
    """Return the result of the cost gate for each candidate, by name.

    `refresh`: the name of the candidate whose recipe is the champion's, or "". The others are replacements, whose
    recipes are compared over all rows, or those in `kept`, with intervals that hold for all of them at once: the best
    of many equal candidates does not pass by chance (White, "A Reality Check for Data Snooping", Econometrica 68,
    2000).
    """
    found = {refresh: refresh_gate(rows, champion, candidates[refresh], plan)} if refresh else {}
    others = {name: one for name, one in candidates.items() if name != refresh}
    if not others:
        return found
    kept = np.ones(len(rows.truth), dtype=bool) if kept is None else kept
    weights = rows.weights[kept]
    differences = [cost_differences(one, champion.recipe)[:, kept] for one in others.values()]
    usual = float(np.average(champion.recipe.mean_cost[kept], weights=weights))
    intervals = simultaneous_mean_intervals(
        np.column_stack([each.mean(axis=0) for each in differences]),
        plan,
        units=rows.units[kept],
        weights=weights,
        spreads=np.array([spread_of(each, weights) for each in differences]),
    )
    for (name, one), each, interval in zip(others.items(), differences, intervals, strict=True):
        result = cost_gate(
            each.mean(axis=0), plan, interval=interval, weights=weights, compared=len(others), usual=usual
        )
        if not kept.all():
            result = replace(result, message=f"{result.message}; on {kept.sum():,} rows that no search has used")
        found[name] = _with_new_rows(result, rows, champion, one, plan)
    return found


def cost_gate(
    difference: NDArray[Any],
    plan: Plan,
    *,
    interval: tuple[float, float] | None = None,
    weights: NDArray[Any] | None = None,
    compared: int = 1,
    usual: float = 1.0,
) -> GateResult:
    """Judge the cost of a replacement minus that of the champion's recipe for each of n rows, shape (n,).

    `usual`: what a decision of the champion's recipe costs. It passes when the whole interval is below `-least_benefit`
    times that: of two recipes that cost the same, one is always cheaper by a little.
    """
    limit, mean = 0.0 - plan.gates.least_benefit * usual, float(np.average(difference, weights=weights))
    low, high = interval or mean_interval(difference, plan, weights=weights)
    status: Status = "fail" if mean >= limit else compare_interval(low, high, limit)
    status = "inconclusive" if status == "pass" and high >= limit else status  # exactly at the limit
    words = {
        "pass": "cheaper than the champion",
        "fail": "not cheaper than the champion"
        if mean >= 0
        else "cheaper than the champion by less than the least benefit (gates.least_benefit)",
        "inconclusive": "cheaper on these rows, but about "
        f"{rows_needed(len(difference), low, high, mean, limit)} rows are needed for a conclusive result",
    }
    at_once = f", which holds for {compared} candidates at once" if compared > 1 else ""
    message = (
        f"{words[status]}: {mean:+.3f} a decision ({plan.gates.confidence:.0%} interval {low:+.3f} to {high:+.3f}"
        f"{at_once}; limit {limit:+.3f})"
    )
    evidence = {"difference": mean, "low": low, "high": high, "limit": limit, "rows": len(difference)}
    return GateResult("cost", status, message, evidence, inconclusive_blocks=plan.gates.inconclusive_blocks)


def refresh_gate(rows: Rows, champion: Reference, candidate: Evaluation, plan: Plan) -> GateResult:
    """Judge the champion's recipe, fitted anew, beside the champion as it is deployed, on rows new to the champion.

    It passes when the whole interval of the difference is below `max_cost_increase` (non-inferiority).
    """
    new, limit, blocks = int(champion.is_new.sum()), plan.gates.max_cost_increase, plan.gates.inconclusive_blocks
    if new < plan.gates.minimum_new_rows:
        message = (
            f"a refresh of the champion: {new} rows are new to it; {plan.gates.minimum_new_rows} are needed "
            "(gates.minimum_new_rows)"
        )
        return GateResult("cost", "inconclusive", message, {"new_rows": new}, inconclusive_blocks=True)
    mean, low, high = compare_on(champion.is_new, rows, candidate, champion.deployed, plan)
    status = compare_interval(low, high, limit)
    words = {"pass": "not dearer than", "fail": "dearer than", "inconclusive": "perhaps dearer than"}[status]
    message = (
        f"a refresh, {words} the champion as it is deployed on {new} rows new to it: {mean:+.3f} a decision "
        f"({plan.gates.confidence:.0%} interval {low:+.3f} to {high:+.3f}; limit {limit:+.3f})"
    )
    if status == "inconclusive":
        message += f"; about {rows_needed(new, low, high, mean, limit)} new rows are needed for a conclusive result"
    evidence = {"difference": mean, "low": low, "high": high, "limit": limit, "new_rows": new}
    return GateResult("cost", status, message, evidence, inconclusive_blocks=blocks)


def compare_on(
    kept: NDArray[np.bool_], rows: Rows, candidate: Evaluation, other: Evaluation, plan: Plan
) -> tuple[float, float, float]:
    """Return mean and interval of the candidate's cost minus that of another model, on some of the rows."""
    differences = cost_differences(candidate, other)[:, kept]
    weights, difference = rows.weights[kept], differences.mean(axis=0)
    spread = spread_of(differences, weights)
    low, high = mean_interval(difference, plan, units=rows.units[kept], weights=weights, spread=spread)
    return float(np.average(difference, weights=weights)), low, high


def cost_differences(candidate: Evaluation, champion: Evaluation) -> NDArray[np.float64]:
    """Return the differences in cost of n rows in each of R assignments, shape (R, n)."""
    others = champion.assignments if champion.repeats else (champion,) * len(candidate.assignments)
    return np.array([one.cost - other.cost for one, other in zip(candidate.assignments, others, strict=True)])


def spread_of(differences: NDArray[Any], weights: NDArray[Any]) -> float:
    """Return the standard error that the choice of R assignments leaves in their mean."""
    means = np.average(differences, axis=1, weights=weights)
    return float(means.std(ddof=1) / math.sqrt(len(means))) if len(means) > 1 else 0.0


def _with_new_rows(
    result: GateResult, rows: Rows, champion: Reference, candidate: Evaluation, plan: Plan
) -> GateResult:
    """Return the result of a replacement, refused if it is dearer than the deployed champion on rows new to that."""
    new = int(champion.is_new.sum())
    if not champion.digest or new < plan.gates.minimum_new_rows:
        return result
    mean, low, high = compare_on(champion.is_new, rows, candidate, champion.deployed, plan)
    evidence = {**result.evidence, "new_rows": {"rows": new, "difference": mean, "low": low, "high": high}}
    status: Status = "fail" if low > 0 else result.status
    message = f"{result.message}; on {new} rows new to the deployed champion {mean:+.3f} ({low:+.3f} to {high:+.3f})"
    return GateResult("cost", status, message, evidence, inconclusive_blocks=result.inconclusive_blocks)
