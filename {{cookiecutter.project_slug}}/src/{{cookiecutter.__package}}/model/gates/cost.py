"""The cost gate: a candidate has to cost less than the champion, and must not cost more elsewhere."""

from typing import Any

from numpy.typing import NDArray

from ...core.plan import Plan
from ...core.result import GateResult, compare_interval
from ..intervals import mean_interval, rows_needed


def cost_gate(difference: NDArray[Any], plan: Plan) -> GateResult:
    """Judge the candidate's cost minus the champion's for each of n rows, shape (n,).

    It passes when the mean is below zero and the whole bootstrap interval stays under `max_cost_increase`.
    """
    limit, mean = plan.gates.max_cost_increase, float(difference.mean())
    low, high = mean_interval(difference, plan)
    words = {
        "pass": "cheaper than the champion",
        "fail": "not cheaper than the champion",
        "inconclusive": "cheaper on these rows, but about "
        f"{rows_needed(len(difference), low, high, mean, limit)} rows are needed for a conclusive result",
    }
    status = "fail" if mean >= 0 else compare_interval(low, high, limit)
    message = (
        f"{words[status]}: {mean:+.3f} a decision ({plan.gates.confidence:.0%} interval {low:+.3f} to {high:+.3f}, "
        f"limit {limit:+.3f})"
    )
    evidence = {"difference": mean, "low": low, "high": high, "limit": limit, "rows": len(difference)}
    return GateResult("cost", status, message, evidence, inconclusive_blocks=plan.gates.inconclusive_blocks)
