"""A linear model of a quantile that is fitted in time proportional to the number of rows.

The loss of quantile regression has an edge at zero, which linear programming resolves exactly: 25 s for 60,000
rows. Here the edge is rounded off over a small width, and L-BFGS finds the minimum (Zheng, "Gradient descent
algorithms for quantile regression with smooth approximation", Int. J. Mach. Learn. Cyber. 2, 2011).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin

WIDTHS = (0.5, 0.1, 0.02)  # of the rounding, as shares of the scale of the answers: each fit starts from the last


class SmoothQuantileRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Linear quantile regression for standardised features.

    `quantile`: between 0 and 1.
    `alpha`: strength of the L2 penalty on the coefficients, for answers scaled to a mean loss of 1.
    `rising`: positions of features whose coefficients must not be negative.
    """

    def __init__(self, quantile: float = 0.5, *, alpha: float = 1e-4, rising: Sequence[int] = ()) -> None:
        self.quantile = quantile
        self.alpha = alpha
        self.rising = rising

    def fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        quantiles: ArrayLike | None = None,
    ) -> Self:
        """Fit on n rows; afterwards the share `quantile` of the answers is at most their prediction.

        `quantiles`: one for each row, in place of `quantile`.
        """
        from scipy.optimize import minimize  # noqa: PLC0415  # serving only predicts

        features, answers = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
        weights = np.ones(len(answers)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        levels = np.full(len(answers), self.quantile) if quantiles is None else np.asarray(quantiles, dtype=float)
        centre = np.quantile(answers, self.quantile)
        scale = float(np.abs(answers - centre).mean()) or 1.0
        found = np.zeros(features.shape[1] + 1)
        bounds = [(0 if place in self.rising else None, None) for place in range(features.shape[1])]
        for width in WIDTHS:
            rest = (features, (answers - centre) / scale, width, weights / weights.sum(), levels)
            found = minimize(self._loss, found, rest, method="L-BFGS-B", jac=True, bounds=[*bounds, (None, None)]).x
        self.coef_ = found[:-1] * scale
        level = np.average(levels, weights=weights)
        residuals = answers - features @ self.coef_
        self.intercept_ = float(np.quantile(residuals, level, weights=weights, method="inverted_cdf"))
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the quantile for each of n rows."""
        return np.asarray(np.asarray(X, dtype=float) @ self.coef_ + self.intercept_)

    def _loss(self, found: NDArray[Any], *rest: Any) -> tuple[float, NDArray[Any]]:
        """Return the mean smooth loss with its penalty, and its gradient."""
        features, answers, width, shares, levels = rest
        residuals = answers - features @ found[:-1] - found[-1]
        loss = levels * residuals + width * np.logaddexp(0, -residuals / width)
        slopes = shares * (0.5 * (1 - np.tanh(residuals / width / 2)) - levels)  # of the loss, by the prediction
        gradient = np.append(features.T @ slopes + self.alpha * found[:-1], slopes.sum())
        return float(shares @ loss + self.alpha / 2 * found[:-1] @ found[:-1]), gradient
