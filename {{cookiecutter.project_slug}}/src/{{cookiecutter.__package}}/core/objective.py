"""The objective: what to answer, given what mistakes cost. Which one applies follows from the Label."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .choice import ChoiceObjective
from .errors import UserError
from .plan import Plan
from .quantile import QuantileObjective
from .schema import Column

Objective = ChoiceObjective | QuantileObjective
# two answers in this order look as if they were the wrong way round
POSITIVE = {"yes", "y", "true", "t", "1", "positive", "pos", "on", "present", "always"}
NEGATIVE = {"no", "n", "false", "f", "0", "negative", "neg", "off", "absent", "never", "none"}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model predicted for n rows it was not trained on, computed once and passed on."""

    truth: NDArray[Any]  # encoded labels
    predictions: NDArray[Any]  # as `Objective.predict` returns them
    choices: NDArray[Any]  # encoded answers
    cost: NDArray[Any]  # of each answer, in the plan's unit
    repeats: "tuple[Evaluation, ...]" = ()  # the same for further assignments of the rows to folds

    @property
    def assignments(self) -> "tuple[Evaluation, ...]":
        """The evaluations of all R assignments of the rows to folds."""
        return (self, *self.repeats)

    @property
    def mean_cost(self) -> NDArray[Any]:
        """The cost of each of n rows, averaged over all assignments."""
        return np.asarray(np.mean([one.cost for one in self.assignments], axis=0))


def evaluate(objective: Objective, truth: NDArray[Any], predictions: NDArray[Any]) -> Evaluation:
    """Return predictions with the answers that follow from them and what those cost."""
    choices = objective.choose(predictions)
    return Evaluation(truth, predictions, choices, objective.cost(truth, choices))


def make_objective(target: Column, plan: Plan) -> Objective:
    """Return the objective of a label under a plan.

    Raises UserError: the plan's costs are of another kind of answer, it names a rate or a figure that does not exist,
    or the last of two answers seems to be the one that nobody looks for.
    """
    if len(target.categories) == 1 or target.kind == "text":
        message = f"contract.py: {target.name} is {target.expected}; a label needs two or more answers, or a number"
        raise UserError(message)
    _check_order(target, plan.costs.positive)
    objective: Objective
    if target.categories:
        objective = ChoiceObjective(target.categories, plan.costs.matrix(target.categories), plan.review.band)
    else:
        prices, bounds = plan.costs.prices(target.name), (target.low, target.high)
        objective = QuantileObjective(*prices, plan.review.above, bounds, target.kind == "integer")
    if unknown := [rate for rate in plan.groups.limits if rate not in objective.rates]:
        rates = f"{', '.join(unknown)}: unknown rate; use {', '.join(objective.rates)}"
        raise UserError(f"plan.toml: groups.limits: {rates}")
    if unknown := [figure for figure in plan.product.metrics if figure not in objective.figures]:
        figures = f"{', '.join(unknown)}: unknown figure; use {', '.join(objective.figures)}"
        raise UserError(f"plan.toml: product.metrics: {figures}")
    return objective


def _check_order(target: Column, positive: str | None) -> None:
    """Check that the last of two answers is the one to look for: a missed one is a false negative."""
    if positive is not None and (len(target.categories) != 2 or positive not in target.categories):  # noqa: PLR2004
        raise UserError(f"plan.toml: costs.positive is {positive}, and {target.name} is {target.expected}; remove it")
    if len(target.categories) != 2:  # noqa: PLR2004
        return
    first, last = target.categories
    seems_swapped = first.casefold() in POSITIVE and last.casefold() in NEGATIVE
    if positive == first or (positive is None and seems_swapped):
        keep = "" if positive else f', or set costs.positive = "{last}" in plan.toml'
        raise UserError(
            f"contract.py: {target.name} lists {first} before {last}, and the last of two answers is the one that "
            f'models give a probability of and that false_negative prices; write Literal["{last}", "{first}"]{keep}'
        )
