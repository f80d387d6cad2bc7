"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from ..core.encoder import encoded
from ..core.pipelines import linear, mitigated
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    found = {"logistic": linear(columns, plan)}
    if any(column.protected for column in columns):  # without groups there is no gap to limit
        found["mitigated"] = mitigated(columns, plan).set_params(features=bins(columns))
    return found


def bins(columns: Sequence[Column]) -> Pipeline:
    """Return features for a linear model of curves: numbers are cut at their quintiles and the rest scaled."""
    seen = encoded(columns)
    numbers = [place for place, column in enumerate(seen) if column.kind == "number" and not column.rising]
    others = [place for place in range(len(seen)) if place not in numbers]
    cut = KBinsDiscretizer(5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    parts = ColumnTransformer([("bins", cut, numbers), ("others", StandardScaler(), others)])
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), parts)
