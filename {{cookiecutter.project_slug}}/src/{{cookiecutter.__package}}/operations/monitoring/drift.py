"""Input drift: whether what the product was asked differs from what its model was trained on.

Two hypotheses for each column, the distribution of its values and its missing rate, hold at once for all columns.
"""

from collections.abc import Iterator, Mapping

from ...core.drift import Counts, compare_column
from ...core.operations_plan import Drift
from ...core.reference import Reference, Values, count_window
from ...core.result import GateResult, fail_if
from ...core.significance import adjust_holm

LATEST = 0.1  # the share of a window that is also compared by itself: a change in it is diluted in the whole
SHARE_OF_LEVEL = 0.2  # for joint drift and for predictions, so that all watches together stay near the plan's level


def input_drift(
    reference: Reference, window: Values, drift: Drift, counts: Mapping[str, Counts] | None = None
) -> Iterator[GateResult]:
    """Compare each column of a window, oldest row first, with the training table.

    `counts`: those of `count_window`, if they are known already.

    A column fails if its p-value is below the plan's level with Holm's correction for all columns **and** the effect,
    as a population stability index, is at least the plan's limit. What cannot differ is left out of the correction
    (Tarone, Biometrics 46, 1990).
    """
    counts = count_window(reference, window) if counts is None else counts
    rows = max(map(len, window.values()), default=0)
    latest = {name: values[rows - max(round(rows * LATEST), 1) :] for name, values in window.items()}
    recent = count_window(reference, latest)
    if rows < drift.minimum_rows:
        message = f"{rows} decisions, {drift.minimum_rows} are needed to measure drift"
        yield GateResult("drift", "inconclusive", message, {"rows": rows})
        return
    found = [
        hypothesis
        for name in sorted(counts)
        for hypothesis in compare_column(reference, name, counts[name], recent[name], drift.limit)
    ]
    adjusted = adjust_holm([hypothesis.comparison.p for hypothesis in found])
    for hypothesis, p in zip(found, adjusted, strict=True):
        effect, is_drift = hypothesis.comparison.effect, p < drift.level
        evidence = {"column": hypothesis.column, "rows": rows, "p": p, "effect": effect, "limit": drift.limit}
        message = f"{hypothesis.text} (effect {effect:.3f}, limit {drift.limit:g}; adjusted p {p:.2g})"
        yield GateResult(hypothesis.gate, fail_if(is_drift), message, evidence)
