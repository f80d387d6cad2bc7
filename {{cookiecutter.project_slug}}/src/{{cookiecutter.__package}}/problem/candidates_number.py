"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence

from sklearn.pipeline import Pipeline

from ..core.pipelines import boosting, linear
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    return {"linear": linear(columns, plan), "boosting": boosting(columns, plan)}
