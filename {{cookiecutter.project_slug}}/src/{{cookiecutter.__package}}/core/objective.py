"""The objective: what to answer, given what mistakes cost. Which one applies follows from the Label."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from .choice import ChoiceObjective
from .errors import UserError
from .plan import Plan
from .quantile import QuantileObjective
from .schema import Column

Objective = ChoiceObjective | QuantileObjective


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
    objective: Objective
    if target.categories:
        objective = ChoiceObjective(target.categories, plan.costs.matrix(target.categories), plan.review.band)
    else:
        objective = QuantileObjective(*plan.costs.prices(target.name), plan.review.above, (target.low, target.high))
    if unknown := [rate for rate in plan.groups.limits if rate not in objective.rates]:
        rates = f"{', '.join(unknown)}: unknown rate; use {', '.join(objective.rates)}"
        raise UserError(f"plan.toml: groups.limits: {rates}")
    return objective
