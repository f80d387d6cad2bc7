"""The objective of a question with two or more answers: a matrix of what each confusion costs.

With probabilities for every answer, the best one to give is the one of least expected cost (Elkan,
"The Foundations of Cost-Sensitive Learning", IJCAI 2001). With two answers that is a threshold.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

TWO = 2
TOLERANCE = 1e-6


class ChoiceObjective:
    """Costs, choice, rates and metrics of one of several answers, encoded as 0, 1, 2, ...

    `answers`: the answers in the contract's order; of two, the score is the probability of the last.
    `matrix`: cost of every answer (column) for every truth (row).
    `band`: a person should look if the next best answer costs less than this much more in expectation. With two
      answers it is a distance from the threshold, as a probability.
    """

    def __init__(self, answers: tuple[str, ...], matrix: NDArray[np.float64], band: float) -> None:
        self.categories = answers
        self.matrix = matrix
        self.band = band
        # with two answers, the last is given from this probability on
        self.threshold = float(matrix[0, 1] / matrix.sum()) if len(answers) == TWO else None
        self._codes = {answer: code for code, answer in enumerate(answers)}

    @property
    def rates(self) -> tuple[str, ...]:
        """Names of the rates that the plan may limit between groups."""
        general = ("error_rate", *(f"wrongly_{answer}_rate" for answer in self.categories))
        special = ("false_positive_rate", "false_negative_rate", "selection_rate")
        return (*special, *general) if len(self.categories) == TWO else general

    def encode(self, labels: ArrayLike) -> NDArray[Any]:
        """Return n labels as their positions in the contract's order."""
        return np.array([self._codes[label] for label in np.asarray(labels, dtype=object)], dtype=int)

    def predict(self, model: Any, rows: Any) -> NDArray[Any]:
        """Return the probability of every answer for n rows, shape (n, answers).

        Raises ValueError: the model gave something else.
        """
        found = np.asarray(model.predict_proba(rows), dtype=float)
        if found.ndim != TWO or found.shape[1] != len(self.categories):
            message = f"the model gave an array of shape {found.shape}, expected (rows, {len(self.categories)})"
            raise ValueError(message)
        if not np.isfinite(found).all() or found.min(initial=0) < -TOLERANCE or found.max(initial=1) > 1 + TOLERANCE:
            message = "the model gave a number that is not a finite probability"
            raise ValueError(message)
        return np.asarray(np.clip(found, 0, 1))

    def choose(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the position of the answer of least expected cost for each of n rows."""
        if self.threshold is not None:
            return np.asarray((predictions[:, 1] >= self.threshold).astype(int))
        return np.asarray((predictions @ self.matrix).argmin(axis=1))

    def answers(self, predictions: NDArray[Any]) -> list[str]:
        """Return the answer of least expected cost for each of n rows."""
        return [self.categories[code] for code in self.choose(predictions).tolist()]

    def scores(self, predictions: NDArray[Any]) -> list[float]:
        """Return the probability of the last of two answers, or of the answer given."""
        if len(self.categories) == TWO:
            return [float(score) for score in predictions[:, 1]]
        given = np.take_along_axis(predictions, self.choose(predictions)[:, None], axis=1)
        return [float(score) for score in given[:, 0]]

    def comparable_scores(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Return the probability of the last of two answers, or of the first row's answer, shape (n,)."""
        column = 1 if len(self.categories) == TWO else self.choose(predictions[:1])[0]
        return np.asarray(predictions[:, column])

    def needs_review(self, predictions: NDArray[Any]) -> list[bool]:
        """Return whether the two cheapest answers cost nearly the same in expectation, for each of n rows."""
        if self.threshold is not None:
            return [bool(close) for close in np.abs(predictions[:, 1] - self.threshold) < self.band]
        expected = np.sort(predictions @ self.matrix, axis=1)
        return [bool(close) for close in expected[:, 1] - expected[:, 0] < self.band]

    def calibration_pairs(self, truth: NDArray[Any], predictions: NDArray[Any]) -> dict[str, tuple[NDArray[Any], ...]]:
        """Return, by answer, its n predicted probabilities, whether it was right, and a sort key for bins."""
        first = 1 if len(self.categories) == TWO else 0
        columns = {answer: predictions[:, self._codes[answer]] for answer in self.categories[first:]}
        return {answer: (column, truth == self._codes[answer], column) for answer, column in columns.items()}

    def cost(self, truth: NDArray[Any], choices: NDArray[Any]) -> NDArray[Any]:
        """Return the cost of each of n answers, in the plan's unit."""
        return np.asarray(self.matrix[truth, choices])

    def rate(self, name: str, truth: NDArray[Any], choices: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return one of `rates` as n values whose mean it is, and which of the rows count."""
        everyone = np.ones(len(truth), dtype=bool)
        if name == "error_rate":
            return (choices != truth).astype(float), everyone
        if name == "selection_rate":
            return choices.astype(float), everyone
        code = {"false_positive_rate": 1, "false_negative_rate": 0}.get(name)
        if code is None:
            code = self._codes[name.removeprefix("wrongly_").removesuffix("_rate")]
        return (choices == code).astype(float), truth != code

    def metrics(self, truth: NDArray[Any], predictions: NDArray[Any], choices: NDArray[Any]) -> dict[str, float]:
        """Return how well the predictions rank, how good the probabilities are, and how often answers are right."""
        from sklearn.metrics import accuracy_score, log_loss, roc_auc_score  # noqa: PLC0415  # training only

        codes = range(len(self.categories))
        found = {
            "accuracy": float(accuracy_score(truth, choices)),
            "log_loss": float(log_loss(truth, predictions, labels=codes)),
        }
        if len(np.unique(truth)) == len(self.categories):
            ranking = predictions[:, 1] if len(self.categories) == TWO else predictions
            found["roc_auc"] = float(roc_auc_score(truth, ranking, multi_class="ovr", labels=codes))
        return found
