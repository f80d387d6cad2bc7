"""The group gates: rates must not differ much between the groups of a protected column."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, mean_prediction
from numpy.typing import NDArray

from ...core.objective import Evaluation, Objective
from ...core.plan import Plan
from ...core.result import GateResult, Status, compare_interval
from ..evaluate import Rows
from ..intervals import gap_interval, rows_needed


def group_gates(rows: Rows, candidate: Evaluation, objective: Objective, plan: Plan) -> Iterator[GateResult]:
    """Judge the gap between groups in every rate that the plan limits, for every protected column."""
    candidate = candidate[0] if isinstance(candidate, tuple) else candidate
    for column in rows.groups:
        for rate, limit in plan.groups.limits.items():
            found = measure_gap(*objective.rate(rate, rows.truth, candidate.choices), rows.groups[column], plan)
            yield _judge_gap(str(column), rate, limit, found, plan)


def measure_gap(values: NDArray[Any], counted: NDArray[np.bool_], group: Any, plan: Plan) -> dict[str, Any]:
    """Return the rate of each group, the largest gap, its bootstrap interval, and the rows each group has.

    `values`: n values whose mean is the rate; `counted`: which of the n rows it is counted over;
    `group`: the group of each row, a pandas Series. Groups under the plan's minimum size are left out, because
    differences between small groups are biased upward; with fewer than two left there is no gap.
    """
    sizes = group[counted].value_counts()
    large = sizes[sizes >= plan.groups.minimum_rows].index
    rows = {str(name): int(count) for name, count in sizes.items()}
    if len(large) <= 1:
        return {"rows": rows}
    kept = counted & group.isin(large).to_numpy()
    names, values = group[kept].to_numpy(), values[kept]
    frame = MetricFrame(metrics=mean_prediction, y_true=values, y_pred=values, sensitive_features=names)
    # MetricFrame's own bootstrap gives the same interval in a hundred times the time
    low, high = gap_interval([values[names == name] for name in large], plan)
    by_group = {str(name): float(value) for name, value in frame.by_group.items()}
    return {"by_group": by_group, "gap": float(frame.difference()), "low": low, "high": high, "rows": rows}


def _judge_gap(column: str, rate: str, limit: float, found: dict[str, Any], plan: Plan) -> GateResult:
    what = f"{rate.replace('_', ' ')} by {column}"
    status: Status = "inconclusive"
    if "gap" not in found:
        needed = f"the {plan.groups.minimum_rows} rows needed (groups.minimum_rows)"
        message = f"{what}: fewer than two groups have {needed}: {found['rows']}"
    else:
        gap, low, high = found["gap"], found["low"], found["high"]
        status = compare_interval(low, high, limit)
        each = ", ".join(f"{value:.4g} ({group})" for group, value in found["by_group"].items())
        message = (
            f"{what} is {each}: a gap of {gap:.4g} ({plan.gates.confidence:.0%} interval {low:.4g} to {high:.4g}) "
            f"against a limit of {limit:g}"
        )
        if status == "inconclusive":
            counted = sum(found["rows"][group] for group in found["by_group"])
            needed = rows_needed(counted, low, high, gap, limit)
            message += f"; about {needed} rows that count for this rate are needed for a conclusive result"
    blocks = plan.gates.inconclusive_blocks
    return GateResult(f"{column}.{rate}", status, message, {**found, "limit": limit}, inconclusive_blocks=blocks)
