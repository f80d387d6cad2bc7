"""Intervals of means, which the gates judge: one mean at a time, or many that have to hold at once.

Rows of one unit (a person with several rows) depend on each other, so that units are resampled, never rows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from ..core.plan import Plan

MAX_RESAMPLED = 10_000  # the mean of more units is normal for all purposes, and drawing them takes seconds
BLOCK_ROWS = 50_000  # of a pass over all rows, so that many rows by many means do not fill the memory
SUCCESSES = 2  # and as many failures, are added to a rate (Agresti and Coull, American Statistician 52, 1998)

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Means:
    """k weighted means: their estimates, their covariance and how many units each has."""

    centres: Vector  # shape (k,)
    covariance: Vector  # shape (k, k)
    units: NDArray[np.int64]  # shape (k,)

    def widen(self, variances: Any) -> "Means":
        """Return the means with at least these variances: a number for all, or one for each."""
        missing = np.maximum(variances - self.covariance.diagonal(), 0)
        return Means(self.centres, self.covariance + np.diag(missing), self.units)

    def differences(self) -> tuple["Means", list[tuple[int, int]]]:
        """Return the differences of all pairs of means, and the pairs."""
        pairs = [(one, other) for one in range(len(self.centres)) for other in range(one)]
        contrast = np.zeros((len(pairs), len(self.centres)))
        for row, (one, other) in enumerate(pairs):
            contrast[row, [one, other]] = 1, -1
        units = np.array([min(self.units[one], self.units[other]) for one, other in pairs])
        return Means(contrast @ self.centres, contrast @ self.covariance @ contrast.T, units), pairs


def mean_interval(
    values: NDArray[Any], plan: Plan, *, units: Any = None, weights: Any = None, spread: float = 0.0
) -> tuple[float, float]:
    """Return the percentile interval of the weighted mean of n values, with the plan's confidence.

    `units`: the code of each row's unit (default: every row is one); `weights`: of each row (default: all equal);
    `spread`: the standard deviation that the mean has for another reason, such as the assignment of rows to folds.

    Units are resampled (the cluster bootstrap; Efron and Tibshirani, "An Introduction to the Bootstrap", 1993).
    Equal values that are not zero vary as if the rarest of them had been missed, as in `constant_variance`.
    """
    weights = np.ones(len(values)) if weights is None else weights
    if units is None:
        totals, sizes = values * weights, weights * 1.0
    else:
        _, codes = np.unique(units, return_inverse=True)
        totals, sizes = np.bincount(codes, weights * values), np.bincount(codes, weights)
    rng, rounds = np.random.default_rng(0), plan.gates.bootstrap_rounds
    if values.min() == values.max():
        spread = math.hypot(spread, math.sqrt(constant_variance(len(sizes)) * float(values[0]) ** 2))
    means = _resampled_means(totals, sizes, rounds, rng)
    if spread > 0:
        means = means + rng.normal(0, spread, rounds)
    tail = (1 - plan.gates.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def estimate_means(
    values: NDArray[Any], members: NDArray[np.bool_] | None = None, *, units: Any = None, weights: Any = None
) -> Means:
    """Estimate k weighted means with their covariance from n rows.

    `values`: shape (n,) or (n, k); `members`: shape (n, k), the rows over which each mean is taken (default: all). Each
    mean needs rows of two units. The covariance is that of the sums of each unit (Liang and Zeger, "Longitudinal
    Data Analysis Using Generalized Linear Models", Biometrika 73, 1986).
    """
    values = np.asarray(values, dtype=float).reshape(len(values), -1)
    members = np.ones(values.shape, dtype=bool) if members is None else members
    weights = np.ones(len(values)) if weights is None else weights
    order = None if units is None else np.argsort(units, kind="stable")
    total = weights @ members
    blocks = list(_blocks(order, units, len(values)))
    sums = [(weights[rows, None] * members[rows] * values[rows]).sum(axis=0) for rows in blocks]
    means = np.sum(sums, axis=0) / total
    products, count = np.zeros((len(total), len(total))), np.zeros(len(total), dtype=np.int64)
    for rows in blocks:
        influence = weights[rows, None] * members[rows] * (values[rows] - means) / total
        is_present = members[rows]
        if units is not None:
            starts = np.flatnonzero(np.diff(units[rows], prepend=units[rows[0]] - 1))
            influence = np.add.reduceat(influence, starts)
            is_present = np.logical_or.reduceat(is_present, starts)
        products += influence.T @ influence
        count += is_present.sum(axis=0)
    correction = np.sqrt(count / np.maximum(count - 1, 1))  # of a variance from few units
    return Means(means, products * np.outer(correction, correction), count)


def constant_variance(units: Any) -> Any:
    """Return the variance of the rate of an event that n units did not show: 0 of 60 is not "never".

    Two events and two other units are added (Agresti and Coull, "Approximate Is Better than Exact for Interval
    Estimation of Binomial Proportions", The American Statistician 52, 1998).
    """
    rate = SUCCESSES / (units + 2 * SUCCESSES)
    return rate * (1 - rate) / (units + 2 * SUCCESSES)


def simultaneous_intervals(means: Means, plan: Plan, confidence: float | None = None) -> tuple[Vector, Vector]:
    """Return lower and upper bounds, shape (k,), that hold for all k means at once with the plan's confidence.

    The largest deviation is drawn with the correlation that the means have (Westfall and Young, "Resampling-Based
    Multiple Testing", 1993; normal multipliers: Chernozhukov, Chetverikov and Kato, Annals of Statistics 41, 2013).
    Each mean is studentised with its own number of units, so that small slices have their own width.
    """
    errors = np.sqrt(means.covariance.diagonal())
    scale = np.where(errors > 0, errors, 1.0)
    eigenvalues, vectors = np.linalg.eigh(means.covariance / np.outer(scale, scale))
    root = vectors * np.sqrt(np.maximum(eigenvalues, 0))
    rng = np.random.default_rng(0)
    largest = np.concatenate([_largest_deviations(root, plan.gates.bootstrap_rounds, rng) for _ in range(10)])
    bound = float(np.quantile(largest, plan.gates.confidence if confidence is None else confidence))
    return _studentised(means, errors, float(ndtr(bound)))


def single_intervals(means: Means, plan: Plan) -> tuple[Vector, Vector]:
    """Return lower and upper bounds, shape (k,), that hold for each mean by itself with the plan's confidence."""
    return _studentised(means, np.sqrt(means.covariance.diagonal()), (1 + plan.gates.confidence) / 2)


def simultaneous_mean_intervals(
    columns: NDArray[Any], plan: Plan, *, units: Any = None, weights: Any = None, spreads: Any = 0.0
) -> list[tuple[float, float]]:
    """Return intervals of the means of k columns, shape (n, k), that hold at once with the plan's confidence.

    `units`, `weights` and `spreads` (one for each column) are as in `mean_interval`.
    """
    means = estimate_means(columns, units=units, weights=weights)
    is_constant = columns.min(axis=0) == columns.max(axis=0)
    means = means.widen(is_constant * constant_variance(means.units) * means.centres**2)
    means = means.widen(means.covariance.diagonal() + np.square(spreads))
    low, high = simultaneous_intervals(means, plan)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def rows_needed(rows: int, low: float, high: float, centre: float, limit: float) -> str:
    """Return how many rows would make an interval conclusive: its width falls with the square root of the rows."""
    distance = abs(centre - limit)
    return f"{math.ceil(rows * ((high - low) / 2 / distance) ** 2):,}" if distance > 0 else "very many"


def _blocks(order: Any, units: Any, rows: int) -> Iterator[Any]:
    """Yield the rows of one block after the other; no unit is cut in two."""
    if order is None:
        for start in range(0, rows, BLOCK_ROWS):
            yield slice(start, start + BLOCK_ROWS)
        return
    ends = np.flatnonzero(np.diff(units[order], append=units[order[-1]] + 1)) + 1
    start = 0
    while start < rows:
        end = int(ends[np.searchsorted(ends, min(start + BLOCK_ROWS, rows))])
        yield order[start:end]
        start = end


def _resampled_means(totals: Vector, sizes: Vector, rounds: int, rng: np.random.Generator) -> Vector:
    """Return the means of resampled units, shape (rounds,), from the total and the weight of each unit."""
    if len(sizes) > MAX_RESAMPLED:
        mean = totals.sum() / sizes.sum()
        error = float(np.sqrt(np.square(totals - mean * sizes).sum())) / sizes.sum()
        return rng.normal(mean, error, rounds)
    blocks = np.array_split(np.arange(rounds), 10)  # in one array, all rounds would fill the memory
    drawn = (rng.integers(0, len(sizes), (len(block), len(sizes))) for block in blocks)
    return np.concatenate([totals[places].sum(axis=1) / sizes[places].sum(axis=1) for places in drawn])


def _largest_deviations(root: Vector, rounds: int, rng: np.random.Generator) -> Vector:
    deviations: Vector = np.abs(rng.standard_normal((rounds, len(root))) @ root.T).max(axis=1)
    return deviations


def _studentised(means: Means, errors: Vector, probability: float) -> tuple[Vector, Vector]:
    # one unit by itself does not show how much units vary
    reach = np.where(means.units > 1, errors * stdtrit(np.maximum(means.units - 1, 1), probability), np.inf)
    return means.centres - reach, means.centres + reach
