"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..core.encoder import encoder
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:  # noqa: ARG001
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    boosting = HistGradientBoostingClassifier(learning_rate=0.05, max_iter=80, max_depth=3, random_state=0)
    return {
        "logistic": pipeline(columns, StandardScaler(), LogisticRegression(max_iter=1000)),
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
