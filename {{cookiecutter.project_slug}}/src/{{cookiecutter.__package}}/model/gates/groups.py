"""The group gates: rates must not differ much between the groups of a protected column."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.objective import Evaluation, Objective
from ...core.plan import Plan
from ...core.result import GateResult, Status
from ..evaluate import Rows
from ..intervals import Means, constant_variance, estimate_means, rows_needed, simultaneous_intervals, single_intervals

MAX_GROUPS = 50  # of a column; pairs of more are too many to compare, and the largest groups are kept
MINIMUM_SEEN = 20  # rows of a group that is too small to be shown equal, and large enough to be shown unequal


def group_gates(rows: Rows, candidates: Sequence[Evaluation], objective: Objective, plan: Plan) -> Iterator[GateResult]:
    """Judge the gap between groups in every rate that the plan limits, for every protected column.

    `candidates`: one evaluation of the n rows for each assignment of rows to folds.
    """
    for column in rows.groups:
        for rate, limit in plan.groups.limits.items():
            found = measure_gap(rate, rows, candidates, objective, rows.groups[column], plan)
            yield _judge_gap(str(column), rate, limit, found, plan)


def measure_gap(
    rate: str, rows: Rows, candidates: Sequence[Evaluation], objective: Objective, group: Any, plan: Plan
) -> dict[str, Any]:
    """Return the rate of each group, the largest gap, its bounds, and the rows each group has.

    The lower bound holds for the gaps of all pairs at once, so that the largest of many gaps is not taken for a fault
    that is there by chance. The upper bound is the largest of all pairs, each by itself: if all gaps are under the
    limit, so is the largest (the intersection-union principle; Berger, Technometrics 24, 1982).

    Groups under the plan's minimum size have no part in the upper bound, which so few rows cannot bring under a limit;
    those of `MINIMUM_SEEN` rows have a part in the lower one.
    """
    pairs = [objective.rate(rate, rows.truth, candidate.choices) for candidate in candidates]
    counted, values = pairs[0][1], np.stack([found for found, _ in pairs], axis=1)
    units = pd.Series(rows.units[counted]).groupby(group[counted].to_numpy()).nunique()
    sizes = units.sort_values(ascending=False, kind="stable")
    names = [name for name in sizes.index[:MAX_GROUPS] if sizes[name] >= min(MINIMUM_SEEN, plan.groups.minimum_rows)]
    large = [name for name in names if sizes[name] >= max(plan.groups.minimum_rows, 2)]
    found: dict[str, Any] = {"rows": {str(name): int(count) for name, count in sizes.items()}}
    found["small"] = [str(name) for name in sizes.index if name not in large]
    if len(large) <= 1:
        return found
    members = (group.to_numpy()[:, None] == np.array(names, dtype=object)) & counted[:, None]
    means = _estimate_rates(values, members, rows, is_share=rate.endswith("_rate"))
    differences, contrasts = means.differences()
    gaps, (low, high) = np.abs(differences.centres), simultaneous_intervals(differences, plan)
    _, single = single_intervals(Means(gaps, differences.covariance, differences.units), plan)
    bounds = np.clip(single_intervals(means, plan), *((0, 1) if rate.endswith("_rate") else (-np.inf, np.inf)))
    compared = np.array([max(pair) < len(large) for pair in contrasts])
    widest = int(np.where(compared, single, -np.inf).argmax())
    return found | {
        "by_group": dict(zip(map(str, names), means.centres.tolist(), strict=True)),
        "bounds": dict(zip(map(str, names), bounds.T.tolist(), strict=True)),
        "gap": float(gaps[compared].max()),
        "low": float(np.maximum(low, -high).clip(0).max()),
        "high": float(single[widest]),
        "widest": [str(names[place]) for place in contrasts[widest]],
        "widest_gap": float(gaps[widest]),
    }


def _estimate_rates(values: NDArray[Any], members: NDArray[np.bool_], rows: Rows, *, is_share: bool) -> Means:
    """Return the rate of each group, averaged over assignments: `values` has shape (n, assignments)."""
    means = estimate_means(values.mean(axis=1), members, units=rows.units, weights=rows.weights)
    if is_share:
        means = means.widen(constant_variance(means.units))
    assigned = (rows.weights[:, None] * members).T @ values / (rows.weights @ members)[:, None]
    if values.shape[1] > 1:
        means = means.widen(means.covariance.diagonal() + assigned.var(axis=1, ddof=1) / values.shape[1])
    return means


def _judge_gap(column: str, rate: str, limit: float, found: dict[str, Any], plan: Plan) -> GateResult:
    what, blocks = f"{rate.replace('_', ' ')} by {column}", plan.gates.inconclusive_blocks
    evidence = {**found, "limit": limit}
    if "gap" not in found:
        needed = f"the {plan.groups.minimum_rows} rows needed (groups.minimum_rows)"
        message = f"{what}: fewer than two groups have {needed}: {found['rows']}"
        return GateResult(f"{column}.{rate}", "inconclusive", message, evidence, inconclusive_blocks=blocks)
    gap, low, high = found["gap"], found["low"], found["high"]
    status: Status = "fail" if low > limit else "pass" if high <= limit else "inconclusive"
    each = ", ".join(f"{value:.4g} ({group})" for group, value in found["by_group"].items())
    message = (
        f"{what} is {each}: a gap of {gap:.4g} ({plan.gates.confidence:.0%} interval {low:.4g} to {high:.4g}) "
        f"against a limit of {limit:g}"
    )
    if status == "inconclusive":
        one, other = found["widest"]
        rows, centre = found["rows"][one] + found["rows"][other], found["widest_gap"]
        needed = rows_needed(rows, 2 * centre - high, high, centre, limit)
        message += f"; about {needed} rows of {other} and {one} that count for this rate are needed to conclude"
    if found["small"]:
        few = ", ".join(f"{group} ({found['rows'][group]})" for group in found["small"])
        message += f"; too few rows to be shown equal (groups.minimum_rows = {plan.groups.minimum_rows}): {few}"
    return GateResult(f"{column}.{rate}", status, message, evidence, inconclusive_blocks=blocks)
