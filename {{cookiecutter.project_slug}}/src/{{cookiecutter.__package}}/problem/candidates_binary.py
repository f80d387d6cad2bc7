"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from ..core.blending import BlendedClassifier, encode_rules
from ..core.encoder import encoded, encoder
from ..core.pipelines import linear
from ..core.plan import Plan
from ..core.schema import Column
from ..core.search_space import log
from .rules import OTHERWISE, RULES

SPACES = {"logistic": {"model__C": log(0.001, 100)}}  # what `search` tries, as scikit-learn names parameters
WEIGHT = 0.3  # of the learned model in the blend; the gap between groups grows with it, and so does the saving


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    # where a gap between groups refuses them, add "mitigated": mitigated(columns, plan) of core/pipelines.py
    return {"logistic": linear(columns, plan), "blended": blended(columns)}


def blended(columns: Sequence[Column]) -> Pipeline:
    """Return the rules, corrected by a linear model of curves where it is sure."""
    learned = make_pipeline(bins(columns), LogisticRegression(C=0.1, max_iter=1000))
    model = BlendedClassifier(learned, encode_rules(RULES, columns), OTHERWISE, WEIGHT)
    return Pipeline([("encode", encoder(columns)), ("features", "passthrough"), ("model", model)])


def bins(columns: Sequence[Column]) -> Pipeline:
    """Return features for a linear model of curves: numbers are cut at their quintiles and the rest scaled."""
    seen = encoded(columns)
    numbers = [place for place, column in enumerate(seen) if column.kind == "number" and not column.rising]
    others = [place for place in range(len(seen)) if place not in numbers]
    cut = KBinsDiscretizer(5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    parts = ColumnTransformer([("bins", cut, numbers), ("others", StandardScaler(), others)])
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), parts)
