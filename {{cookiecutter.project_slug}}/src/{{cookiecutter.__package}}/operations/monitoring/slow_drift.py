"""Slow drift: a change too small for any one window, which the kept windows show together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...core.cusum import WINDOWS, Deviations, find_sums
from ...core.operations_plan import Drift
from ...core.result import GateResult

GATE = "slow drift"


def slow_drift(now: Mapping[str, Any], history: Sequence[Mapping[str, Any]], drift: Drift) -> Iterator[GateResult]:
    """Run a CUSUM over the windows of one champion, the latest one last, for the location or shares of every column.

    `now`: the statistics of the latest window; `history`: kept windows. The CUSUM (Page, "Continuous Inspection
    Schemes", Biometrika 41, 1954) adds up by how much each window deviates from the training table of its time beyond
    what chance and a shift that does not matter explain. Windows share the error of that table, so that it is allowed
    for. With another champion the sums start anew: it was trained on what had changed by then.
    """
    kept = [*windows_of(now["champion"], history), now["deviations"]]
    if len(kept) <= 1:
        message = f"slow drift: {len(kept)} window of {now['champion']} so far, 2 are needed"
        yield GateResult(GATE, "inconclusive", message, {"windows": len(kept)})
        return
    found, limit = find_sums(kept, drift.level)
    sums = {f"{column} {label}".strip(): value for (column, label), value in found.items()}
    failing = sorted((name for name in sums if sums[name] > limit), key=lambda name: -sums[name])
    evidence = {"windows": len(kept), "limit": limit, "sums": sums, "failing": failing}
    if not failing:
        text = f"slow drift: no column moves, over {len(kept)} windows"
        yield GateResult(GATE, "pass", text, evidence)
        return
    moved = ", ".join(failing[:3]) + (f" and {len(failing) - 3} more" if len(failing) > 3 else "")  # noqa: PLR2004
    text = f"slow drift: {moved} moved over {len(kept)} windows (CUSUM {sums[failing[0]]:.1f}, limit {limit:.1f})"
    yield GateResult(GATE, "fail", text, evidence)


def windows_of(champion: str, history: Sequence[Mapping[str, Any]]) -> list[Deviations]:
    """Return the deviations of the latest windows in which this model was the champion."""
    found = [window["statistics"] for window in history]
    return [each["deviations"] for each in found if each.get("champion") == champion][-WINDOWS + 1 :]
