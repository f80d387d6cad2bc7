"""Input drift: whether what the product was asked differs from what its model was trained on.

Two hypotheses for each column, the distribution of its values and its missing rate, hold at once for all columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ...core.binning import Bin, show_bin
from ...core.operations_plan import Drift
from ...core.result import GateResult, fail_if
from .reference import Reference, Values, count_window
from .significance import (
    Comparison,
    adjust_holm,
    combine,
    compare_locations,
    compare_shares,
    compare_upper_spreads,
    find_excess,
)

LATEST = 0.1  # the share of a window that is also compared by itself: a change in it is diluted in the whole
TAILS = 2  # bins of each tail of a number

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """That a column is as it was: its values, or its missing rate."""

    gate: str
    column: str
    text: str
    comparison: Comparison


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
        for hypothesis in _compare_column(reference, name, counts[name], recent[name], drift.limit)
    ]
    adjusted = adjust_holm([hypothesis.comparison.p for hypothesis in found])
    for hypothesis, p in zip(found, adjusted, strict=True):
        effect, is_drift = hypothesis.comparison.effect, p < drift.level
        evidence = {"column": hypothesis.column, "rows": rows, "p": p, "effect": effect, "limit": drift.limit}
        message = f"{hypothesis.text} (effect {effect:.3f}, limit {drift.limit:g}; adjusted p {p:.2g})"
        yield GateResult(hypothesis.gate, fail_if(is_drift), message, evidence)


def _compare_column(reference: Reference, name: str, now: Counts, latest: Counts, limit: float) -> Iterator[Hypothesis]:
    bins, then = reference.bins[name], reference.counts[name]
    is_value = np.array([not each.missing for each in bins])
    values = now[is_value], then[is_value], latest[is_value]
    if is_value.sum() > 1 and values[0].sum():
        comparison = compare_values(list(compress(bins, is_value)), *values, limit)
        yield Hypothesis(f"drift.{name}", name, _describe(name, list(compress(bins, is_value)), *values), comparison)
    if reference.measures_missing(name) and (now[~is_value].sum() or then[~is_value].sum()):
        pair = [np.array([counts[~is_value].sum(), counts[is_value].sum()]) for counts in (now, then)]
        test = combine([(0.5, find_excess(*_sums(pair))), (0.5, compare_shares(*pair))], limit)
        share, old = (counts[0] / max(counts.sum(), 1) for counts in pair)
        yield Hypothesis(f"missing.{name}", name, f"{name} is missing in {share:.1%}, {old:.1%} in training", test)


def compare_values(bins: Sequence[Bin], now: Counts, then: Counts, latest: Counts, limit: float) -> Comparison:
    """Compare the values of a column; `latest` are the counts of the newest part of the window."""
    n, m = int(now.sum()), int(then.sum())
    if bins[0].category is not None:
        tests = [
            (0.5, compare_shares(now, then)),
            (0.3, find_excess(now.tolist(), then.tolist(), n, m)),
            (0.2, compare_shares(latest, then)),
        ]
        return combine(tests, limit)
    low, old_low = ([int(part[:end].sum()) for end in range(1, TAILS + 1)] for part in (now, then))
    high, old_high = ([int(part[-end:].sum()) for end in range(1, TAILS + 1)] for part in (now, then))
    tests = [
        (0.4, compare_locations(now, then)),
        (0.1, compare_shares(now, then)),
        (0.2, find_excess([*low, *high], [*old_low, *old_high], n, m)),
        (0.1, compare_upper_spreads(now, then)),
        (0.2, compare_locations(latest, then)),
    ]
    return combine(tests, limit)


def _sums(pair: Sequence[Counts]) -> tuple[list[int], list[int], int, int]:
    now, then = pair
    return [int(now[0])], [int(then[0])], int(now.sum()), int(then.sum())


def _describe(name: str, bins: Sequence[Bin], now: Counts, then: Counts, _latest: Counts) -> str:
    """Return the bin whose share changed most, in words."""
    shares, old = now / max(now.sum(), 1), then / max(then.sum(), 1)
    most = int(np.abs(shares - old).argmax())
    return f"{name}: {show_bin(bins[most])} in {shares[most]:.1%}, {old[most]:.1%} in training"
