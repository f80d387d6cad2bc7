"""Sequential tests: comparisons of two arms that are looked at again and again while data arrives.

Arms are compared within each step only (stratified), so that a change of the world that hits both arms alike, while
the challenger's share grows, is not mistaken for a difference between them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .observations import Summary

RATIOS = np.geomspace(1.25, 5, 12)  # of the rates of adverse events in both arms that the e-process mixes
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of means, challenger minus champion, with its standard error if there were no difference."""

    estimate: float
    error: float

    @property
    def p_value(self) -> float:
        """The probability of such an increase, or a larger one, if there were no difference."""
        return 1 - NORMAL.cdf(self.estimate / self.error) if self.error > 0 else 1.0


def stratified_difference(strata: Sequence[tuple[Summary, Summary]]) -> Difference | None:
    """Return the difference between pairs of samples, challenger and champion, each pair from one step.

    Of counts it is the risk difference of Mantel and Haenszel ("Statistical aspects of the analysis of data from
    retrospective studies", JNCI 1959); of costs, the mean difference with the same weights. The error is that of
    a permutation of both samples of each pair. None: no step has values of both arms.
    """
    total = weights = variance = 0.0
    for one, other in strata:
        number = one.number + other.number
        if not (one.number and other.number):
            continue
        weight = one.number * other.number / number
        mean = (one.total + other.total) / number
        total += weight * (one.mean - other.mean)
        weights += weight
        variance += weight * max(one.squares + other.squares - number * mean**2, 0) / (number - 1)
    return Difference(total / weights, math.sqrt(variance) / weights) if weights else None


def paired_difference(one: Summary) -> Difference | None:
    """Return the mean of n paired differences with its standard error; None: there are fewer than two."""
    if one.number < 2:  # noqa: PLR2004
        return None
    variance = max(one.squares - one.number * one.mean**2, 0) / (one.number - 1)
    return Difference(one.mean, math.sqrt(variance / one.number))


def spend_alpha(alpha: float, look: int, looks: int) -> float:
    """Return the level of a planned look: its part of `alpha` under the linear spending function alpha * t.

    Spending functions: Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 1983. Each
    look is tested at its own part, which is conservative: looks share their data. Raises ValueError: no such look.
    """
    if not 1 <= look <= looks:
        raise ValueError(f"look {look} of {looks}")
    return alpha / looks


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
