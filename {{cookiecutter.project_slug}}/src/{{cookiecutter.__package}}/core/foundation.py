"""A tabular foundation model as a candidate: TabICL, whose answers follow from the training rows as its context.

Qu et al., "TabICL: A Tabular Foundation Model for In-Context Learning on Large Data", ICML 2025. Code and weights are
under the BSD 3-Clause licence.

It is compared and never registered. A fitted one contains the training rows, which `forget` could not delete from a
model's file; its types are not trusted; and serving has no PyTorch.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline

from .encoder import encoder
from .errors import UserError
from .plan import Plan
from .schema import Column


class TabICLQuantile(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predict one quantile of a number by `regressor`, an unfitted `TabICLRegressor`, which predicts all of them."""

    def __init__(self, regressor: Any, quantile: float) -> None:
        self.regressor = regressor
        self.quantile = quantile

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Fit a copy of the regressor to n rows and numbers."""
        self.regressor_ = clone(self.regressor).fit(X, y)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the quantile for each of n rows."""
        found: NDArray[Any] = self.regressor_.predict(X, output_type="quantiles", alphas=[self.quantile])[:, 0]
        return found


def tabicl(columns: Sequence[Column], plan: Plan, **options: Any) -> Pipeline:
    """Return TabICL for any kind of answer: probabilities, or the quantile of a number that costs least.

    `options`: those of `TabICLClassifier` and `TabICLRegressor`. The weights are downloaded from Hugging Face when a
    model is fitted for the first time, unless `model_path` names their file. Weights of rows are not used.

    Raises UserError: TabICL is not installed.
    """
    if find_spec("tabicl") is None:
        next_step = "`uv sync --group foundation` installs it, with PyTorch, or remove it"
        raise UserError(f"candidates.py: tabicl is not installed; {next_step}")
    package = import_module("tabicl")
    if plan.costs.too_low is None:
        model: Any = package.TabICLClassifier(**options)
    else:
        model = TabICLQuantile(package.TabICLRegressor(**options), plan.costs.quantile)
    return Pipeline([("encode", encoder(columns)), ("features", "passthrough"), ("model", model)])
