"""The objective: what to answer, given what mistakes cost. Which one applies follows from the Label.

>>> objective = make_objective(target, plan)
>>> objective.answers(objective.predict(model, rows))
['no', 'yes']
"""

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import ArrayLike, NDArray

from .choice import ChoiceObjective
from .errors import UserError
from .plan import Plan
from .quantile import QuantileObjective
from .schema import Column


class Objective(Protocol):
    """What `ChoiceObjective` and `QuantileObjective` have in common. Arrays have one entry for each of n rows."""

    @property
    def rates(self) -> tuple[str, ...]:
        """Names of the rates that the plan may limit between groups."""

    def encode(self, labels: ArrayLike) -> NDArray[Any]:
        """Return labels as models learn them."""

    def predict(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the predictions of a model.

        Raises ValueError: a prediction is not finite, or is no probability.
        """

    def choose(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the answer of least expected cost, encoded."""

    def answers(self, predictions: NDArray[Any]) -> list[Any]:
        """Return the answer of least expected cost, as the contract spells it."""

    def scores(self, predictions: NDArray[Any]) -> list[float]:
        """Return the one number that is recorded with each answer."""

    def comparable_scores(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return scores that can be compared with the first row's."""

    def needs_review(self, predictions: NDArray[Any]) -> list[bool]:
        """Return whether a person should look at each answer."""

    def calibration_pairs(self, truth: NDArray[Any], predictions: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return, by event, its n predicted probabilities, whether it happened, and a sort key for bins."""

    def cost(self, truth: NDArray[Any], choices: NDArray[Any]) -> NDArray[Any]:
        """Return the cost of each answer, in the plan's unit."""

    def rate(self, name: str, truth: NDArray[Any], choices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `rates` as n values whose mean it is, and which of the rows count."""

    def metrics(self, truth: NDArray[Any], predictions: NDArray[Any], choices: NDArray[Any]) -> dict[str, float]:
        """Return measures of quality by name, without the cost."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model predicted for n rows it was not trained on, computed once and passed on."""

    truth: NDArray[Any]  # encoded labels
    predictions: NDArray[Any]  # as `Objective.predict` returns them
    choices: NDArray[Any]  # encoded answers
    cost: NDArray[Any]  # of each answer, in the plan's unit


def evaluate(objective: Objective, truth: NDArray[Any], predictions: NDArray[Any]) -> Evaluation:
    """Return predictions with the answers that follow from them and what those cost."""
    choices = objective.choose(predictions)
    return Evaluation(truth, predictions, choices, objective.cost(truth, choices))


def make_objective(target: Column, plan: Plan) -> Objective:
    """Return the objective of a label under a plan.

    Raises UserError: the plan's costs are of another kind of answer, or it limits a rate that does not exist.
    """
    if len(target.categories) == 1 or target.kind == "text":
        message = f"contract.py: {target.name} is {target.expected}; a label needs two or more answers, or a number"
        raise UserError(message)
    made: Objective
    if target.categories:
        made = ChoiceObjective(target.categories, plan.costs.matrix(target.categories), plan.review.band)
    else:
        made = QuantileObjective(*plan.costs.prices(target.name), plan.review.above, (target.low, target.high))
    unknown = [rate for rate in plan.groups.limits if rate not in made.rates]
    if unknown:
        message = f"plan.toml: groups.limits: {', '.join(unknown)}: unknown rate; use {', '.join(made.rates)}"
        raise UserError(message)
    return made
