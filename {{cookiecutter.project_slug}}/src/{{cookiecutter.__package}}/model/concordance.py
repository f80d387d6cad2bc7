"""Concordance: how often, of two rows, the one with the larger prediction is the one with the larger truth.

For two answers it is the area under the ROC curve (Hanley and McNeil, Radiology 143, 1982); for numbers it is
(1 + Kendall's tau) / 2.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from ..core.problem import Problem

MAX_ROWS = 20_000  # of more rows, every k-th is taken


class Concordance(NamedTuple):
    """A concordance from 0 to 1, and its standard error."""

    value: float
    error: float


def measure_concordance(truth: NDArray[Any], scores: NDArray[Any]) -> Concordance | None:
    """Return the concordance of n scores with n truths, True and False or numbers; None if all truths are equal."""
    step = max(1, len(truth) // MAX_ROWS)
    truth, scores = truth[::step], scores[::step]
    if len(truth) == 0 or (truth == truth[0]).all():
        return None
    if truth.dtype != bool:
        tau = kendalltau(scores, truth).statistic if np.ptp(scores) else 0.0
        return Concordance((1 + float(tau)) / 2, math.sqrt((2 * len(truth) + 5) / (18 * len(truth) * len(truth))))
    yes = int(truth.sum())
    no = len(truth) - yes
    area = float((rankdata(scores)[truth].sum() - yes * (yes + 1) / 2) / (yes * no))
    of_yes, of_no = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (yes - 1) * (of_yes - area**2) + (no - 1) * (of_no - area**2)
    return Concordance(area, math.sqrt(max(variance, 0.25 / min(yes, no)) / (yes * no)))


def events(problem: Problem, truth: NDArray[Any], predictions: NDArray[Any]) -> dict[str, tuple[Any, Any]]:
    """Return, by name, what is predicted of n rows: whether it is true, or how large it is, and its predicted score."""
    answers = problem.target.categories
    if not answers:
        return {problem.target.name: (truth, predictions)}
    codes = list(enumerate(answers))[int(len(answers) == 2) :]  # noqa: PLR2004  # of two, the last says all
    return {f"{problem.target.name} {answer}": (truth == code, predictions[:, code]) for code, answer in codes}


def measure_columns(features: pd.DataFrame, truth: NDArray[Any], folds: NDArray[Any]) -> Iterator[tuple[str, float]]:
    """Yield each column's name and the concordance that it has alone, in the better of both directions."""
    step = max(1, len(truth) // MAX_ROWS)
    features, truth, folds = features.iloc[::step], truth[::step], folds[::step]
    for name in features:
        values: Any = features[name]
        if pd.api.types.is_numeric_dtype(values):
            scores = values.astype(float).fillna(values.median()).fillna(0.0).to_numpy()
        else:
            scores = _mean_truth(values.astype(object).where(values.notna(), ""), truth, folds)
        if found := measure_concordance(truth, scores):
            yield str(name), max(found.value, 1 - found.value)


def _mean_truth(values: Any, truth: NDArray[Any], folds: NDArray[Any]) -> NDArray[Any]:
    """Return for each row the mean truth of its category among the rows of other folds."""
    numbers, scores = truth.astype(float), np.full(len(truth), float(truth.mean()))
    for fold in np.unique(folds):
        out = folds == fold
        means: Mapping[Any, float] = pd.Series(numbers[~out]).groupby(values.to_numpy()[~out]).mean().to_dict()
        scores[out] = [means.get(value, scores[0]) for value in values.to_numpy()[out]]
    return scores
