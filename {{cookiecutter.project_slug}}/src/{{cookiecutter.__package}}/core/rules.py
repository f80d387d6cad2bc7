"""A model made of rules: the first one that matches gives the answer.

It is registered like any learned model, and it stays the fallback of every later one.
"""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, ValidationError, model_validator
from sklearn.base import BaseEstimator

from .errors import error_message
from .schema import Column, Strict

COMPARE = {"==": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}


def _check_prediction(prediction: Any, info: Any) -> Any:
    target: Column = info.context["target"]
    answers, several = target.categories, len(target.categories) > 2  # noqa: PLR2004
    low, high = (0, 1) if answers else (target.low, target.high)
    fits = np.shape(prediction) == ((len(answers),) if several else ())
    fits = fits and np.array_equal(np.clip(prediction, low, high), prediction)
    wanted = "a probability, 0 to 1" if answers else target.expected
    if several:
        wanted = f"a probability for each of {', '.join(answers)}, which add up to 1"
        fits = fits and abs(sum(prediction) - 1) <= 1e-6  # noqa: PLR2004
    if not fits:
        raise ValueError(f"it predicts {prediction}; use {wanted}")
    return prediction


Probabilities = Annotated[tuple[FiniteFloat, ...], Field(strict=False)]
Prediction = Annotated[FiniteFloat | Probabilities, AfterValidator(_check_prediction)]


class Rule(Strict):
    """If a column compares with a value, predict this and give this reason. Written as a tuple of five."""

    column: str
    comparison: Literal["==", "!=", ">", ">=", "<", "<="]
    value: FiniteFloat | str
    prediction: Prediction  # probability of the last of two answers, probabilities of several, or a number
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _name_parts(cls, written: Any) -> Any:
        if not isinstance(written, list | tuple) or len(written) != len(cls.model_fields):
            raise ValueError(f"{written!r} is not a tuple of {', '.join(cls.model_fields)}")
        return dict(zip(cls.model_fields, written, strict=True))

    @model_validator(mode="after")
    def _check_column(self, info: Any) -> Self:
        inputs: dict[str, Column] = info.context["inputs"]
        if self.column not in inputs:
            nearest = ", ".join(sorted(difflib.get_close_matches(self.column, inputs, cutoff=0)))
            raise ValueError(f"{self.column} is not a column that models see; the nearest are {nearest}")
        column = inputs[self.column]
        comparisons = COMPARE if column.is_numeric else ("==", "!=")
        if self.comparison not in comparisons:
            use = f"use one of {', '.join(comparisons)}"
            raise ValueError(f"{self.column} cannot be compared by {self.comparison!r}; {use}")
        if isinstance(self.value, str) == column.is_numeric or self.value not in (column.categories or [self.value]):
            use = "a number, without quotes" if column.is_numeric else f"{column.expected}, in quotes"
            raise ValueError(f"{self.column} is compared with {self.value!r}; use {use}")
        return self


class Rules(Strict):
    """The content of `rules.py`."""

    rules: list[Rule]
    otherwise: Prediction


def rule_errors(rules: Sequence[Any], otherwise: Any, inputs: Sequence[Column], target: Column) -> list[str]:
    """Return everything that keeps rules from being used, each with the rules' numbers and what to write."""
    if not isinstance(rules, list | tuple):
        return [f"RULES is {rules!r}; write a list of rules, each a tuple of {', '.join(Rule.model_fields)}"]
    context = {"inputs": {column.name: column for column in inputs}, "target": target}
    found: dict[str, dict[str, None]] = {}
    try:
        Rules.model_validate({"rules": list(rules), "otherwise": otherwise}, context=context)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            section, *place = fault["loc"]  # as ("rules", 0, "value", "float") or ("otherwise", "float")
            where, key = (f"rule {int(place[0]) + 1}", place[1:2]) if section == "rules" else ("OTHERWISE", [])
            found.setdefault(": ".join([*map(str, key), error_message(fault)]), {})[where] = None
    return [f"{', '.join(where)}: {fault}" for fault, where in found.items()]


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

    @property
    def read(self) -> set[str]:
        """The names of the columns that rules compare."""
        return {rule[0] for rule in self.rules}

    def fit(self, X: object = None, y: object = None) -> Self:  # noqa: ARG002, N803
        """Arrange the predictions; there is nothing to learn."""
        self.predictions_ = np.array([*(rule[3] for rule in self.rules), self.otherwise], dtype=float)
        return self

    def predict_proba(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of every answer, shape (rows, answers)."""
        found = self.predict(X)
        return found if found.ndim > 1 else np.column_stack([1 - found, found])

    def predict(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the prediction of the first rule that matches each row; of two answers, the last one's probability."""
        return np.asarray(self.predictions_[self._first_match(X)])

    def reasons(self, X: Mapping[str, Any]) -> list[str]:  # noqa: N803
        """Return the reason of the first matching rule for each row."""
        reasons = [*(rule[4] for rule in self.rules), "no rule matches"]
        return [reasons[position] for position in self._first_match(X)]

    def _first_match(self, X: Mapping[str, Any]) -> NDArray[np.int64]:  # noqa: N803
        matches = [_matches(X[column], comparison, value) for column, comparison, value, *_ in self.rules]
        otherwise = np.ones(len(X[next(iter(X))]), dtype=bool)
        return np.asarray(np.argmax([*matches, otherwise], axis=0))


def _matches(values: Any, comparison: str, value: Any) -> NDArray[np.bool_]:
    if isinstance(value, str):
        return np.array([isinstance(given, str) and COMPARE[comparison](given, value) for given in values], dtype=bool)
    numbers = np.asarray(values, dtype=float)
    return np.asarray(COMPARE[comparison](numbers, value) & ~np.isnan(numbers))
