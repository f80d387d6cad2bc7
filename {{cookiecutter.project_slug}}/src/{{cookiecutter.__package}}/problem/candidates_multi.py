"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence

from sklearn.pipeline import Pipeline

from ..core.pipelines import boosting, linear
from ..core.plan import Plan
from ..core.schema import Column
from ..core.search_space import log, whole

# what `search` tries, as scikit-learn names parameters
SPACES = {"boosting": {"model__learning_rate": log(0.02, 0.3), "model__max_iter": whole(20, 200)}}


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    # where a gap between groups refuses them, add "mitigated": mitigated(columns, plan) of core/pipelines.py
    return {"logistic": linear(columns, plan), "boosting": boosting(columns, plan)}
