"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence
from typing import Any

from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..core.encoder import encoder
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    quantile = plan.costs.quantile
    linear = QuantileRegressor(quantile=quantile, alpha=0.0, solver="highs-ipm")
    boosting = HistGradientBoostingRegressor(
        loss="quantile", quantile=quantile, learning_rate=0.05, max_iter=80, max_depth=3, random_state=0
    )
    return {
        "linear": pipeline(columns, StandardScaler(), linear),
        "boosting": pipeline(columns, "passthrough", boosting),
    }


def pipeline(columns: Sequence[Column], features: Any, model: Any) -> Pipeline:
    """Return encoder, imputer, features and model as one estimator."""
    return Pipeline(
        [
            ("encode", encoder(columns)),
            ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("features", features),
            ("model", model),
        ]
    )
