"""Bootstrap intervals, which the gates judge (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan

MAX_RESAMPLED = 10_000  # the mean of more values is normal for all purposes, and drawing them takes seconds


def mean_interval(
    values: NDArray[Any], plan: Plan, *, units: Any = None, weights: Any = None, spread: float = 0.0
) -> tuple[float, float]:
    """Return the percentile interval of the mean of n values, with the plan's confidence."""
    return simultaneous_mean_intervals(values[:, None], plan, units=units, weights=weights, spreads=[spread])[0]


def simultaneous_mean_intervals(
    columns: NDArray[Any], plan: Plan, *, units: Any = None, weights: Any = None, spreads: Any = None
) -> list[tuple[float, float]]:
    """TEMPORARY."""
    n, k = columns.shape
    w = np.ones(n) if weights is None else weights
    w = w / w.sum()
    mean = w @ columns
    res = w[:, None] * (columns - mean)
    if units is not None:
        _, inv = np.unique(units, return_inverse=True)
        out = np.zeros((inv.max() + 1, k))
        np.add.at(out, inv, res)
        res = out
    se = np.sqrt((res**2).sum(0) + np.asarray(spreads if spreads is not None else np.zeros(k)) ** 2)
    se = np.maximum(se, 1e-12)
    rng = np.random.default_rng(0)
    cov = res.T @ res + np.diag(np.asarray(spreads if spreads is not None else np.zeros(k)) ** 2)
    cor = cov / np.outer(se, se)
    z = rng.multivariate_normal(np.zeros(k), cor, 4000, method="svd")
    q = np.quantile(np.abs(z).max(1), plan.gates.confidence)
    return [(float(m - q * s), float(m + q * s)) for m, s in zip(mean, se)]


def gap_interval(groups: Sequence[NDArray[Any]], plan: Plan) -> tuple[float, float]:
    """Return the interval of the largest difference between the means of groups, each resampled by itself."""
    return _percentiles(np.ptp(_bootstrap_means(groups, plan), axis=0), plan)


def rows_needed(rows: int, low: float, high: float, centre: float, limit: float) -> str:
    """Return how many rows would make an interval conclusive: its width falls with the square root of the rows."""
    distance = abs(centre - limit)
    return f"{math.ceil(rows * ((high - low) / 2 / distance) ** 2):,}" if distance > 0 else "very many"


def _bootstrap_means(groups: Sequence[NDArray[Any]], plan: Plan) -> NDArray[np.float64]:
    """Return the means of resampled groups, shape (groups, rounds)."""
    rng, rounds = np.random.default_rng(0), plan.gates.bootstrap_rounds
    return np.array([_means(values, rounds, rng) for values in groups])


def _means(values: NDArray[Any], rounds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the means of n values resampled again and again, shape (rounds,)."""
    if len(values) > MAX_RESAMPLED:
        return rng.normal(values.mean(), values.std() / math.sqrt(len(values)), rounds)
    blocks = np.array_split(np.arange(rounds), 10)  # in one array, all rounds would fill the memory
    return np.concatenate([rng.choice(values, (len(block), len(values))).mean(axis=1) for block in blocks])


def _percentiles(means: NDArray[Any], plan: Plan) -> tuple[float, float]:
    tail = (1 - plan.gates.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
