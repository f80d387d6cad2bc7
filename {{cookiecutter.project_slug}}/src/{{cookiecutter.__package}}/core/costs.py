"""Costs: what mistakes cost, the section `[costs]` of the plan."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, model_validator

from .errors import UserError
from .schema import Strict


class Costs(Strict):
    """What mistakes cost, in any one unit: of two answers, of several, or of a number.

    `positive` confirms which of two answers is the one to look for: the last of the Label.
    """

    positive: str | None = None
    false_negative: PositiveFloat | None = None
    false_positive: PositiveFloat | None = None
    confusion: dict[str, dict[str, NonNegativeFloat]] | None = None
    too_low: PositiveFloat | None = None
    too_high: PositiveFloat | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = {"false_negative", "false_positive"}, {"confusion"}, {"too_low", "too_high"}
        if self.model_fields_set - {"positive"} not in forms:
            raise ValueError(f"give {', or '.join(' and '.join(sorted(form)) for form in forms)}")
        return self

    @property
    def quantile(self) -> float:
        """The quantile of a number that costs least: `too_low / (too_low + too_high)`."""
        too_low, too_high = self.prices("the answer")
        return too_low / (too_low + too_high)

    def matrix(self, answers: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the cost of every answer (column) for every truth (row).

        Raises UserError: the costs are not those of these answers.
        """
        confusion, is_pair = self.confusion or {}, len(answers) == 2  # noqa: PLR2004
        if is_pair and self.false_negative is not None:
            return np.array([[0, self.false_positive], [self.false_negative, 0]], dtype=float)
        if [set(confusion), *map(set, confusion.values())] != [set(answers)] * (len(answers) + 1):
            form = f"{'false_negative and false_positive, or ' if is_pair else ''}confusion"
            raise UserError(f"plan.toml: costs: give {form} with a row and a column for each of {', '.join(answers)}")
        if wrong := [answer for answer in answers if confusion[answer][answer] != 0]:
            raise UserError(f"plan.toml: costs.confusion.{wrong[0]}.{wrong[0]}: the right answer has to cost 0")
        matrix = np.array([[confusion[truth][answer] for answer in answers] for truth in answers], dtype=float)
        if not matrix.any():
            raise UserError("plan.toml: costs.confusion: every mistake costs 0; give the cost of at least one")
        return matrix

    def in_order(self, answers: tuple[str, ...]) -> Self:
        """Return the costs as candidates read them: of two answers by name, of several in the order of the answers.

        Raises UserError: the costs are not those of these answers.
        """
        matrix = self.matrix(answers).tolist()
        if len(answers) == 2:  # noqa: PLR2004
            return self.model_copy(update={"false_negative": matrix[1][0], "false_positive": matrix[0][1]})
        rows = {truth: dict(zip(answers, row, strict=True)) for truth, row in zip(answers, matrix, strict=True)}
        return self.model_copy(update={"confusion": rows})

    def prices(self, name: str) -> tuple[float, float]:
        """Return the costs of a unit too low and a unit too high. Raises UserError: the costs are of categories."""
        if self.too_low is None or self.too_high is None:
            raise UserError(f"plan.toml: costs: {name} is a number; give too_low and too_high")
        return self.too_low, self.too_high
