"""A model made of rules: the first one that fits answers.

It is registered like any learned model, and it stays the fallback of every later one.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from .. import contract
from ..schema import columns
from .rules import OTHERWISE, RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
TARGET = columns(contract.Label)[0]


class RuleBook(BaseEstimator):  # type: ignore[misc]
    """Answer by the first rule that fits.

    Parameters
    ----------
    rules
        Tuples of column, comparison, value, what the rule says, reason. What a rule says is the
        probability of yes, the probabilities of all answers, or a number: as the contract's answer is.
    otherwise
        What is said when no rule fits.
    """

    def __init__(self, rules: Sequence[tuple[Any, ...]] = RULES, otherwise: Any = OTHERWISE) -> None:
        self.rules = rules
        self.otherwise = otherwise

    def fit(self, X: object = None, y: object = None) -> Self:  # noqa: ARG002, N803
        """Check the rules; there is nothing to learn.

        Raises
        ------
        ValueError
            A column or a comparison is unknown, or a probability is none.
        """
        known = {column.name for column in columns(contract.Features) if column.seen_by_models}
        for column, comparison, *_ in self.rules:
            if column not in known:
                message = f"rules.py: {column} is not a column that models see; use one of {', '.join(sorted(known))}"
                raise ValueError(message)
            if comparison not in COMPARISONS:
                message = f"rules.py: {column}: unknown comparison {comparison!r}; use one of {', '.join(COMPARISONS)}"
                raise ValueError(message)
        if TARGET.kind == "category":
            possible = all(_is_distribution(says) for says in self._said())
            message = "rules.py: probabilities lie between 0 and 1, and those of several answers add up to 1"
        else:
            possible = all(_is_within(says) for says in self._said())
            message = f"rules.py: answers lie within the bounds of the contract, {TARGET.expected}"
        if not possible:
            raise ValueError(message)
        self.said_ = np.array(self._said(), dtype=float)
        return self

    def predict_proba(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of every answer, shape (rows, answers)."""
        said: NDArray[np.float64] = self.said_[self._fits(X)]
        return said if said.ndim > 1 else np.column_stack([1 - said, said])

    def predict(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return what the rules say for each row, as they say it."""
        return np.asarray(self.said_[self._fits(X)])

    def reasons(self, X: Mapping[str, Any]) -> list[str]:  # noqa: N803
        """Return for each row the reason of the rule that answered."""
        said = [*(rule[4] for rule in self.rules), "no rule fits"]
        return [said[place] for place in self._fits(X)]

    def _said(self) -> list[Any]:
        return [*(rule[3] for rule in self.rules), self.otherwise]

    def _fits(self, X: Mapping[str, Any]) -> NDArray[np.int64]:  # noqa: N803
        rows = len(next(iter(X.values()))) if isinstance(X, dict) else len(X)
        first = np.full(rows, len(self.rules))
        for place, (column, comparison, value, *_) in reversed(list(enumerate(self.rules))):
            kind = object if isinstance(value, str) else float
            first[COMPARISONS[comparison](np.asarray(X[column], dtype=kind), value)] = place
        return first


def _is_within(says: float) -> bool:
    return (TARGET.low is None or says >= TARGET.low) and (TARGET.high is None or says <= TARGET.high)


def _is_distribution(says: Any) -> bool:
    shares = np.atleast_1d(np.asarray(says, dtype=float))
    adds_up = len(shares) == 1 or abs(shares.sum() - 1) < 1e-6  # noqa: PLR2004
    return bool(((shares >= 0) & (shares <= 1)).all() and adds_up)
