"""CUSUM: a change too small for any one window, which many windows show together."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .operations_plan import Drift
from .reference import Reference
from .significance import normal_scores

WINDOWS = 40  # the latest ones: within so many, a false alarm is at most as likely as the plan's level
MINIMUM_EXPECTED = 10  # of a category, with and without it: the share of a rarer one is not normal
LARGEST_DEVIATION = 4.0  # standard deviations that one window adds at most: a sudden change is no slow drift
SLACK, REFERENCE_ERRORS = 0.5, 2.0  # standard deviations of a window, and of the reference, that are no drift
OVERSHOOT = 1.166  # of a random walk over a limit (Siegmund, "Sequential Analysis", 1985)

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]
Deviations = Mapping[str, Mapping[str, tuple[float, float]]]  # deviation and allowance by column and series


def find_sums(windows: Sequence[Deviations], level: float) -> tuple[dict[tuple[str, str], float], float]:
    """Return the sum after the latest window of each series that it has, by column and label, and their limit."""
    names = [(column, label) for column, series in windows[-1].items() for label in series]
    paths = {name: cusum(collect(windows, *name)) for name in names}
    return {name: max(map(abs, path[-1])) for name, path in paths.items()}, find_limit(len(names), level)


def collect(windows: Sequence[Deviations], column: str, label: str) -> list[tuple[float, float]]:
    """Return one series: the deviation and the allowance of each window that has it."""
    return [window[column][label] for window in windows if label in window.get(column, {})]


def deviations(reference: Reference, counts: Mapping[str, Counts], drift: Drift) -> Deviations:
    """Return by column and series how far a window is from the reference, and how far chance may take it.

    Both are in standard deviations. A number has one series, "", of its location; a category one for the share of each
    value; the missing values of a column are one more series. Shares of which too few are expected are left out.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for name in sorted(counts):
        for column, label, value, rows in _deviations(reference, name, counts[name]):
            found.setdefault(column, {})[label] = value, _allowance(reference, drift, rows)
    return found


def cusum(series: Sequence[tuple[float, float]], start: float = 0.0) -> list[tuple[float, float]]:
    """Return the upper and the lower sum after each window.

    What one window adds is limited (Lucas and Crosier, "Robust CUSUM", Communications in Statistics 11, 1982).
    """
    high = low = start
    path = []
    for value, allowance in series:
        added = min(max(value, -LARGEST_DEVIATION), LARGEST_DEVIATION)
        high, low = max(0.0, high + added - allowance), min(0.0, low + added + allowance)
        path.append((high, low))
    return path


def find_limit(series: int, level: float) -> float:
    """Return the limit that one of `series` two-sided sums exceeds within WINDOWS windows with at most this chance.

    From Siegmund's approximation of the average run length without drift, (exp(2kb) - 2kb - 1) / 2k^2, and Bonferroni's
    inequality.
    """
    wanted = WINDOWS * 2 * max(series, 1) / level
    return math.log(wanted * 2 * SLACK**2 + 1) / (2 * SLACK) - OVERSHOOT


def _deviations(reference: Reference, name: str, counts: Counts) -> Iterator[tuple[str, str, float, float]]:
    bins, then, now = reference.bins[name], reference.counts[name].astype(float), counts.astype(float)
    is_value = np.array([not each.missing for each in bins])
    if not is_value.all():
        yield from _deviation_of_share((f"missing {name}", ""), now, then, ~is_value)
    now, then, bins = now[is_value], then[is_value], [each for each in bins if not each.missing]
    if not (now.sum() and then.sum()):
        return
    if bins[0].category is not None:
        for place, each in enumerate(bins):
            yield from _deviation_of_share((name, str(each.category)), now, then, np.arange(len(bins)) == place)
    elif len(bins) > 1:
        scores = normal_scores(then / then.sum())
        centre = then @ scores / then.sum()
        spread = math.sqrt(then @ (scores - centre) ** 2 / then.sum()) or 1.0
        shift = (now @ scores / now.sum() - centre) / spread
        yield name, "", float(shift * math.sqrt(now.sum())), float(now.sum())


def _allowance(reference: Reference, drift: Drift, rows: float) -> float:
    chance = SLACK + REFERENCE_ERRORS * math.sqrt(rows / max(reference.rows, 1))
    return max(chance, math.sqrt(drift.limit * rows) / 4)


def _deviation_of_share(
    series: tuple[str, str], now: Vector, then: Vector, chosen: NDArray[np.bool_]
) -> Iterator[tuple[str, str, float, float]]:
    """Yield the deviation of a share, unless too few are expected for it to be normal."""
    rows, share = now.sum(), then[chosen].sum() / max(then.sum(), 1)
    if rows * min(share, 1 - share) >= MINIMUM_EXPECTED:
        value = (now[chosen].sum() - rows * share) / math.sqrt(rows * share * (1 - share))
        yield *series, float(value), float(rows)
