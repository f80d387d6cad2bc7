"""Sample size: how many rows are needed to tell a difference in cost from chance.

Two models answer the same rows, so that the comparison is paired. A difference d of their mean costs needs

    n = (z(1 - alpha / 2) + z(power)) ** 2 * variance of the differences / d ** 2

independent units, in a two-sided comparison (Lachin, "Introduction to Sample Size Determination and Power Analysis for
Clinical Trials", Controlled Clinical Trials 2, 1981). Before there is a candidate, its costs are taken to vary as those
of the rules do, with a correlation of 1/2 between the two: the differences then vary as the rules' costs do.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from .intervals import constant_variance

POWER = 0.8
ASSUMED = f"two-sided, {POWER:.0%} power; a correlation of 1/2 between the costs of the rules and of a candidate"


@dataclass(frozen=True, slots=True)
class Variation:
    """How much the costs of units vary, as a share of the mean cost, squared; with an interval."""

    square: float
    low: float
    high: float
    units: int
    rows: int


@dataclass(frozen=True, slots=True)
class Size:
    """The rows that a difference needs, with an interval; `share`: of the mean cost."""

    share: float
    difference: float
    rows: int
    low: int
    high: int


def measure_variation(cost: NDArray[Any], plan: Plan, *, units: Any, weights: Any) -> Variation | None:
    """Measure how n costs vary between units, whose rows depend on each other. None: no row costs anything.

    The interval is normal on the logarithmic scale (the delta method; van der Vaart, "Asymptotic Statistics", 1998).
    """
    _, codes = np.unique(units, return_inverse=True)
    totals, sizes = np.bincount(codes, weights * cost), np.bincount(codes, weights)
    totals, sizes = totals / sizes.mean(), sizes / sizes.mean()
    mean, number = float(totals.mean()), len(totals)
    if mean <= 0:
        return None
    residuals = (totals - mean * sizes) / mean
    square = float(np.mean(residuals**2))
    if square <= np.finfo(float).eps:  # equal costs vary as if one of another kind had been missed
        square = float(constant_variance(number)) * number
    # of the estimate, by the influence that each unit has on it
    influence = residuals**2 - square - 2 * square * residuals
    error = float(np.std(influence)) / math.sqrt(number) / square
    reach = math.exp(min(NormalDist().inv_cdf((1 + plan.gates.confidence) / 2) * error, 50))
    return Variation(square, square / reach, square * reach, number, len(cost))


def find_size(found: Variation, share: float, mean: float, plan: Plan) -> Size:
    """Return the rows that a difference needs: a share, over 0, of the mean cost."""
    scale = (_quantiles(plan) / share) ** 2 * found.rows / found.units
    return Size(share, share * mean, *(math.ceil(scale * each) for each in (found.square, found.low, found.high)))


def find_detectable(found: Variation, plan: Plan) -> float:
    """Return the smallest difference that the rows at hand can tell, as a share of the mean cost."""
    return _quantiles(plan) * math.sqrt(found.square / found.units)


def _quantiles(plan: Plan) -> float:
    normal = NormalDist()
    return normal.inv_cdf((1 + plan.gates.confidence) / 2) + normal.inv_cdf(POWER)
