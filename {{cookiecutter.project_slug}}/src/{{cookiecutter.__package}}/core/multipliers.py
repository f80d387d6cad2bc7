"""Fit under limits on the gaps between groups: in rounds, in which a rate costs more where a group has more of it.

A limit on a gap has a Lagrangian that is the same problem with other costs (Agarwal et al., "A Reductions Approach to
Fair Classification", ICML 2018, and "Fair Regression", ICML 2019). One fit is kept and not a mixture of all, so that
a linear model stays linear.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .objective import Objective

ROUNDS = 15
STEP = 0.5  # of the cost of a mistake, by which a rate costs more after the first round; later steps are smaller
AIM = 0.35  # of each limit: a fit with smaller gaps is the last, as it has to keep the limits on other rows too
MAX_COST_INCREASE = 0.2  # a share of the cost of the plain fit: one that costs more is not kept

Multipliers = dict[str, NDArray[np.float64]]  # of each rate: what it costs more in each of n rows


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """What a model is fitted to: n rows."""

    features: NDArray[np.float64]
    truth: NDArray[Any]
    weights: NDArray[np.float64]
    groups: list[NDArray[np.bool_]]  # of each protected column: which of its groups a row is in, shape (n, groups)


def fit_within_limits(
    estimator: Any,
    rows: TrainingRows,
    objective: Objective,
    limits: Mapping[str, float],
    minimum_rows: int,
    weigh: Callable[[Multipliers], dict[str, Any]],
) -> Any:
    """Return the fit with the smallest gaps, as shares of their limits; the first round is the plain fit.

    `weigh` returns from what rates cost what `fit` takes beside rows. Gaps are measured on the rows of the fit, because
    a linear model hardly memorises rows, and folds would take several times as long.
    """
    multipliers = {rate: np.zeros(len(rows.truth)) for rate in limits}
    kept, least, ceiling = None, np.inf, 0.0
    for number in range(1, ROUNDS + 1):
        model = clone(estimator).fit(rows.features, rows.truth, **weigh(multipliers))
        choices = objective.choose(objective.predict(model, rows.features))
        cost = float(np.average(objective.cost(rows.truth, choices), weights=rows.weights))
        if kept is None:
            ceiling = (1 + MAX_COST_INCREASE) * cost
        widest = 0.0
        for rate, limit in limits.items():
            values, counted = objective.rate(rate, rows.truth, choices)
            gap, above = _compare(values, counted, rows, minimum_rows)
            widest = max(widest, gap / limit)
            multipliers[rate] += STEP / number**0.5 * above / max(limit, np.abs(above).max())
        if widest < least and cost <= ceiling:
            kept, least = model, widest
        if least <= AIM:
            break
    return kept


def draw_rows(features: Any, truth: Any, groups: Any, weights: Any, max_rows: int) -> TrainingRows:
    """Return the rows of a fit as arrays, or of more rows so many, drawn at random."""
    count = len(np.asarray(truth))
    drawn = np.random.default_rng(0).permutation(count)[:max_rows] if count > max_rows else np.arange(count)
    weights = np.ones(count) if weights is None else weights
    features, truth, groups, weights = (np.asarray(part)[drawn] for part in (features, truth, groups, weights))
    columns = groups.reshape(len(drawn), -1).astype(str).T
    members = [column[:, None] == np.unique(column) for column in columns]
    return TrainingRows(features.astype(float), truth, weights.astype(float), members)


def _compare(
    values: NDArray[Any], counted: NDArray[np.bool_], rows: TrainingRows, minimum_rows: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the largest gap of a rate, and how far the rate of each row's groups is above that of all, shape (n,).

    Groups of few rows are not compared; half of the minimum is enough here, because folds leave rows out.
    """
    gap, above = 0.0, np.zeros(len(values))
    for groups in rows.groups:
        large = groups[:, (groups & counted[:, None]).sum(axis=0) >= max(minimum_rows / 2, 1)]
        if large.shape[1] > 1:
            sizes = (rows.weights * counted) @ large
            rates = (rows.weights * counted * values) @ large / sizes
            gap = max(gap, float(np.ptp(rates)))
            above += large @ (rates - np.average(rates, weights=sizes))
    return gap, above
