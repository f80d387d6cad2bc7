"""Tests of two samples by their counts in bins: a window of n rows, and a reference of m.

Each test gives a p-value, valid for any n and m, and an effect size in units of the population stability index.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, chdtrc, ndtr, ndtri, stdtrit

MINIMUM_EXPECTED = 5  # values of a bin; rarer ones are merged (Cochran, Biometrics 10, 1954)
SMALLEST_SHARE = 1e-4  # of a bin that is empty in one sample, for the stability index

Counts = NDArray[np.int64]
Vector = NDArray[np.float64]


class Comparison(NamedTuple):
    """The p-value of a comparison, and the size of the effect."""

    p: float
    effect: float


NOTHING = Comparison(1.0, 0.0)


def compare_shares(now: Counts, then: Counts) -> Comparison:
    """Compare the shares of all bins, by the chi-square test of two samples.

    The effect is the population stability index (Siddiqi, "Credit Risk Scorecards", 2006). Under no drift it is about
    chi-square with bins - 1 degrees of freedom times (1/n + 1/m), so that its usual limits are reached by chance in
    small windows (Yurdakul, "Statistical Properties of Population Stability Index", 2018).
    """
    now, then = merge_rare(now, then)
    n, m = now.sum(), then.sum()
    if len(now) <= 1 or min(n, m) == 0:
        return NOTHING
    pooled = (now + then) / (n + m)
    statistic = ((now / n - then / m) ** 2 / pooled).sum() / (1 / n + 1 / m)
    return Comparison(float(chdtrc(len(now) - 1, statistic)), stability_index(now, then))


def compare_locations(now: Counts, then: Counts) -> Comparison:
    """Compare the location of ordered bins, by van der Waerden's normal scores of their mid-ranks.

    It is nearly as strong as a test of means for normal values, and outliers do not weaken it (Lehmann,
    "Nonparametrics", 1975). The effect is the squared shift in standard deviations.
    """
    return _compare_scores(now, then, lambda scores: scores)


def compare_upper_spreads(now: Counts, then: Counts) -> Comparison:
    """Compare how far values above the median of ordered bins lie from it, by squared normal scores (Klotz, 1962)."""
    return _compare_scores(now, then, lambda scores: np.where(scores > 0, scores**2, 0.0))


def find_excess(now: Sequence[int], then: Sequence[int], n: int, m: int) -> Comparison:
    """Test whether one of several kinds of values is more frequent than before; the effect is that of the clearest.

    Given their number in both samples, those of the window are at most binomial (Przyborowski and Wilenski, 1940). The
    p-value is corrected for the number of kinds (Bonferroni).
    """
    here, there = np.asarray(now), np.asarray(then)
    if not len(here) or min(n, m) == 0:
        return NOTHING
    p = np.where(here > 0, bdtrc(here - 1, here + there, n / (n + m)), 1.0)
    best = int(p.argmin())
    split = [np.array([count[best], total - count[best]]) for count, total in ((here, n), (there, m))]
    return Comparison(min(1.0, float(p[best]) * len(here)), stability_index(split[0], split[1]))


def combine(tests: Sequence[tuple[float, Comparison]], limit: float) -> Comparison:
    """Return one p-value of tests with weights that add up to 1 (weighted Bonferroni), and the effect of the clearest.

    A test whose effect is below the limit has no part: significance and size have to come from one test.
    """
    large = [Comparison(min(1.0, test.p / weight), test.effect) for weight, test in tests if test.effect >= limit]
    return min(large, default=Comparison(1.0, max((test.effect for _, test in tests), default=0.0)))


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that hold at once for all hypotheses (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(p_values)
    steps = np.sort(p_values) * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(p) for p in adjusted]


def stability_index(now: Counts, then: Counts) -> float:
    """Return the population stability index: the sum over bins of (now - then) * ln(now / then)."""
    shares, old = (np.maximum(counts / counts.sum(), SMALLEST_SHARE) for counts in (now, then))
    return float(((shares - old) * np.log(shares / old)).sum())


def merge_rare(now: Counts, then: Counts) -> tuple[Counts, Counts]:
    """Merge the bins in which the smaller sample is expected to have fewer than MINIMUM_EXPECTED values."""
    pooled = now + then
    expected = pooled * min(now.sum(), then.sum()) / max(pooled.sum(), 1)
    is_rare = expected < MINIMUM_EXPECTED
    if is_rare.any() and not is_rare.all() and expected[is_rare].sum() < MINIMUM_EXPECTED:
        is_rare[np.flatnonzero(~is_rare)[expected[~is_rare].argmin()]] = True
    if not is_rare.any():
        return now, then
    return np.append(now[~is_rare], now[is_rare].sum()), np.append(then[~is_rare], then[is_rare].sum())


def normal_scores(shares: Vector) -> Vector:
    """Return the normal score of the mid-rank of each of several ordered bins; 0 for an empty one."""
    ranks = np.cumsum(shares) - shares / 2
    return np.where(shares > 0, ndtri(np.clip(ranks, 1e-12, 1 - 1e-12)), 0.0)


def mean_interval(values: NDArray[np.float64], level: float) -> tuple[float, float, float]:
    """Return the mean of n values and its interval of Student's t; each side is a test at `level`."""
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf
    reach = error * float(stdtrit(max(len(values) - 1, 1), 1 - level))
    return mean, mean - reach, mean + reach


def _compare_scores(now: Counts, then: Counts, transform: Callable[[Vector], Vector]) -> Comparison:
    n, m = now.sum(), then.sum()
    if min(n, m) == 0:
        return NOTHING
    pooled = (now + then) / (n + m)
    scores = normal_scores(pooled)
    scores = transform(scores)
    variance = (pooled * (scores - pooled @ scores) ** 2).sum()
    if variance <= 0:
        return NOTHING
    shift = float((now / n - then / m) @ scores / np.sqrt(variance))
    return Comparison(float(2 * ndtr(-abs(shift) / np.sqrt(1 / n + 1 / m))), shift**2)
