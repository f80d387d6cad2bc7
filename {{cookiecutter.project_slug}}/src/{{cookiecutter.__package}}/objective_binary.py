"""The objective of a yes-or-no question: what a mistake costs, and so which score means yes.

The threshold follows from the costs alone (Elkan, "The Foundations of Cost-Sensitive Learning",
IJCAI 2001): with a calibrated probability p, answering yes is cheaper when p is at least
`false_positive / (false_positive + false_negative)`.

>>> objective = load_plan(Path("plan.toml")).objective
>>> objective.answers(objective.raw(model, rows))
['no', 'yes']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field
from sklearn.metrics import brier_score_loss, roc_auc_score

from .contract import Label
from .schema import Strict, columns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TARGET = columns(Label)[0]
NO, YES = TARGET.categories
RATES = ("false_positive_rate", "false_negative_rate", "selection_rate")


class Costs(Strict):
    """What each kind of mistake costs, in any one unit."""

    false_negative: Annotated[float, Field(gt=0)]
    false_positive: Annotated[float, Field(gt=0)]


class Review(Strict):
    """When a person should look: the score is closer to the threshold than `band`."""

    band: Annotated[float, Field(ge=0, le=1)]


class Objective:
    """Costs, threshold, rates and metrics of the answer."""

    def __init__(self, costs: Costs, review: Review) -> None:
        self.costs = costs
        self.band = review.band
        self.threshold = self.costs.false_positive / (self.costs.false_positive + self.costs.false_negative)

    def target(self, labels: ArrayLike) -> NDArray[Any]:
        """Turn n labels into what a model learns: 1 for yes, 0 for no."""
        return np.asarray(np.asarray(labels, dtype=object) == YES, dtype=int)

    def raw(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the probability of yes for n rows, shape (n,).

        Raises
        ------
        ValueError
            The model gave a number that is not finite.
        """
        scores = np.asarray(model.predict_proba(rows))[:, 1]
        if not np.isfinite(scores).all():
            message = "the model gave a probability that is not finite"
            raise ValueError(message)
        return scores

    def chosen(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return the cheaper answer for each of n rows, coded as in `target`."""
        return (raw >= self.threshold).astype(int)

    def answers(self, raw: NDArray[Any]) -> list[str]:
        """Return the cheaper answer for each of n rows, in the contract's words."""
        return [YES if chosen else NO for chosen in self.chosen(raw).tolist()]

    def scores(self, raw: NDArray[Any]) -> list[float]:
        """Return the one number that goes with each answer: the probability of yes."""
        return [float(score) for score in raw]

    def alike(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return scores that can be set against the first row's, shape (n,): the probability of yes."""
        return raw

    def unsure(self, raw: NDArray[Any]) -> list[bool]:
        """Return for each of n rows whether a person should look."""
        return [bool(close) for close in np.abs(raw - self.threshold) < self.band]

    def claims(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return for each claim its n probabilities, whether it came true, and by what to sort the rows."""
        return {YES: (raw, truth, raw)}

    def cost(self, truth: NDArray[Any], raw: NDArray[Any]) -> NDArray[Any]:
        """Return what each of n answers cost, in the plan's unit, against the truth."""
        chosen = self.chosen(raw)
        missed, alarmed = (truth == 1) & (chosen == 0), (truth == 0) & (chosen == 1)
        return np.asarray(missed * self.costs.false_negative + alarmed * self.costs.false_positive)

    def rate(self, name: str, truth: NDArray[Any], raw: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `RATES` as values whose mean it is, and which of the n rows count."""
        chosen = self.chosen(raw)
        if name == "false_positive_rate":
            return chosen, truth == 0
        if name == "false_negative_rate":
            return 1 - chosen, truth == 1
        return chosen, np.ones(len(truth), dtype=bool)

    def metrics(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, float]:
        """Return the cost per decision and how well the scores rank and calibrate."""
        return {
            "cost": float(self.cost(truth, raw).mean()),
            "total_cost": float(self.cost(truth, raw).sum()),
            "roc_auc": float(roc_auc_score(truth, raw)),
            "brier": float(brier_score_loss(truth, raw)),
            "answered_yes": float(self.chosen(raw).mean()),
        }
