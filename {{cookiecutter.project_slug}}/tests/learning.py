"""Whether a candidate learns what it is shown and nothing else, by its cost beside that of answers without a model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from {{ cookiecutter.__package }}.core.encoder import encoded
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit

BATCH, COPIES = 60, 20
MAX_OVERFIT = 1 / 3  # of the best constant's cost
MIN_INVERTED = 0.9  # of the cheapest answers without a model; less cannot be learned from inverted labels


def make_batch(rows: Rows, problem: Any) -> Rows:
    """Return a batch in which one column decides every answer; each row is there many times, against regularisation."""
    decisive, target = next(one for one in encoded(problem.inputs) if len(one.categories) != 1), problem.target
    (low, high), is_high = _ends(decisive), np.arange(BATCH) % 2 == 1
    first, *_, last = problem.objective.encode(target.categories or _ends(target))
    taken = np.resize(np.arange(len(rows.truth)), BATCH)
    features = rows.features.iloc[taken].copy()
    features[decisive.name] = np.where(is_high, high, low)
    many = np.tile(np.arange(BATCH), COPIES)
    truth, folds = np.where(is_high, last, first)[many], rows.folds[taken[many]]
    return Rows(features.iloc[many], rows.groups.iloc[taken[many]], truth, folds)


def measure_overfit(model: Any, batch: Rows, problem: Any) -> float:
    """Return what a model costs on the batch that it is fitted to, as a share of the best constant answer's cost."""
    return _cost(fit(model, batch), batch, problem) / _cost_of_constant(batch, problem)


def measure_inverted(model: Any, rows: Rows, problem: Any) -> float:
    """Return what a model that is fitted to inverted labels costs on the true ones.

    It is a share of what the best constant answer or the rules cost. A model that knows the labels without being
    shown them has a small one.
    """
    objective, truth = problem.objective, rows.truth
    if problem.target.categories:
        inverted = objective.matrix.argmax(axis=1)[truth]  # the answer that costs the most
    else:
        inverted = truth.max() + truth.min() - truth
    found = _cost(fit(model, replace(rows, truth=inverted)), rows, problem)
    cheapest = min(_cost_of_constant(rows, problem), _cost(problem.rules.fit(), rows, problem))
    return found / cheapest if cheapest else math.inf


def _cost(model: Any, rows: Rows, problem: Any) -> float:
    choices = problem.objective.choose(problem.objective.predict(model, rows.features))
    return float(problem.objective.cost(rows.truth, choices).mean())


def _cost_of_constant(rows: Rows, problem: Any) -> float:
    constants = (np.full(len(rows.truth), answer) for answer in np.unique(rows.truth))
    return min(float(problem.objective.cost(rows.truth, constant).mean()) for constant in constants)


def _ends(column: Any) -> tuple[Any, Any]:
    """Return the first and the last category, or a low and a high number that the contract allows."""
    if column.categories:
        return column.categories[0], column.categories[-1]
    low = column.low if column.low is not None else -1000.0 if column.high is None else column.high - 1000.0
    return low, low + 1000.0 if column.high is None else column.high
