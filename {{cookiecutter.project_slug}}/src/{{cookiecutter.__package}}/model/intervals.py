"""Bootstrap intervals, which the gates judge (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan


def mean_interval(values: NDArray[Any], plan: Plan) -> tuple[float, float]:
    """Return the percentile interval of the mean of n values, with the plan's confidence."""
    return _percentiles(_bootstrap_means([values], plan)[0], plan)


def gap_interval(groups: Sequence[NDArray[Any]], plan: Plan) -> tuple[float, float]:
    """Return the interval of the largest difference between the means of groups, each resampled by itself."""
    return _percentiles(np.ptp(_bootstrap_means(groups, plan), axis=0), plan)


def rows_needed(rows: int, low: float, high: float, centre: float, limit: float) -> str:
    """Return how many rows would make an interval conclusive: its width falls with the square root of the rows."""
    distance = abs(centre - limit)
    return f"{math.ceil(rows * ((high - low) / 2 / distance) ** 2):,}" if distance > 0 else "very many"


def _bootstrap_means(groups: Sequence[NDArray[Any]], plan: Plan) -> NDArray[np.float64]:
    """Return the means of resampled groups, shape (groups, rounds)."""
    rng, rounds = np.random.default_rng(0), range(plan.gates.bootstrap_rounds)
    return np.array([[rng.choice(values, len(values)).mean() for _ in rounds] for values in groups])


def _percentiles(means: NDArray[Any], plan: Plan) -> tuple[float, float]:
    tail = (1 - plan.gates.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
