"""Linear models of several answers, or of a number, whose rates differ little between groups; none is needed to answer.

What a rate costs more in a row (`multipliers.py`) becomes its weight, or its prices.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from .choice import ChoiceObjective
from .multipliers import Multipliers, draw_rows, fit_within_limits
from .quantile import QuantileObjective

LEAST = 0.05  # of a weight or a price, which stay positive
# how the prices of a unit too low and a unit too high change where a rate costs more; the last has no slope of its own
PRICES = {"mean_error": (-1, 1), "mean_absolute_error": (1, 1), "too_low_rate": (1, -1)}


class ReweightedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Model of several answers, encoded as 0, 1, 2, ... in the order of the costs.

    `estimator`: linear classifier to fit; `confusion`: truth = { answer = cost }, in the contract's order.
    `limits`: largest gap between groups, by rate of `ChoiceObjective`; `minimum_rows`: of a group, as in the plan.
    `max_rows`: of more training rows, so many drawn at random are used.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        confusion: Mapping[str, Mapping[str, float]],
        limits: Mapping[str, float],
        minimum_rows: int = 100,
        max_rows: int = 20_000,
    ) -> None:
        self.estimator = estimator
        self.confusion = confusion
        self.limits = limits
        self.minimum_rows = minimum_rows
        self.max_rows = max_rows

    def fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        sensitive_features: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit on n rows; `sensitive_features` has a column of groups for each protected column, and is used here only.

        A row weighs as many times more as brings its costs closest to those with what the rates cost.
        """
        matrix = np.array([list(costs.values()) for costs in self.confusion.values()], dtype=float)
        objective = ChoiceObjective(tuple(self.confusion), matrix, 0)
        shares = {rate: _find_shares(rate, objective) for rate in self.limits}
        rows = draw_rows(X, y, sensitive_features, sample_weight, self.max_rows)

        def weigh(multipliers: Multipliers) -> dict[str, Any]:
            factors = 1 + sum(each * shares[rate][rows.truth] for rate, each in multipliers.items())
            return {"sample_weight": rows.weights * np.clip(factors, LEAST, None)}

        self.model_ = fit_within_limits(self.estimator, rows, objective, self.limits, self.minimum_rows, weigh)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of every answer that was there to learn, shape (n, answers)."""
        return np.asarray(self.model_.predict_proba(X))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """Return the most probable answer for each of n rows."""
        return np.asarray(self.model_.predict(X))


class ReweightedRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Model of the quantile of a number that costs least.

    `estimator`: linear model to fit, whose `fit` takes `quantiles`; `too_low, too_high`: prices of a unit.
    `limits`: largest gap between groups, by rate of `QuantileObjective`; `minimum_rows`, `max_rows`: as above.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        too_low: float,
        too_high: float,
        limits: Mapping[str, float],
        minimum_rows: int = 100,
        max_rows: int = 20_000,
    ) -> None:
        self.estimator = estimator
        self.too_low = too_low
        self.too_high = too_high
        self.limits = limits
        self.minimum_rows = minimum_rows
        self.max_rows = max_rows

    def fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        sensitive_features: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit on n rows; `sensitive_features` has a column of groups for each protected column, and is used here only.

        A row has prices of its own: those of the plan and what the rates cost.
        """
        objective = QuantileObjective(self.too_low, self.too_high, np.inf, (None, None))
        rows = draw_rows(X, y, sensitive_features, sample_weight, self.max_rows)
        prices = np.array([[objective.quantile], [1 - objective.quantile]])

        def weigh(multipliers: Multipliers) -> dict[str, Any]:
            changes = sum(np.outer(PRICES[rate], each) for rate, each in multipliers.items())
            too_low, too_high = np.clip(prices + prices.min() * changes, LEAST * prices.min(), None)
            return {"sample_weight": rows.weights * (too_low + too_high), "quantiles": too_low / (too_low + too_high)}

        self.model_ = fit_within_limits(self.estimator, rows, objective, self.limits, self.minimum_rows, weigh)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the quantile for each of n rows."""
        return np.asarray(self.model_.predict(X))


def _find_shares(rate: str, objective: ChoiceObjective) -> NDArray[np.float64]:
    """Return for each truth how much more its rows weigh where a rate costs as much as a mistake, by least squares."""
    matrix, codes = objective.matrix, np.arange(len(objective.matrix))
    values, _ = objective.rate(rate, np.repeat(codes, len(codes)), np.tile(codes, len(codes)))
    extra = values.reshape(matrix.shape) * matrix[matrix > 0].mean()
    squares = (matrix**2).sum(axis=1)
    return np.asarray(np.divide((extra * matrix).sum(axis=1), squares, out=np.zeros(len(codes)), where=squares > 0))
