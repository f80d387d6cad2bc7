"""The objective of a question with two or more answers: a matrix of what each confusion costs.

With probabilities for every answer, the best one to give is the one of least expected cost (Elkan,
"The Foundations of Cost-Sensitive Learning", IJCAI 2001). With two answers that is a threshold.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOLERANCE = 1e-6


class ChoiceObjective:
    """Costs, choice, rates and metrics of one of several answers, encoded as 0, 1, 2, ... in the contract's order.

    `matrix`: cost of every answer (column) for every truth (row).
    `band`: of two answers, a person should look at a probability that is closer to the threshold than this; of
      several, at an answer whose expected cost is less than this below that of the next best one.
    """

    figures = ("accuracy", "log_loss", "roc_auc")

    def __init__(self, answers: tuple[str, ...], matrix: NDArray[np.float64], band: float) -> None:
        self.categories = answers
        self.matrix = matrix
        self.band = band
        self.is_pair = len(answers) == 2  # noqa: PLR2004
        # with two answers, the last is given from this probability on
        self.threshold = float(matrix[0, 1] / matrix.sum()) if self.is_pair else None
        # the answer that is wrong, by the name of the rate that counts it
        self.wrong = {"false_positive_rate": 1, "false_negative_rate": 0} if self.is_pair else {}
        self.wrong |= {f"wrongly_{answer}_rate": code for code, answer in enumerate(answers)}
        # names of the rates that the plan may limit between groups
        self.rates = (*self.wrong, "error_rate", *(["selection_rate"] if self.is_pair else []))

    def describe(self, name: str) -> str:
        """Return in words which answer of a label models look for, and what mistakes cost."""
        if self.threshold is not None:
            last = self.categories[-1]
            missed, false = self.matrix[1, 0], self.matrix[0, 1]
            return (
                f"{name}: models give the probability of {last}, the last answer, and {last} is answered from "
                f"{self.threshold:.3g} on; a missed {last} costs {missed:g}, a false {last} {false:g} (plan.toml)"
            )
        truth, answer = np.unravel_index(self.matrix.argmax(), self.matrix.shape)
        worst = f"{self.categories[answer]} in place of {self.categories[truth]}, which costs {self.matrix.max():g}"
        return f"{name}: the answer of least expected cost is given; the worst mistake is {worst} (plan.toml)"

    def describe_review(self) -> str:
        """Return in words which answers a person should look at."""
        if self.band == 0:
            return "nowhere: review.band is 0"
        if self.threshold is None:
            return f"where the next best answer costs less than {self.band:g} more in expectation"
        return f"where the probability of {self.categories[-1]} is less than {self.band:g} from {self.threshold:.3g}"

    def encode(self, labels: ArrayLike) -> NDArray[Any]:
        """Return n labels as their positions in the contract's order."""
        codes = {answer: code for code, answer in enumerate(self.categories)}
        return np.array([codes[label] for label in np.asarray(labels, dtype=object)], dtype=int)

    def predict(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the probability of every answer for n rows, shape (n, answers).

        An answer that the model was never shown has the probability 0. Raises ValueError: the model gave something
        else.
        """
        found = np.asarray(model.predict_proba(rows), dtype=float)
        known = getattr(model, "classes_", range(len(self.categories)))
        if found.shape[1:] == (len(known),) != (len(self.categories),):
            found, given = np.zeros((len(found), len(self.categories))), found
            found[:, np.asarray(known, dtype=int)] = given
        if found.shape[1:] != (len(self.categories),):
            raise ValueError(f"the model gave an array of shape {found.shape}, expected (rows, {len(self.categories)})")
        if not ((found >= -TOLERANCE) & (found <= 1 + TOLERANCE)).all():
            raise ValueError("the model gave a number that is not a finite probability")
        return np.asarray(np.clip(found, 0, 1))

    def choose(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the position of the answer of least expected cost for each of n rows."""
        if self.threshold is not None:
            return np.asarray((predictions[:, 1] >= self.threshold).astype(int))
        return np.asarray((predictions @ self.matrix).argmin(axis=1))

    def answers(self, predictions: NDArray[Any]) -> list[Any]:
        """Return the answer of least expected cost for each of n rows."""
        return [self.categories[code] for code in self.choose(predictions).tolist()]

    def scores(self, predictions: NDArray[Any]) -> list[float]:
        """Return the probability of the last of two answers, or of the answer given."""
        found = predictions[:, 1] if self.is_pair else predictions[range(len(predictions)), self.choose(predictions)]
        return list(found.tolist())

    def comparable_scores(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the probability of one answer for all n rows: the last of two, or the one given for the first row."""
        return np.asarray(predictions[:, 1 if self.is_pair else self.choose(predictions[:1])[0]])

    def needs_review(self, predictions: NDArray[Any]) -> list[bool]:
        """Return whether the two cheapest answers cost nearly the same in expectation, for each of n rows."""
        if self.threshold is not None:
            return list((np.abs(predictions[:, 1] - self.threshold) < self.band).tolist())
        cheapest, second, *_ = np.sort(predictions @ self.matrix, axis=1).T
        return list((second - cheapest < self.band).tolist())

    def margins(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Return how clear n answers are by their scores: the distance to the threshold, or the score itself."""
        return scores if self.threshold is None else np.abs(scores - self.threshold)

    def calibration_pairs(self, truth: NDArray[Any], predictions: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return, by answer, its n predicted probabilities, whether it was right, and a sort key for bins."""
        codes = list(enumerate(self.categories))[int(self.is_pair) :]
        return {answer: (predictions[:, code], truth == code, predictions[:, code]) for code, answer in codes}

    def cost(self, truth: NDArray[Any], choices: NDArray[Any]) -> NDArray[Any]:
        """Return the cost of each of n answers, in the plan's unit."""
        return np.asarray(self.matrix[truth, choices])

    def rate(self, name: str, truth: NDArray[Any], choices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `rates` as n values whose mean it is, and which of the rows count."""
        if name in ("error_rate", "selection_rate"):
            values = choices != truth if name == "error_rate" else choices
            return values.astype(float), np.ones(len(truth), dtype=bool)
        return (choices == self.wrong[name]).astype(float), truth != self.wrong[name]

    def metrics(self, truth: NDArray[Any], predictions: NDArray[Any], choices: NDArray[Any]) -> dict[str, float]:
        """Return how well the predictions rank, how good the probabilities are, and how often answers are right."""
        from sklearn.metrics import accuracy_score, log_loss, roc_auc_score  # noqa: PLC0415  # training only

        codes = range(len(self.categories))
        found = {"accuracy": accuracy_score(truth, choices), "log_loss": log_loss(truth, predictions, labels=codes)}
        if len(np.unique(truth)) == len(codes):
            ranking = predictions[:, 1] if self.is_pair else predictions
            found["roc_auc"] = roc_auc_score(truth, ranking, multi_class="ovr", labels=codes)
        return {name: float(value) for name, value in found.items()}
