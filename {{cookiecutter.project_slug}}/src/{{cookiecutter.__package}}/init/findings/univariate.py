"""How well one column alone predicts the target, judged on rows that the model was not fitted to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..table import Profile
from .arrays import is_category, to_codes, to_floats

FOLDS = 3
LEAVES = 32
LEAST_IN_LEAF = 3
EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of n rows, none of them missing, and the fold that each row is judged in."""

    name: str
    values: NDArray[np.float64]  # numbers, or codes of categories from 0
    is_number: bool
    folds: NDArray[np.int64]


def read_answers(target: Profile) -> Answers:
    """Return the answers of a sample with folds drawn at random."""
    values = to_codes(target.values).astype(float) if is_category(target) else to_floats(target.values)
    folds = np.random.default_rng(0).permutation(len(values)) % FOLDS
    return Answers(target.name, values, not is_category(target), folds)


def prediction_error(profile: Profile, answers: Answers, hopeless: float) -> float:
    """Return what a model of one column gets wrong on rows held out.

    Of categories, the share of mistakes, as the mean over the answers; of a number, the share of its variance.
    `hopeless`: the error in the first fold, from which on the others are not tried.
    """
    if answers.is_number and (error := _monotone_error(profile, answers.values)) < EXACT:
        return error
    predict = _predict_by_table if is_category(profile) else _predict_by_tree
    predicted = np.zeros(len(answers.values))
    for fold in range(FOLDS):
        held_out = answers.folds == fold
        predicted[held_out] = predict(profile, answers, held_out)
        seen = answers.folds <= fold
        tried = _measure(answers.values[seen], predicted[seen], is_number=answers.is_number)
        if tried >= hopeless:
            break
    return min(tried, error) if answers.is_number else tried


def _measure(truth: NDArray[np.float64], predicted: NDArray[np.float64], *, is_number: bool) -> float:
    if is_number:
        return float(np.var(truth - predicted) / max(np.var(truth), np.finfo(float).tiny))
    codes = truth.astype(int)
    counts = np.bincount(codes)
    right = np.bincount(codes, weights=predicted == truth)[counts > 0] / counts[counts > 0]
    return float(1 - right.mean())


def correlate(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return the correlation of two columns of n numbers; 0 if one of them is constant."""
    if len(left) < 2 or np.ptp(left) == 0 or np.ptp(right) == 0:  # noqa: PLR2004
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def _predict_by_table(profile: Profile, answers: Answers, held_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Predict by category: the mean of a number, or the answer that is most frequent for its own frequency."""
    codes = to_codes(profile.values)
    seen, size = codes[~held_out], codes.max() + 1
    truth = answers.values[~held_out]
    if answers.is_number:
        counts = np.bincount(seen, minlength=size)
        means = np.where(counts > 0, np.bincount(seen, truth, size) / np.maximum(counts, 1), truth.mean())
        return np.asarray(means[codes[held_out]])
    weights = 1 / np.bincount(answers.values.astype(int))
    shares = np.zeros((size, len(weights)))
    np.add.at(shares, (seen, truth.astype(int)), weights[truth.astype(int)])
    return np.asarray(shares[codes[held_out]].argmax(axis=1), dtype=float)


def _predict_by_tree(profile: Profile, answers: Answers, held_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    values = to_floats(profile.values)[:, None]
    limits: dict[str, int] = {"max_leaf_nodes": LEAVES, "min_samples_leaf": LEAST_IN_LEAF, "random_state": 0}
    tree = DecisionTreeRegressor(**limits)
    if not answers.is_number:
        tree = DecisionTreeClassifier(class_weight="balanced", **limits)
    return np.asarray(tree.fit(values[~held_out], answers.values[~held_out]).predict(values[held_out]))


def _monotone_error(profile: Profile, truth: NDArray[np.float64]) -> float:
    """Return the variance that a line, or a function that only rises or only falls, leaves unexplained."""
    values = to_floats(profile.values)
    known = ~np.isnan(values)
    if is_category(profile) or known.mean() < 0.5:  # noqa: PLR2004
        return 1.0
    pairs = (values[known], truth[known]), (_rank(values[known]), _rank(truth[known]))
    return min(1 - correlate(*pair) ** 2 for pair in pairs)


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, order, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - counts / 2)[order], dtype=float)
