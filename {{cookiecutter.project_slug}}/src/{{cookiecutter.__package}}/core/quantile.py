"""The objective of a question whose answer is a number: the price of a unit too low or too high.

With those two prices, the best number to give is a quantile of what may come, the one at
`too_low / (too_low + too_high)` (Koenker and Bassett, "Regression Quantiles", Econometrica 46, 1978).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class QuantileObjective:
    """Costs, quantile, rates and metrics of a number."""

    too_low: float  # cost of one unit by which the answer is too low
    too_high: float  # cost of one unit by which the answer is too high
    above: float  # a person should look at answers of this size or more
    bounds: tuple[float | None, float | None]  # smallest and largest answer that the contract allows
    is_whole: bool = False  # answers are whole numbers

    figures = ("mean_absolute_error", "too_low_rate")
    rates = ("mean_error", "mean_absolute_error", "too_low_rate")

    @property
    def quantile(self) -> float:
        """The quantile that costs least."""
        return self.too_low / (self.too_low + self.too_high)

    def describe(self, name: str) -> str:
        """Return in words which number models look for, and what mistakes cost."""
        return (
            f"{name}: the number that is too low in {1 - self.quantile:.3g} of all cases is given; a unit too low "
            f"costs {self.too_low:g}, a unit too high {self.too_high:g} (plan.toml)"
        )

    def describe_review(self) -> str:
        """Return in words which answers a person should look at."""
        is_set = self.above < float("inf")
        return f"where the answer is {self.above:g} or more" if is_set else "nowhere: review.above is not given"

    def encode(self, labels: ArrayLike) -> NDArray[Any]:
        """Return n labels as floats."""
        return np.asarray(labels, dtype=float)

    def predict(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the number for n rows, shape (n,), within the contract's bounds.

        Raises ValueError: the model gave a number that is not finite.
        """
        numbers = np.asarray(model.predict(rows), dtype=float)
        if not np.isfinite(numbers).all():
            raise ValueError("the model gave a number that is not finite")
        return np.asarray(np.clip(numbers, *self.bounds)) + 0.0  # databases do not keep the sign of -0.0

    def choose(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the predictions: models are fitted to the quantile that costs least."""
        return predictions

    def answers(self, predictions: NDArray[Any]) -> list[Any]:
        """Return the answer for each of n rows, rounded to the hundredth, or to a whole number."""
        return [round(number, None if self.is_whole else 2) + 0 for number in predictions.tolist()]

    def scores(self, predictions: NDArray[Any]) -> list[float]:
        """Return the answer for each of n rows, not rounded."""
        return list(predictions.tolist())

    comparable_scores = choose

    def needs_review(self, predictions: NDArray[Any]) -> list[bool]:
        """Return whether each of n answers is large enough for a person to look."""
        return list((predictions >= self.above).tolist())

    def margins(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Return a sort key of n scores that puts the largest number first: a person should look at large ones."""
        return -scores

    def calibration_pairs(self, truth: NDArray[Any], predictions: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return for one event its n predicted probabilities, whether it happened, and a sort key for bins.

        The event is that the truth is at most the answer, predicted with the probability of `quantile`. An
        answer that is exactly right counts neither for it nor against it.
        """
        predicted = np.full(len(predictions), self.quantile)
        happened = np.where(truth == predictions, predicted, truth < predictions)
        return {"at most the answer": (predicted, happened, predictions)}

    def cost(self, truth: NDArray[Any], choices: NDArray[Any]) -> NDArray[Any]:
        """Return the cost of each of n answers, in the plan's unit."""
        return np.asarray(np.maximum(self.too_low * (truth - choices), self.too_high * (choices - truth)))

    def rate(self, name: str, truth: NDArray[Any], choices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `rates` as n values whose mean it is, and which of the rows count."""
        error = choices - truth
        values = {"mean_error": error, "mean_absolute_error": np.abs(error), "too_low_rate": (error < 0).astype(float)}
        return values[name], np.ones(len(truth), dtype=bool)

    def metrics(self, truth: NDArray[Any], predictions: NDArray[Any], choices: NDArray[Any]) -> dict[str, float]:
        """Return the mean absolute error, and how often the answer was too low."""
        error = predictions - truth
        return {"mean_absolute_error": float(np.abs(error).mean()), "too_low_rate": float((choices < truth).mean())}
