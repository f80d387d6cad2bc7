"""Drift: whether a column is as it was, by the counts of its values in bins.

Two hypotheses for each column: the distribution of its values, and its missing rate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from .binning import Bin, show_bin
from .reference import Reference
from .significance import (
    NOTHING,
    Comparison,
    combine,
    compare_locations,
    compare_shares,
    compare_upper_spreads,
    find_excess,
)

TAILS = 2  # bins of each tail of a number

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """That a column is as it was: its values, or its missing rate."""

    gate: str
    column: str
    text: str
    comparison: Comparison


def compare_column(
    reference: Reference, name: str, now: Counts, latest: Counts | None, limit: float
) -> Iterator[Hypothesis]:
    """Compare the values of a column, and how many are missing, with a reference.

    `latest`: the counts of the newest part of the rows, in which a change shows that is diluted in all of them.
    """
    bins, then = reference.bins[name], reference.counts[name]
    is_value = np.array([not each.missing for each in bins])
    values = now[is_value], then[is_value]
    if is_value.sum() > 1 and values[0].sum():
        kept = list(compress(bins, is_value))
        recent = None if latest is None else latest[is_value]
        comparison = compare_values(kept, *values, recent, limit)
        yield Hypothesis(f"drift.{name}", name, f"{name}: {_describe(kept, *values)} in {reference.name}", comparison)
    if reference.measures_missing(name) and (now[~is_value].sum() or then[~is_value].sum()):
        pair = [np.array([counts[~is_value].sum(), counts[is_value].sum()]) for counts in (now, then)]
        test = combine([(0.5, find_excess(*_sums(pair))), (0.5, compare_shares(*pair))], limit)
        share, old = (counts[0] / max(counts.sum(), 1) for counts in pair)
        text = f"{name} is missing in {share:.1%}, {old:.1%} in {reference.name}"
        yield Hypothesis(f"missing.{name}", name, text, test)


def compare_values(bins: Sequence[Bin], now: Counts, then: Counts, latest: Counts | None, limit: float) -> Comparison:
    """Compare the values of a column; `latest` are the counts of the newest part of the window, if it has one."""
    n, m = int(now.sum()), int(then.sum())
    if bins[0].category is not None:
        tests = [
            (0.5, compare_shares(now, then)),
            (0.3, find_excess(now.tolist(), then.tolist(), n, m)),
            (0.2, NOTHING if latest is None else compare_shares(latest, then)),
        ]
        return combine(tests, limit)
    low, old_low = ([int(part[:end].sum()) for end in range(1, TAILS + 1)] for part in (now, then))
    high, old_high = ([int(part[-end:].sum()) for end in range(1, TAILS + 1)] for part in (now, then))
    tests = [
        (0.4, compare_locations(now, then)),
        (0.1, compare_shares(now, then)),
        (0.2, find_excess([*low, *high], [*old_low, *old_high], n, m)),
        (0.1, compare_upper_spreads(now, then)),
        (0.2, NOTHING if latest is None else compare_locations(latest, then)),
    ]
    return combine(tests, limit)


def _sums(pair: Sequence[Counts]) -> tuple[list[int], list[int], int, int]:
    now, then = pair
    return [int(now[0])], [int(then[0])], int(now.sum()), int(then.sum())


def _describe(bins: Sequence[Bin], now: Counts, then: Counts) -> str:
    """Return the bin whose share changed most, in words."""
    shares, old = now / max(now.sum(), 1), then / max(then.sum(), 1)
    most = int(np.abs(shares - old).argmax())
    return f"{show_bin(bins[most])} in {shares[most]:.1%}, {old[most]:.1%}"
