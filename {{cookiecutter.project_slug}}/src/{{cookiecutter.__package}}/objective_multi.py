"""The objective of a question with several answers: what each confusion costs, and so what to say.

With probabilities for every answer, the cheapest one to give is the one of least expected cost
(Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001).

>>> objective = load_plan(Path("plan.toml")).objective
>>> objective.answers(objective.raw(model, rows))
['average', 'poor']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator
from sklearn.metrics import balanced_accuracy_score, log_loss

from .contract import Label
from .schema import Strict, columns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TARGET = columns(Label)[0]
ANSWERS = TARGET.categories
RATES = ("error_rate", *(f"wrongly_{answer}_rate" for answer in ANSWERS))
Price = Annotated[float, Field(ge=0)]


class Costs(Strict):
    """What it costs to say one thing when another is true: `[costs.confusion]`, truth first."""

    confusion: dict[str, dict[str, Price]]

    @model_validator(mode="after")
    def _square(self) -> Self:
        named = [("", list(self.confusion)), *((f".{truth}", list(row)) for truth, row in self.confusion.items())]
        for where, keys in named:
            if set(keys) != set(ANSWERS):
                message = f"confusion{where} has to name {', '.join(ANSWERS)}, once each"
                raise ValueError(message)
        wrong = [answer for answer in ANSWERS if self.confusion[answer][answer] != 0]
        if wrong:
            message = f"confusion.{wrong[0]}.{wrong[0]}: the right answer costs nothing"
            raise ValueError(message)
        return self


class Review(Strict):
    """When a person should look: the next best answer costs at most `band` more."""

    band: Price


class Objective:
    """Costs, choice, rates and metrics of the answer. Classes are coded 0, 1, 2, ..."""

    def __init__(self, costs: Costs, review: Review) -> None:
        self.matrix = np.array([[costs.confusion[truth][said] for said in ANSWERS] for truth in ANSWERS])
        self.band = review.band

    def target(self, labels: ArrayLike) -> NDArray[Any]:
        """Turn n labels into what a model learns: their place in the contract's order."""
        places = {answer: place for place, answer in enumerate(ANSWERS)}
        return np.array([places[label] for label in np.asarray(labels, dtype=object)])

    def raw(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the probability of every answer for n rows, shape (n, answers).

        Raises
        ------
        ValueError
            The model gave a number that is not finite.
        """
        scores = np.asarray(model.predict_proba(rows))
        if not np.isfinite(scores).all():
            message = "the model gave a probability that is not finite"
            raise ValueError(message)
        return scores

    def chosen(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return the cheapest answer for each of n rows, coded as in `target`."""
        return np.asarray((raw @ self.matrix).argmin(axis=1))

    def answers(self, raw: NDArray[Any]) -> list[str]:
        """Return the cheapest answer for each of n rows, in the contract's words."""
        return [ANSWERS[place] for place in self.chosen(raw).tolist()]

    def scores(self, raw: NDArray[Any]) -> list[float]:
        """Return the one number that goes with each answer: its probability."""
        return [float(score) for score in np.take_along_axis(raw, self.chosen(raw)[:, None], axis=1)[:, 0]]

    def alike(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return scores that can be set against the first row's, shape (n,): those of its answer."""
        return np.asarray(raw[:, self.chosen(raw[:1])[0]])

    def unsure(self, raw: NDArray[Any]) -> list[bool]:
        """Return for each of n rows whether a person should look."""
        cheapest = np.sort(raw @ self.matrix, axis=1)
        return [bool(close) for close in cheapest[:, 1] - cheapest[:, 0] < self.band]

    def claims(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return for each claim its n probabilities, whether it came true, and by what to sort the rows."""
        return {answer: (raw[:, place], truth == place, raw[:, place]) for place, answer in enumerate(ANSWERS)}

    def cost(self, truth: NDArray[Any], raw: NDArray[Any]) -> NDArray[Any]:
        """Return what each of n answers cost, in the plan's unit, against the truth."""
        return np.asarray(self.matrix[truth, self.chosen(raw)])

    def rate(self, name: str, truth: NDArray[Any], raw: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `RATES` as values whose mean it is, and which of the n rows count."""
        chosen = self.chosen(raw)
        if name == "error_rate":
            return (chosen != truth).astype(float), np.ones(len(truth), dtype=bool)
        answer = ANSWERS.index(name.removeprefix("wrongly_").removesuffix("_rate"))
        return (chosen == answer).astype(float), truth != answer

    def metrics(self, truth: NDArray[Any], raw: NDArray[Any]) -> dict[str, float]:
        """Return the cost per decision and how good the answers and the probabilities are."""
        return {
            "cost": float(self.cost(truth, raw).mean()),
            "total_cost": float(self.cost(truth, raw).sum()),
            "balanced_accuracy": float(balanced_accuracy_score(truth, self.chosen(raw))),
            "log_loss": float(log_loss(truth, raw, labels=range(len(ANSWERS)))),
        }
