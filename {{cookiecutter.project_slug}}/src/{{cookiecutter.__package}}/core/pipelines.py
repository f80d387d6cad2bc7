"""Default candidates for any contract: unfitted pipelines from the contract's encoder to a step named `model`.

The costs of the plan say what a model learns: of a number, the quantile that costs least; else the probability
of every answer.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from .encoder import encoded, encoder
from .errors import UserError
from .mitigation import MitigatedClassifier
from .plan import Plan
from .reweighting import ReweightedClassifier, ReweightedRegressor
from .schema import Column
from .smooth_quantile import SmoothQuantileRegressor

MAX_ONE_HOT = 50  # categories of a nominal column with a coefficient of their own: the most frequent
CALIBRATION_FOLDS = 5
MAX_CATEGORIES = 254  # of a nominal column that boosting tells apart; scikit-learn allows 255 with the rest as one

Calibration = Literal["sigmoid", "isotonic", "temperature"]


def linear(columns: Sequence[Column], plan: Plan) -> Pipeline:
    """Return a linear model: logistic regression, or for a number a regression of the quantile that costs least."""
    if plan.costs.too_low is None:
        return linear_pipeline(columns, LogisticRegression(max_iter=1000))
    # numbers come first among the features of `linear_pipeline`
    numbers = [column for column in encoded(columns) if not column.nominal]
    rising = [place for place, column in enumerate(numbers) if column.rising]
    return linear_pipeline(columns, SmoothQuantileRegressor(plan.costs.quantile, rising=rising))


def boosting(columns: Sequence[Column], plan: Plan) -> Pipeline:
    """Return gradient boosting of shallow trees, which reads missing values and nominal columns as they are.

    Of two answers it keeps to `RISING`; scikit-learn cannot for several answers, or for a quantile.
    """
    numbers, nominal = _positions(columns)
    options: dict[str, Any] = {"learning_rate": 0.05, "max_iter": 80, "max_depth": 3, "random_state": 0}
    features: Any = "passthrough"
    if nominal:
        frequent = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MAX_CATEGORIES
        )
        features = ColumnTransformer([("numbers", "passthrough", numbers), ("nominal", frequent, nominal)])
        options["categorical_features"] = list(range(len(numbers), len(numbers) + len(nominal)))
    if plan.costs.too_low is not None:
        model: Any = HistGradientBoostingRegressor(loss="quantile", quantile=plan.costs.quantile, **options)
    else:
        read = encoded(columns)
        rises = [int(read[position].rising) for position in (*numbers, *nominal)]
        is_pair = plan.costs.false_positive is not None
        model = HistGradientBoostingClassifier(monotonic_cst=rises if is_pair and any(rises) else None, **options)
    return Pipeline([("encode", encoder(columns)), ("features", features), ("model", model)])


def mitigated(columns: Sequence[Column], plan: Plan) -> Pipeline:
    """Return a linear model whose rates differ little between protected groups.

    Of two answers, these are the false-positive rates; else the rates that the plan limits (`reweighting.py`).

    Raises UserError: no column is protected, or the plan limits no rate.
    """
    costs = plan.costs
    if not any(column.protected for column in columns):
        raise UserError("candidates.py: mitigated needs a PROTECTED column in contract.py; use linear and boosting")
    if costs.false_positive is not None:
        learned = LogisticRegression(C=0.1, max_iter=1000)
        fair = MitigatedClassifier(learned, false_positive=costs.false_positive, false_negative=costs.false_negative)
        return linear_pipeline(columns, fair)
    if not plan.groups.limits:
        raise UserError("candidates.py: mitigated needs a rate in groups.limits of plan.toml; use linear and boosting")
    pipeline = linear(columns, plan)
    options: dict[str, Any] = {"limits": dict(plan.groups.limits), "minimum_rows": plan.groups.minimum_rows}
    if costs.confusion is not None:
        model: Any = ReweightedClassifier(pipeline[-1], confusion=costs.confusion, **options)
    else:
        too_low, too_high = costs.prices("the answer")
        model = ReweightedRegressor(pipeline[-1], too_low=too_low, too_high=too_high, **options)
    return Pipeline([*pipeline.steps[:-1], ("model", model)])


def calibrated(pipeline: Pipeline, method: Calibration = "sigmoid") -> Pipeline:
    """Return a pipeline whose last step's probabilities are corrected on rows that it was not fitted to.

    `method`: "sigmoid" (Platt, "Probabilistic Outputs for Support Vector Machines", 1999), "isotonic" (Zadrozny and
    Elkan, KDD 2002), which needs a thousand rows or more, or "temperature" (Guo et al., "On Calibration of Modern
    Neural Networks", ICML 2017), which keeps the order of several answers.

    Raises UserError: the model predicts a number.
    """
    name, model = pipeline.steps[-1]
    if not hasattr(model, "predict_proba"):
        raise UserError(
            "candidates.py: calibrated is for models of probabilities; use linear and boosting for a number"
        )
    corrected = CalibratedClassifierCV(model, method=method, cv=CALIBRATION_FOLDS, ensemble=False)
    return Pipeline([*pipeline.steps[:-1], (name, corrected)])


def linear_pipeline(columns: Sequence[Column], model: Any) -> Pipeline:
    """Return a pipeline for a model of weighted sums.

    Missing numbers are replaced by the median and get an indicator; ordinal categories are numbers; nominal ones
    are one-hot encoded.
    """
    numbers, nominal = _positions(columns)
    features: Any = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    if nominal:
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT, sparse_output=False)
        features = ColumnTransformer([("numbers", features, numbers), ("nominal", one_hot, nominal)])
    return Pipeline([("encode", encoder(columns)), ("features", features), ("model", model)])


def _positions(columns: Sequence[Column]) -> tuple[list[int], list[int]]:
    """Return the positions of numbers and ordinal categories, and those of nominal ones, in the encoder's order."""
    read = list(enumerate(encoded(columns)))
    return [place for place, column in read if not column.nominal], [place for place, column in read if column.nominal]
