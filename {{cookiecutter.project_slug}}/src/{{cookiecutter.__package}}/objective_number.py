"""The objective of a question whose answer is a number: what a unit too much or too little costs.

With those two prices, the cheapest number to give is a quantile of what may come, the one at
`too_low / (too_low + too_high)` (Koenker and Bassett, "Regression Quantiles", Econometrica 46, 1978).

>>> objective = load_plan(Path("plan.toml")).objective
>>> objective.answers(objective.raw(model, rows))
[212.5, 80.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field
from sklearn.metrics import mean_absolute_error

from .contract import Label
from .schema import Strict, columns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TARGET = columns(Label)[0]
RATES = ("mean_error", "mean_absolute_error", "too_low_rate")
Price = Annotated[float, Field(gt=0)]


class Costs(Strict):
    """What one unit of the answer costs when the answer is too low or too high."""

    too_low: Price
    too_high: Price


class Review(Strict):
    """When a person should look: the number is `above` or more."""

    above: Annotated[float, Field(ge=0)]


class Objective:
    """Costs, quantile, rates and metrics of the answer."""

    def __init__(self, costs: Costs, review: Review) -> None:
        self.costs = costs
        self.above = review.above
        self.quantile = self.costs.too_low / (self.costs.too_low + self.costs.too_high)

    def target(self, labels: ArrayLike) -> NDArray[Any]:
        """Turn n labels into what a model learns: the numbers themselves."""
        return np.asarray(labels, dtype=float)

    def raw(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the number for n rows, shape (n,), within the contract's bounds.

        Raises
        ------
        ValueError
            The model gave a number that is not finite.
        """
        numbers = np.asarray(model.predict(rows), dtype=float)
        if not np.isfinite(numbers).all():
            message = "the model gave a number that is not finite"
            raise ValueError(message)
        return np.asarray(np.clip(numbers, TARGET.low, TARGET.high))

    def answers(self, raw: NDArray[Any]) -> list[float]:
        """Return the answer for each of n rows, to the hundredth."""
        return [round(float(number), 2) for number in raw]

    def scores(self, raw: NDArray[Any]) -> list[float]:
        """Return the one number that goes with each answer: itself, not rounded."""
        return [float(number) for number in raw]

    def alike(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return scores that can be set against the first row's, shape (n,): the number itself."""
        return raw

    def unsure(self, raw: NDArray[Any]) -> list[bool]:
        """Return for each of n rows whether a person should look."""
        return [bool(large) for large in raw >= self.above]

    def claims(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return for each claim its n probabilities, whether it came true, and by what to sort the rows.

        There is one: the answer is the upper end of an interval that holds the truth with the
        probability of `quantile`. An answer that is exactly right speaks neither for it nor against it.
        """
        stated = np.full(len(raw), self.quantile)
        return {"at most the answer": (stated, np.where(truth == raw, stated, truth < raw), raw)}

    def cost(self, truth: NDArray[Any], raw: NDArray[Any]) -> NDArray[Any]:
        """Return what each of n answers cost, in the plan's unit, against the truth."""
        short = truth - raw
        return np.asarray(np.where(short > 0, short * self.costs.too_low, -short * self.costs.too_high))

    def rate(self, name: str, truth: NDArray[Any], raw: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `RATES` as values whose mean it is, and which of the n rows count."""
        values = {
            "mean_error": raw - truth,
            "mean_absolute_error": np.abs(raw - truth),
            "too_low_rate": (raw < truth).astype(float),
        }
        return values[name], np.ones(len(truth), dtype=bool)

    def metrics(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, float]:
        """Return the cost per decision, the error, and how often the answer was too low."""
        return {
            "cost": float(self.cost(truth, raw).mean()),
            "total_cost": float(self.cost(truth, raw).sum()),
            "mean_absolute_error": float(mean_absolute_error(truth, raw)),
            "too_low": float((raw < truth).mean()),
        }
