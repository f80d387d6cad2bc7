"""Gates: what a candidate must show, on the rows the champion answers too, before it may serve.

Every limit is in `plan.toml`. A gate judges an interval, not a point: it fails when the whole interval
is over the limit, passes when it is under, and says so when the rows do not tell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..verdict import Verdict, interval_status
from .calibration import calibration_gate
from .fairness import gap
from .interval import mean_interval
from .slices import slices_gate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ..objective import Objective
    from ..plan import Plan
    from .evaluate import Rows


def judge(
    rows: Rows, candidate: NDArray[Any], champion: NDArray[Any], objective: Objective, plan: Plan
) -> list[Verdict]:
    """Return the verdict of every gate on what two models say of n rows they have not seen."""
    before = objective.cost(rows.truth, champion)
    paired = objective.cost(rows.truth, candidate) - before
    return [
        cost_gate(paired, plan),
        slices_gate(rows, paired, before, plan),
        calibration_gate(rows.truth, candidate, objective, plan),
        *group_gates(rows, candidate, objective, plan),
    ]


def cost_gate(paired: NDArray[Any], plan: Plan) -> Verdict:
    """Judge the cost of each row under the candidate less that under the champion, shape (n,).

    It passes when the candidate was cheaper and the whole bootstrap interval stays under
    `max_cost_increase`: cheaper here, and not worse elsewhere.
    """
    limit, mean = plan.gates.max_cost_increase, float(paired.mean())
    low, high = mean_interval(paired, plan)
    status = interval_status(low, high, limit)
    numbers = (
        f"{mean:+.3f} a decision ({plan.gates.confidence:.0%} interval {low:+.3f} to {high:+.3f}, limit {limit:+.3f})"
    )
    evidence = {"difference": mean, "low": low, "high": high, "limit": limit, "rows": len(paired)}
    if mean >= 0:
        return Verdict("cost", "fail", f"not cheaper than the champion: {numbers}", evidence)
    words = {
        "pass": "cheaper than the champion",
        "fail": "dearer than the champion",
        "inconclusive": f"cheaper here, but about {_rows_needed(len(paired), low, high, mean, limit)} rows would tell",
    }
    message, sure = f"{words[status]}: {numbers}", plan.gates.inconclusive_blocks
    return Verdict("cost", status, message, evidence, inconclusive_blocks=sure)


def group_gates(rows: Rows, raw: NDArray[Any], objective: Objective, plan: Plan) -> Iterator[Verdict]:
    """Judge the gap between groups in every rate that the plan limits, for every protected column."""
    for column in rows.groups:
        for rate, limit in plan.groups.limits.items():
            found = gap(*objective.rate(rate, rows.truth, raw), rows.groups[column], plan)
            yield _group_gate(str(column), rate, limit, found, plan)


def _group_gate(column: str, rate: str, limit: float, found: dict[str, Any], plan: Plan) -> Verdict:
    gate, words = f"{column}.{rate}", rate.replace("_", " ")
    if "gap" not in found:
        message = (
            f"{words} by {column}: fewer than two groups have {plan.groups.minimum_rows} rows to judge by "
            f"(groups.minimum_rows): {found['rows']}"
        )
        return Verdict(gate, "inconclusive", message, found, inconclusive_blocks=plan.gates.inconclusive_blocks)
    status = interval_status(found["low"], found["high"], limit)
    each = ", ".join(f"{value:.4g} ({group})" for group, value in found["by_group"].items())
    message = (
        f"{words} by {column} is {each}: a gap of {found['gap']:.4g} ({plan.gates.confidence:.0%} interval "
        f"{found['low']:.4g} to {found['high']:.4g}) against a limit of {limit:g}"
    )
    if status == "inconclusive":
        needed = _rows_needed(sum(found["rows"].values()), found["low"], found["high"], found["gap"], limit)
        message += f"; about {needed} rows would tell"
    evidence = {**found, "limit": limit}
    return Verdict(gate, status, message, evidence, inconclusive_blocks=plan.gates.inconclusive_blocks)


def _rows_needed(rows: int, low: float, high: float, centre: float, limit: float) -> str:
    # an interval narrows with the square root of the rows
    distance = abs(centre - limit)
    return f"{math.ceil(rows * ((high - low) / 2 / distance) ** 2):,}" if distance > 0 else "very many"
