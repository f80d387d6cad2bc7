"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from ..core.encoder import encoder
from ..core.mitigation import MitigatedClassifier
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    found = {"logistic": pipeline(columns, StandardScaler(), LogisticRegression())}
    if any(column.protected for column in columns):  # without groups there is no gap to limit
        mitigated = MitigatedClassifier(
            LogisticRegression(C=0.1, max_iter=1000),
            false_positive=plan.costs.false_positive,
            false_negative=plan.costs.false_negative,
        )
        found["mitigated"] = pipeline(columns, bins(columns), mitigated)
    return found


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


def bins(columns: Sequence[Column]) -> ColumnTransformer:
    """Return a transformer: numbers are cut at their quintiles and the rest scaled, for a linear model of curves."""
    # positions follow encoder(columns)
    seen = [column for column in columns if column.is_input and column.kind != "text"]
    numbers = [place for place, column in enumerate(seen) if column.kind == "number" and not column.rising]
    others = [place for place in range(len(seen)) if place not in numbers]
    cut = KBinsDiscretizer(5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    return ColumnTransformer([("bins", cut, numbers), ("others", StandardScaler(), others)])
