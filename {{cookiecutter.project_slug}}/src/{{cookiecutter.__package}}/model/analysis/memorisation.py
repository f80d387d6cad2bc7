"""Memorisation: whether one could tell from a model's predictions which rows it was trained on."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.choice import ChoiceObjective
from ...core.objective import Objective
from ...core.result import GateResult, compare_interval
from ..concordance import measure_concordance
from ..evaluate import fit
from .candidate import Candidate

REACH = 1.645  # standard errors of a 90 % interval


def measure_memorisation(candidate: Candidate) -> Iterator[GateResult]:
    """Yield the area under the ROC curve of an attack that takes rows of small loss for rows of the training.

    The candidate is fitted to a random half of the units; the attack compares losses of both halves (Yeom, Giacomelli,
    Fredrikson and Jha, "Privacy Risk in Machine Learning", IEEE Computer Security Foundations Symposium 2018).
    0.5 is chance.
    """
    rows, limit = candidate.rows, candidate.plan.analysis.max_memorisation_auc
    is_member = np.random.default_rng(0).permutation(int(rows.units.max()) + 1)[rows.units] % 2 == 0
    candidate.report("fitting half of the rows")
    model = fit(candidate.model, rows, is_member)
    losses = _losses(candidate.problem.objective, rows.truth, candidate.problem.objective.predict(model, rows.features))
    found = measure_concordance(is_member, -losses)
    if found is None:
        return
    low, high = found.value - REACH * found.error, found.value + REACH * found.error
    message = (
        f"memorisation: an attack tells rows of the training from others with an area under the ROC curve of "
        f"{found.value:.3f} (90 % interval {low:.3f} to {high:.3f}), against a limit of {limit:g}"
    )
    evidence = {"auc": found.value, "low": low, "high": high, "limit": limit}
    yield GateResult("memorisation", compare_interval(low, high, limit), message, evidence)


def _losses(objective: Objective, truth: NDArray[Any], predictions: NDArray[Any]) -> NDArray[np.float64]:
    """Return the negative log-likelihood of each of n answers, or the absolute error of each number."""
    if isinstance(objective, ChoiceObjective):
        return np.asarray(-np.log(np.clip(predictions[np.arange(len(truth)), truth], 1e-12, 1)))
    return np.asarray(np.abs(truth - predictions))
