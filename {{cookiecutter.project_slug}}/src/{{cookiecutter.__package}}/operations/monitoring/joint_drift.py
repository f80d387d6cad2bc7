"""Joint drift: whether columns still depend on each other as in training, though each by itself may be as it was.

A join of the wrong rows upstream shuffles columns against each other: no column drifts, and every model fails.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ...core.plan import Drift
from ...core.result import GateResult
from ...core.schema import Column
from .reference import Values
from .significance import adjust_holm

MAX_COLUMNS = 40  # of a table, those that come first: 40 columns are 780 pairs
MAX_CATEGORIES = 6  # of a column, the most frequent ones
MINIMUM_SEEN = 20  # of a category in each sample: the products of rarer ones are not normal
MAX_ROWS = 5_000  # of each sample; more rows take longer and find nothing that matters
GATE = "joint"

Vector = NDArray[np.float64]


def joint_drift(sample: Values, window: Values, columns: Sequence[Column], drift: Drift) -> Iterator[GateResult]:
    """Compare the correlation of each pair of columns in a window with that in a sample of the training table.

    Numbers are taken as normal scores of their ranks, and as the distance of these from the median, so that a shift
    of one column changes nothing and U-shaped dependence is seen; categories as indicators. A pair fails if the
    difference of its mean products is beyond chance, at the plan's level with Holm's correction for all pairs, and if
    the square of the difference is at least the plan's limit.
    """
    used = [column for column in columns if column.kind != "text"][:MAX_COLUMNS]
    rows, then = (min(len(next(iter(values.values()), [])), MAX_ROWS) for values in (window, sample))
    if min(rows, then) < drift.minimum_rows or len(used) <= 1:
        message = f"joint drift: {rows} decisions of {len(used)} columns, {drift.minimum_rows} of 2 are needed"
        yield GateResult(GATE, "inconclusive", message, {"rows": rows})
        return
    encoded = [_encode(column, window[column.name][-rows:], sample[column.name][:then]) for column in used]
    found = []
    for (one, name), (other, partner) in combinations(zip(encoded, [c.name for c in used], strict=True), 2):
        found += [(f"{name} and {partner}", *_compare(*one_of, *other_of)) for one_of in one for other_of in other]
    adjusted = adjust_holm([p for _, p, _ in found])
    failing = {
        pair: difference
        for (pair, _, difference), p in zip(found, adjusted, strict=True)
        if p < drift.level and difference**2 >= drift.limit
    }
    evidence = {"rows": rows, "pairs": len(found), "changed": sorted(failing), "p": min(adjusted, default=1.0)}
    if not failing:
        message = f"joint drift: columns depend on each other as in training, {rows} decisions"
        yield GateResult(GATE, "pass", message, evidence)
        return
    worst = max(failing, key=lambda pair: abs(failing[pair]))
    message = f"joint drift: {worst} depend on each other in another way (correlation moved by {failing[worst]:+.2f})"
    more = f"; so do {len(failing) - 1} other pairs" if len(failing) > 1 else ""
    yield GateResult(GATE, "fail", f"{message}{more}; look for rows that were joined wrongly", evidence)


def _encode(column: Column, window: Sequence[object], sample: Sequence[object]) -> list[tuple[Vector, Vector]]:
    """Return standardised variables of a column: pairs of arrays, of the window and of the sample."""
    if column.categories:
        counts = {name: sum(value == name for value in sample) for name in column.categories}
        common = sorted(counts, key=lambda name: -counts[name])[: MAX_CATEGORIES if len(counts) > 2 else 1]  # noqa: PLR2004
        pairs = [tuple(_indicator(values, name) for values in (window, sample)) for name in common]
    else:
        pairs = list(zip(_ranked(window), _ranked(sample), strict=True))
    return [(one, other) for one, other in pairs if one.any() and other.any()]


def _indicator(values: Sequence[object], category: str) -> Vector:
    """Return whether each value is the category, standardised; zeros if too few or too many are."""
    found = np.array([value == category for value in values], dtype=np.float64)
    seen = min(found.sum(), len(found) - found.sum())
    return (found - found.mean()) / found.std() if seen >= MINIMUM_SEEN else np.zeros(len(found))


def _ranked(values: Sequence[object]) -> tuple[Vector, Vector]:
    """Return normal scores of mid-ranks and their distances from the median, standardised; 0 where one is missing."""
    found = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    known = ~np.isnan(found)
    scores, distances = np.zeros(len(found)), np.zeros(len(found))
    if known.sum() < MINIMUM_SEEN or np.ptp(found[known]) == 0:
        return scores, distances
    _, places, counts = np.unique(found[known], return_inverse=True, return_counts=True)
    scores[known] = ndtri(((np.cumsum(counts) - counts / 2) / counts.sum())[places])
    distances[known] = np.abs(scores[known])
    return _standardise(scores, known), _standardise(distances, known)


def _standardise(values: Vector, known: NDArray[np.bool_]) -> Vector:
    spread = values[known].std()
    found = np.zeros(len(values))
    if spread > 0:
        found[known] = (values[known] - values[known].mean()) / spread
    return found


def _compare(one_now: Vector, one_then: Vector, other_now: Vector, other_then: Vector) -> tuple[float, float]:
    """Return the p-value and the difference of two mean products, whose variances may differ (Welch)."""
    now, then = one_now * other_now, one_then * other_then
    difference = float(now.mean() - then.mean())
    error = np.sqrt(now.var() / len(now) + then.var() / len(then))
    return (float(2 * ndtr(-abs(difference) / error)) if error > 0 else 1.0), difference
