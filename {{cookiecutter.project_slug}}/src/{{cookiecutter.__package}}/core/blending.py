"""A classifier that stays close to the rules: the mean of their log-odds and those of a learned model.

The mean of log-odds is the logarithmic opinion pool of Genest and Zidek ("Combining Probability Distributions",
Statistical Science, 1986). With a small weight, only a learned model that is sure changes the answer of the rules.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from .encoder import encoded
from .rules import RuleModel
from .schema import Column

SURE = 0.003  # probabilities nearer to 0 or 1 count as this: a rule may say 0 or 1, whose log-odds are infinite


class BlendedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Blend of the rules and a learned model of two answers.

    `estimator`: classifier that is fitted; `weight`: its share of the log-odds, 0 to 1; the rules have the rest.
    `rules, otherwise`: the rules of `encode_rules`, and the probability of yes when none matches.
    """

    def __init__(self, estimator: Any, rules: Sequence[tuple[Any, ...]], otherwise: float, weight: float) -> None:
        self.estimator = estimator
        self.rules = rules
        self.otherwise = otherwise
        self.weight = weight

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit the learned model on n encoded rows, which may have weights."""
        step = f"{self.estimator.steps[-1][0]}__" if hasattr(self.estimator, "steps") else ""
        weights = {} if sample_weight is None else {f"{step}sample_weight": sample_weight}
        self.model_ = clone(self.estimator).fit(X, y, **weights)
        self.rules_ = RuleModel(self.rules, self.otherwise).fit()
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the probabilities of no and yes, shape (n, 2)."""
        learned = self.model_.predict_proba(X)[:, 1]
        ruled = self.rules_.predict({str(place): values for place, values in enumerate(np.asarray(X).T)})
        learned, ruled = (logit(np.clip(part, SURE, 1 - SURE)) for part in (learned, ruled))
        scores = expit(self.weight * learned + (1 - self.weight) * ruled)
        return np.column_stack([1 - scores, scores])

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """Return 1 for each row whose probability is over a half."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))


def encode_rules(rules: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """Return the rules with positions in the encoder's array for columns, and positions for categories."""
    read = {column.name: (place, column) for place, column in enumerate(encoded(columns))}
    found = []
    for name, comparison, value, *rest in rules:
        place, column = read[name]
        number = column.categories.index(value) if isinstance(value, str) else value
        found.append((str(place), comparison, float(number), *rest))
    return found
