"""Retraining: asked for when enough of the kept windows are violated, and the latest is. One bad hour is no reason."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.operations_plan import Monitor
from ...core.result import GateResult
from .faults import DATA, MODEL, kind_of


def violations(results: Sequence[GateResult]) -> list[str]:
    """Return the failing watches that a new model may help against: those of data and of the model."""
    return [result.gate for result in results if result.status == "fail" and kind_of(result.gate) in {DATA, MODEL}]


def ask_retraining(history: Sequence[Mapping[str, Any]], latest: Sequence[str], plan: Monitor) -> dict[str, Any]:
    """Return whether to retrain, and why; `latest`: the violations of the window that was looked at.

    `history`: the kept windows, latest last; the window that was looked at is the last of them if it was kept.
    """
    recent = [bool(window["results"].get("violations")) for window in history[-plan.windows :]]
    count, is_wanted = sum(recent), bool(latest) and sum(recent) >= plan.violated
    reason = f"{count} of the last {len(recent)} kept windows are violated, and the latest is{'' if latest else ' not'}"
    reason += f"; retraining is asked for at {plan.violated} of {plan.windows} and the latest"
    return {"wanted": is_wanted, "violated": count, "windows": len(recent), "reason": reason, "by": sorted({*latest})}
