"""Sequential tests: comparisons of two arms that are looked at again and again while data arrives.

Arms are compared within each step only (stratified), so that a change of the world that hits both arms alike, while
the challenger's share grows, is not mistaken for a difference between them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .observations import Floats, Summary

RATIOS = np.array([1.5, 2.0])  # of the rates of adverse events in both arms that the e-process mixes; more find less
MIN_SKEWNESS = 1e-3  # below, the distribution is as good as normal
GRID, TINY = 401, 1e-12  # points of numerical integration, and the smallest density that is divided by
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of means, challenger minus champion, with its standard error if there were no difference.

    `information`: the variance of the sum of differences that the test is made of; it grows from look to look.
    `skewness`: of the difference, if there were none.
    """

    estimate: float
    error: float
    information: float = 0
    skewness: float = 0

    @property
    def p_value(self) -> float:
        """The probability of such an increase, or a larger one, if there were no difference."""
        return pearson_tail(self.estimate / self.error, self.skewness) if self.error > 0 else 1.0

    @property
    def score(self) -> float:
        """The number of standard errors of a normal difference that would have the same p-value."""
        return -NORMAL.inv_cdf(min(max(self.p_value, 1e-300), 1 - 1e-16)) if self.error else 0


def stratified_difference(strata: Sequence[tuple[Summary, Summary]]) -> Difference | None:
    """Return the difference between pairs of samples, challenger and champion, each pair from one step.

    Of counts it is the risk difference of Mantel and Haenszel ("Statistical aspects of the analysis of data from
    retrospective studies", JNCI 1959); of costs, the mean difference with the same weights. Error and skewness are
    those of a permutation of both samples of each pair. None: no step has values of both arms.
    """
    total = weights = variance = third = 0.0
    for one, other in strata:
        number = one.number + other.number
        if not (one.number and other.number):
            continue
        weight = one.number * other.number / number
        mean = (one.total + other.total) / number
        squares = one.squares + other.squares
        total += weight * (one.mean - other.mean)
        weights += weight
        variance += weight * max(squares - number * mean**2, 0) / (number - 1)
        cubes = one.cubes + other.cubes - 3 * mean * squares + 2 * number * mean**3
        third += weight * (other.number - one.number) / ((number - 1) * max(number - 2, 1)) * cubes
    skewness = third / variance**1.5 if variance > 0 else 0.0
    return Difference(total / weights, math.sqrt(variance) / weights, variance, skewness) if weights else None


def pearson_tail(score: float, skewness: float) -> float:
    """Return the probability that a standardised value of this skewness is at least `score` (Pearson's type III).

    A challenger that has few of the labels, or rare mistakes, has a skewed difference, of which the normal
    distribution understates the tail (Mielke and Berry, "Permutation Methods", 2nd edition, 2007).
    """
    from scipy.special import gammainc, gammaincc  # noqa: PLC0415  # not when the product starts

    if abs(skewness) < MIN_SKEWNESS:
        return NORMAL.cdf(-score)
    shape = 4 / skewness**2
    place = max(shape + 2 * score / skewness, 0.0)
    return float(gammaincc(shape, place) if skewness > 0 else gammainc(shape, place))


def paired_difference(one: Summary) -> Difference | None:
    """Return the mean of n paired differences with its standard error; None: there are fewer than two."""
    if one.number < 2:  # noqa: PLR2004
        return None
    variance = max(one.squares - one.number * one.mean**2, 0) / (one.number - 1)
    return Difference(one.mean, math.sqrt(variance / one.number))


def spend_alpha(alpha: float, share: float) -> float:
    """Return how much of `alpha` is spent when a share of the looks is over: alpha * ln(1 + (e - 1) share).

    It is the spending function of Pocock's type (Lan and DeMets, "Discrete sequential boundaries for clinical
    trials", Biometrika 1983).
    """
    return alpha * math.log(1 + (math.e - 1) * share)


def boundaries(spent: Sequence[float], information: Sequence[float]) -> list[float]:
    """Return for each look the standardised difference above which the rollout ends.

    `spent`: the level that is spent up to each look; `information`: that of its difference, which never falls. The
    probability of passing a boundary for the first time is integrated from look to look on a grid (Armitage,
    McPherson and Rowe, "Repeated significance tests on accumulating data", JRSS A 1969).
    """
    found: list[float] = []
    places = density = np.zeros(0)
    last_spent = last_information = 0.0
    for level, known in zip(spent, information, strict=True):
        scale, added = math.sqrt(known), known - last_information
        grid = np.linspace(-8, 8, GRID) * scale
        if not found:
            reached = _normal_density(grid / scale) / scale
        elif added <= 0:  # nothing was learned since the last look, and nothing is decided
            found.append(math.inf)
            continue
        else:
            steps = (grid[:, None] - places) / math.sqrt(added)
            reached = _normal_density(steps) @ density * (places[1] - places[0]) / math.sqrt(added)
        width, allowed = grid[1] - grid[0], level - last_spent
        above = np.cumsum(reached[::-1])[::-1] * width  # from half a cell below each point on
        place = max(int(np.argmax(above <= allowed)), 1)
        limit = float(grid[place] - width / 2 - (allowed - above[place]) / max(reached[place - 1], TINY))
        found.append(limit / scale)
        places, density = grid[grid < limit], reached[grid < limit]
        last_spent, last_information = level, known
    return found


def _normal_density(values: Floats) -> Floats:
    return np.asarray(np.exp(-(values**2) / 2) / math.sqrt(2 * math.pi))


def wealth(events: Sequence[tuple[float, int, int]]) -> float:
    """Return the wealth of an e-process after adverse events: share, events of the challenger and of both, by step.

    An event comes from the challenger with the probability p r / (p r + 1 - p), where p is its share and r the ratio
    of both rates; without harm r is 1. The wealth is the likelihood ratio, averaged over RATIOS. Without harm it
    exceeds 1 / alpha at any moment with a probability of at most alpha, whatever changes for both arms alike
    (Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 2021; Ramdas et al., Statistical Science 2023).
    """
    logs = np.zeros(len(RATIOS))
    for share, challenger, both in events:
        logs += challenger * np.log(RATIOS) - both * np.log(share * RATIOS + 1 - share)
    return float(np.exp(np.clip(logs, None, 700)).mean())


def wilson_bounds(hits: int, number: int, alpha: float) -> tuple[float, float]:
    """Return a two-sided interval of a share, each side at level alpha (Wilson, JASA 1927); (0, 1) without data."""
    if not number:
        return 0.0, 1.0
    z, share = NORMAL.inv_cdf(1 - alpha), hits / number
    centre, scale = share + z**2 / (2 * number), 1 + z**2 / number
    width = z * math.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    return max((centre - width) / scale, 0.0), min((centre + width) / scale, 1.0)


def rate_interval(count: int, n: int, level: float) -> tuple[float, float, float]:
    """Return a rate and its score interval (Wilson, 1927); each side is a test at `level`."""
    return count / n, *wilson_bounds(count, n, level)
