"""A model made of rules: the first one that fits answers.

It is registered like any learned model, and it stays the fallback of every later one.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from .. import contract
from ..schema import columns
from .rules import OTHERWISE, RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ..schema import Column

COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
PARTS = 5
TARGET = columns(contract.Label)[0]
ANSWERS = TARGET.categories
SEVERAL = len(ANSWERS) > 2  # noqa: PLR2004  # of two, the probability of the last is enough
LOW, HIGH = (0, 1) if ANSWERS else (TARGET.low, TARGET.high)


class RuleBook(BaseEstimator):  # type: ignore[misc]
    """Answer by the first rule that fits.

    Parameters
    ----------
    rules
        Tuples of column, comparison, value, what the rule says, reason. What a rule says is the
        probability of yes, the probabilities of all answers, or a number: as the contract's answer is.
        A missing value fits no rule.
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
            A rule cannot be used. All of them are named by their place, with what would do.
        """
        known = {column.name: column for column in columns(contract.Features) if column.seen_by_models}
        places = [*(f"rule {place}" for place in range(1, len(self.rules) + 1)), "OTHERWISE"]
        faults = [*(_faults(rule, known) for rule in self.rules), _faults_of_answer(self.otherwise)]
        found = [f"{place}: {fault}" for place, each in zip(places, faults, strict=True) for fault in each]
        if found:
            message = f"rules.py, {'; '.join(found)}"
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
            first[_holds(X[column], COMPARISONS[comparison], value)] = place
        return first


def _holds(values: Any, compare: Callable[[Any, Any], Any], value: Any) -> NDArray[np.bool_]:
    """Return for which values a comparison holds; for a missing one none does."""
    if isinstance(value, str):
        return np.array([isinstance(given, str) and compare(given, value) for given in values], dtype=bool)
    numbers = np.asarray(values, dtype=float)
    return np.asarray(compare(numbers, value) & ~np.isnan(numbers))


def _faults(rule: Any, known: Mapping[str, Column]) -> Iterator[str]:
    """Yield what is wrong with a rule, and what would do."""
    if not isinstance(rule, tuple | list) or len(rule) != PARTS:
        yield f"{rule!r} has not the {PARTS} parts: column, comparison, value, what is said, reason"
        return
    name, comparison, value, says, reason = rule
    column = known.get(str(name))
    if column is None:
        yield f"{name} is not a column that models see; use one of {', '.join(sorted(known))}"
    else:
        yield from _faults_of_condition(column, comparison, value)
    yield from _faults_of_answer(says)
    if not isinstance(reason, str) or not reason.strip():
        yield f"the reason is {reason!r}; write a text that people can read"


def _faults_of_condition(column: Column, comparison: Any, value: Any) -> Iterator[str]:
    numeric = column.kind in ("number", "integer")
    possible = list(COMPARISONS) if numeric else ["==", "!="]
    if comparison not in possible:
        yield f"{column.name} cannot be compared by {comparison!r}; use one of {', '.join(possible)}"
    if numeric and not _is_number(value):
        yield f"{column.name} is compared with {value!r}; use a number, without quotes"
    if not numeric and not (isinstance(value, str) and value in (column.categories or [value])):
        yield f"{column.name} is compared with {value!r}; use {column.expected}, in quotes"


def _faults_of_answer(says: Any) -> Iterator[str]:
    shares = says if SEVERAL and isinstance(says, tuple | list) else [says]
    if not all(_is_number(share) and _is_within(share) for share in shares):
        yield f"it says {says!r}; use {'probabilities, 0 to 1' if ANSWERS else f'a number, {TARGET.expected}'}"
    elif SEVERAL and (len(shares) != len(ANSWERS) or abs(sum(shares) - 1) > 1e-6):  # noqa: PLR2004
        yield f"it says {says!r}; use a probability for each of {', '.join(ANSWERS)}, which add up to 1"


def _is_within(says: float) -> bool:
    return (LOW is None or says >= LOW) and (HIGH is None or says <= HIGH)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
