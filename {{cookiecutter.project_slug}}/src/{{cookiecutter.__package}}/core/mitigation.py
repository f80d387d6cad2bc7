"""A classifier that is trained to treat groups alike, and that needs no group to answer.

The reduction is fairlearn's (Agarwal et al., "A Reductions Approach to Fair Classification", ICML
2018): a weighted mixture of classifiers, each fitted on reweighted rows.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone

Cost = float | None


class MitigatedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Mixture of classifiers whose false-positive rates differ little between groups.

    `estimator`: classifier to mix; its `fit` takes `sample_weight`.
    `false_positive, false_negative`: cost of each kind of mistake; None or 0 counts as 1.
    `max_gap`: largest gap between the false-positive rates of two groups on the training rows.
    `max_rows`: of more training rows, so many drawn at random are used; every member of the mixture is fitted to them.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        false_positive: Cost = 1.0,
        false_negative: Cost = 1.0,
        max_gap: float = 0.02,
        max_rows: int = 20_000,
    ) -> None:
        self.estimator = estimator
        self.false_positive = false_positive
        self.false_negative = false_negative
        self.max_gap = max_gap
        self.max_rows = max_rows

    def fit(self, X: ArrayLike, y: ArrayLike, sensitive_features: ArrayLike) -> Self:  # noqa: N803
        """Fit on n rows; `sensitive_features` names the group of each and is used here only."""
        # imported here, because a serving process only predicts
        from fairlearn.reductions import ErrorRate, ExponentiatedGradient, FalsePositiveRateParity  # noqa: PLC0415

        costs = {"fp": float(self.false_positive or 1), "fn": float(self.false_negative or 1)}
        parity = FalsePositiveRateParity(difference_bound=self.max_gap)
        reduction = ExponentiatedGradient(clone(self.estimator), parity, objective=ErrorRate(costs=costs))
        if len(np.asarray(y)) > self.max_rows:
            drawn = np.random.default_rng(0).permutation(len(np.asarray(y)))[: self.max_rows]
            X, y, sensitive_features = (np.asarray(part)[drawn] for part in (X, y, sensitive_features))  # noqa: N806
        reduction.fit(X, y, sensitive_features=sensitive_features)
        kept = reduction.weights_[reduction.weights_ > 1e-6]  # noqa: PLR2004  # the rest is rounding
        self.predictors_ = [reduction.predictors_[position] for position in kept.index]
        self.weights_ = kept.to_numpy() / kept.sum()
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return the probabilities of no and yes, shape (n, 2).

        The members were fitted with mistakes weighted by their cost, so their odds are too high by the
        ratio of the costs; the expression for `scores` divides by it (Elkan, IJCAI 2001, theorem 2).
        """
        ratio = float(self.false_negative or 1) / float(self.false_positive or 1)
        weighted = np.column_stack([member.predict_proba(X)[:, 1] for member in self.predictors_]) @ self.weights_
        scores = weighted / (weighted + (1 - weighted) * ratio)
        return np.column_stack([1 - scores, scores])

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """Return 1 for each row whose probability is over a half."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))
