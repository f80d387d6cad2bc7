"""The first model: rules of thumb that a loan officer can read and edit.

It is registered like any other model, and it stays the fallback of every later one.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Rule = tuple[str, str, Any, float, str]

# Column, comparison, value, probability of yes, and the reason that people read.
# The first rule that fits answers.
RULES: list[Rule] = [
    ("denied_mortgage_insurance", "==", "yes", 0.9, "mortgage insurance was denied"),
    ("public_bad_credit_record", "==", "yes", 0.4, "there is a public record of bad credit"),
    ("debt_to_income", ">", 0.5, 0.4, "debt payments take over half of the income"),
]
OTHERWISE = 0.08

COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class RulesClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answer by the first rule that fits.

    Parameters
    ----------
    rules
        Tuples of column, comparison, value, probability of yes, reason.
    otherwise
        Probability of yes when no rule fits.
    """

    def __init__(self, rules: Sequence[Rule] = RULES, otherwise: float = OTHERWISE) -> None:
        self.rules = rules
        self.otherwise = otherwise

    def fit(self, X: Mapping[str, Any], y: object = None) -> Self:  # noqa: ARG002, N803
        """Check the rules; there is nothing to learn.

        Raises
        ------
        ValueError
            A comparison is unknown or a probability is not between 0 and 1.
        """
        for column, comparison, _, probability, _ in self.rules:
            if comparison not in COMPARISONS:
                message = f"rules: {column}: unknown comparison {comparison!r}; use one of {', '.join(COMPARISONS)}"
                raise ValueError(message)
            if not 0 <= probability <= 1:
                message = f"rules: {column}: a probability is between 0 and 1, not {probability}"
                raise ValueError(message)
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probabilities of no and yes, shape (rows, 2)."""
        fits = self._fits(X)
        scores = np.array([*(rule[3] for rule in self.rules), self.otherwise])[fits]
        return np.column_stack([1 - scores, scores])

    def predict(self, X: Mapping[str, Any]) -> NDArray[np.int64]:  # noqa: N803
        """Return 1 for each row whose probability is over a half."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)  # noqa: PLR2004

    def reasons(self, X: Mapping[str, Any]) -> list[str]:  # noqa: N803
        """Return for each row the reason of the rule that answered."""
        said = [*(rule[4] for rule in self.rules), "no rule fits"]
        return [said[place] for place in self._fits(X)]

    def _fits(self, X: Mapping[str, Any]) -> NDArray[np.int64]:  # noqa: N803
        rows = len(next(iter(X.values()))) if isinstance(X, dict) else len(X)
        first = np.full(rows, len(self.rules))
        for place, (column, comparison, value, _, _) in reversed(list(enumerate(self.rules))):
            kind = object if isinstance(value, str) else float
            first[COMPARISONS[comparison](np.asarray(X[column], dtype=kind), value)] = place
        return first
