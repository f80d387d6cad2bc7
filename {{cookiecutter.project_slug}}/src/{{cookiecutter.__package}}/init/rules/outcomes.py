"""The answers of some rows: what to predict for all of them, and how much is lost by one prediction."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.costs import Costs
from ..findings.arrays import to_floats
from ..findings.wording import roundest
from ..table import Profile

NUMBER_BINS = 64
NEARBY = 0.01  # of the distance between the quartiles of a number
PRIOR_ROWS = 2  # of all rows, by which the share of an answer in few rows is moved towards its share in all


@dataclass(frozen=True, slots=True)
class Classes:
    """Answers that are one of several, with the costs of their confusion."""

    codes: NDArray[np.int64]  # of n rows
    matrix: NDArray[np.float64]  # cost of every answer (column) for every truth (row)

    def losses(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the entropy of m sets of rows, given the rows of each answer, shape (m, answers).

        Rows weigh what a mistake on them costs, so that the entropy changes most where the choice does (Elkan, "The
        Foundations of Cost-Sensitive Learning", IJCAI 2001).
        """
        weighted = counts * self.matrix.mean(axis=1)
        total = weighted.sum(axis=-1, keepdims=True)
        shares = np.divide(weighted, total, out=np.ones_like(weighted), where=weighted > 0)
        return np.asarray(-(weighted * np.log(shares)).sum(axis=-1))

    def count(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the number of rows of each answer."""
        return np.bincount(self.codes[rows], minlength=len(self.matrix)).astype(float)

    def predict(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability of each answer among some rows."""
        prior = self.count(np.ones_like(rows)) / len(rows)
        counts = self.count(rows) + PRIOR_ROWS * prior
        return np.asarray(counts / counts.sum())

    def score(self, rows: NDArray[np.int64], predictions: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the loss and the cost of predictions, one for each of some rows."""
        truth = self.codes[rows]
        losses = -np.log(np.maximum(predictions[np.arange(len(rows)), truth], 1e-9))
        return losses, self.matrix[truth, self.choose(predictions)]

    def choose(self, predictions: NDArray[np.float64]) -> NDArray[Any]:
        """Return the answer of least expected cost; of two equal ones the last."""
        costs = predictions @ self.matrix
        return np.asarray(costs.shape[-1] - 1 - costs[..., ::-1].argmin(axis=-1))

    def write(self, prediction: NDArray[np.float64]) -> Any:
        """Return a prediction as rules have it, with as few digits as leave the choice what it is.

        Near a threshold the last digit is moved, by one at most, towards the choice: 0.49 reads better than 0.4997.
        """
        choice = self.choose(prediction)
        for digits in range(2, 9):
            rounded = prediction.round(digits)
            rounded[rounded.argmax()] += 1 - rounded.sum()
            unit = 10.0**-digits * (np.eye(len(rounded))[choice] - np.eye(len(rounded)))
            near = np.vstack([rounded, rounded + unit]).round(digits)
            fit = [row for row in near if (row > 0).all() and self.choose(row) == choice]
            if fit:
                break
        else:
            fit = [prediction]
        written = tuple(fit[0].tolist())
        return written[1] if len(written) == 2 else written  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Numbers:
    """Answers that are a number, with the costs of a unit too low and a unit too high."""

    values: NDArray[np.float64]  # of n rows
    codes: NDArray[np.int64]  # bins of the values
    centres: NDArray[np.float64]  # of the bins
    prices: tuple[float, float]
    bounds: tuple[float | None, float | None]

    @property
    def quantile(self) -> float:
        """The quantile that costs least."""
        return self.prices[0] / sum(self.prices)

    def losses(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the cost of predicting the best quantile for m sets of rows, given the rows of each bin."""
        total = counts.sum(axis=-1, keepdims=True)
        best = self.centres[(counts.cumsum(axis=-1) >= self.quantile * total).argmax(axis=-1)]
        return np.asarray((counts * self._cost(self.centres, best[..., None])).sum(axis=-1))

    def count(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the number of rows in each bin."""
        return np.bincount(self.codes[rows], minlength=len(self.centres)).astype(float)

    def predict(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the quantile of some rows."""
        return np.asarray(np.quantile(self.values[rows], self.quantile, method="inverted_cdf"))

    def score(self, rows: NDArray[np.int64], predictions: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the cost of predictions, one for each of some rows, twice: loss and cost are the same."""
        costs = self._cost(self.values[rows], predictions)
        return costs, costs

    def write(self, prediction: NDArray[np.float64]) -> Any:
        """Return a prediction as rules have it: the roundest number nearby, within the bounds."""
        low, high = np.quantile(self.values, (0.25, 0.75))
        near = NEARBY * float(high - low or self.values.std())
        rounded = roundest(float(prediction) - near, float(prediction) + near) if near else float(prediction)
        return float(np.clip(rounded, *self.bounds))

    def _cost(self, truth: NDArray[np.float64], answers: NDArray[np.float64]) -> NDArray[np.float64]:
        too_low, too_high = self.prices
        return np.asarray(np.maximum(too_low * (truth - answers), too_high * (answers - truth)))


Outcomes = Classes | Numbers


def read_outcomes(target: Profile, costs: Costs) -> Outcomes:
    """Return the answers of n rows, none of them missing. Raises UserError: the costs are of another kind of answer."""
    if target.kind == "category":
        places = {answer: place for place, answer in enumerate(target.categories)}
        codes = np.array([places[value] for value in target.values.to_pylist()], dtype=np.int64)
        return Classes(codes, costs.matrix(target.categories))
    values = to_floats(target.values)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, NUMBER_BINS + 1), method="closest_observation"))
    codes = np.searchsorted(edges[1:-1], values, side="right")
    centres = np.array([values[codes == code].mean() for code in range(codes.max() + 1)])
    return Numbers(values, codes, centres, costs.prices(target.name), (target.low, target.high))
