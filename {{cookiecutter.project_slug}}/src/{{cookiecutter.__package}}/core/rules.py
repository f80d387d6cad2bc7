"""A model made of rules: the first one that matches gives the answer.

It is registered like any learned model, and it stays the fallback of every later one.
"""

import hashlib
import json
import operator
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import FiniteFloat, StringConstraints, TypeAdapter, ValidationError, model_validator
from sklearn.base import BaseEstimator

from .errors import error_message
from .schema import Column, Strict

Comparison = Literal["==", "!=", ">", ">=", "<", "<="]
OPERATORS = (operator.eq, operator.ne, operator.gt, operator.ge, operator.lt, operator.le)
COMPARE = dict(zip(get_args(Comparison), OPERATORS, strict=True))
Prediction = FiniteFloat | tuple[FiniteFloat, ...]


class Rule(Strict):
    """If a column compares with a value, predict this and give this reason. Written as a tuple of five.

    The prediction is the probability of the last of two answers, the probabilities of all of several
    answers, or a number, as the contract's Label is.
    """

    column: str
    comparison: Comparison
    value: FiniteFloat | str
    prediction: Prediction
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _name_parts(cls, written: Any) -> Any:
        if isinstance(written, Mapping | Rule):
            return written
        if not isinstance(written, Sequence) or isinstance(written, str) or len(written) != len(cls.model_fields):
            message = f"{written!r} is not a tuple of {', '.join(cls.model_fields)}"
            raise ValueError(message)
        parts = [tuple(part) if isinstance(part, list) else part for part in written]
        return dict(zip(cls.model_fields, parts, strict=True))


RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
PREDICTION: TypeAdapter[Prediction] = TypeAdapter(Prediction)


class RuleModel(BaseEstimator):  # type: ignore[misc]
    """Answer by the first rule that matches. A missing value matches no rule.

    `rules`: tuples of column, comparison, value, prediction, reason.
    `otherwise`: the prediction when no rule matches.
    """

    def __init__(self, rules: Sequence[tuple[Any, ...]], otherwise: Any) -> None:
        self.rules = rules
        self.otherwise = otherwise

    @property
    def digest(self) -> str:
        """16 hex digits that change whenever a rule does."""
        text = json.dumps([self.rules, self.otherwise], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def fit(self, X: object = None, y: object = None) -> Self:  # noqa: ARG002, N803
        """Arrange the predictions; there is nothing to learn."""
        self.predictions_ = np.array([*(rule[3] for rule in self.rules), self.otherwise], dtype=float)
        return self

    def predict_proba(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of every answer, shape (rows, answers)."""
        found: NDArray[np.float64] = self.predictions_[self._first_match(X)]
        return found if found.ndim > 1 else np.column_stack([1 - found, found])

    def predict(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the prediction of the first matching rule for each row."""
        return np.asarray(self.predictions_[self._first_match(X)])

    def reasons(self, X: Mapping[str, Any]) -> list[str]:  # noqa: N803
        """Return the reason of the first matching rule for each row."""
        reasons = [*(rule[4] for rule in self.rules), "no rule matches"]
        return [reasons[position] for position in self._first_match(X)]

    def _first_match(self, X: Mapping[str, Any]) -> NDArray[np.int64]:  # noqa: N803
        rows = len(next(iter(X.values()))) if isinstance(X, dict) else len(X)
        first = np.full(rows, len(self.rules))
        for position, (column, comparison, value, *_) in reversed(list(enumerate(self.rules))):
            first[_matches(X[column], comparison, value)] = position
        return first


def rule_errors(rules: Sequence[Any], otherwise: Any, inputs: Sequence[Column], target: Column) -> list[str]:
    """Return everything that keeps rules from being used, each with the rule's number and what to write."""
    if isinstance(rules, str) or not isinstance(rules, Sequence):
        return [f"RULES is {rules!r}; write a list of rules, each a tuple of {', '.join(Rule.model_fields)}"]
    known = {column.name: column for column in inputs}
    unknown: dict[str, list[str]] = {}
    found: list[str] = []
    for position, written in enumerate(rules, 1):
        try:
            rule = RULE.validate_python(written)
        except ValidationError as error:
            faults = [": ".join([*map(str, e["loc"][:1]), error_message(e)]) for e in error.errors(include_url=False)]
            found += [f"rule {position}: {fault}" for fault in dict.fromkeys(faults)]
        else:
            if rule.column in known:
                found += [f"rule {position}: {fault}" for fault in _condition_errors(rule, known[rule.column])]
            else:
                unknown.setdefault(rule.column, []).append(str(position))
            found += [f"rule {position}: {fault}" for fault in _prediction_errors(rule.prediction, target)]
    found += [f"rule {', '.join(where)}: {name} is not a column that models see" for name, where in unknown.items()]
    found += [f"models see {', '.join(sorted(known))}"] if unknown else []
    return found + _otherwise_errors(otherwise, target)


def _otherwise_errors(otherwise: Any, target: Column) -> list[str]:
    try:
        default = PREDICTION.validate_python(tuple(otherwise) if isinstance(otherwise, list) else otherwise)
    except ValidationError:
        return [f"OTHERWISE: {otherwise!r} is not a prediction; write one as in a rule"]
    return [f"OTHERWISE: {fault}" for fault in _prediction_errors(default, target)]


def _condition_errors(rule: Rule, column: Column) -> list[str]:
    possible = list(COMPARE) if column.is_numeric else ["==", "!="]
    found = []
    if rule.comparison not in possible:
        found.append(f"{column.name} cannot be compared by {rule.comparison!r}; use one of {', '.join(possible)}")
    if column.is_numeric and isinstance(rule.value, str):
        found.append(f"{column.name} is compared with {rule.value!r}; use a number, without quotes")
    is_text = isinstance(rule.value, str) and (not column.categories or rule.value in column.categories)
    if not column.is_numeric and not is_text:
        found.append(f"{column.name} is compared with {rule.value!r}; use {column.expected}, in quotes")
    return found


def _prediction_errors(prediction: Any, target: Column) -> list[str]:
    answers = target.categories
    several = len(answers) > 2  # noqa: PLR2004
    values = prediction if isinstance(prediction, tuple) else (prediction,)
    if several and (len(values) != len(answers) or abs(sum(values) - 1) > 1e-6):  # noqa: PLR2004
        return [f"it predicts {prediction}; use a probability for each of {', '.join(answers)}, which add up to 1"]
    low, high = (0.0, 1.0) if answers else (target.low, target.high)
    fits = all((low is None or value >= low) and (high is None or value <= high) for value in values)
    if (isinstance(prediction, tuple) and not several) or not fits:
        return [f"it predicts {prediction}; use {'a probability, 0 to 1' if answers else target.expected}"]
    return []


def _matches(values: Any, comparison: str, value: Any) -> NDArray[np.bool_]:
    """Return for which values a comparison holds; for a missing one none does."""
    compare = COMPARE[comparison]
    if isinstance(value, str):
        return np.array([isinstance(given, str) and compare(given, value) for given in values], dtype=bool)
    numbers = np.asarray(values, dtype=float)
    return np.asarray(compare(numbers, value) & ~np.isnan(numbers))
