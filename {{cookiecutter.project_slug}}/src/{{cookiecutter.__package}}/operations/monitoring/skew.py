"""Training-serving skew: recorded rows that are scored again by the stored model give the recorded score."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.problem import Problem
from ...core.result import GateResult, fail_if
from ...stores.decision_columns import Decisions
from ...stores.models import StoredModel

MAX_ROWS = 2_000  # that are scored again, of each model: the latest ones
TOLERANCE = 1e-6  # of a score, relative where it is over 1: libraries add up in another order on another machine


def serving_skew(decisions: Decisions, models: Mapping[str, StoredModel], problem: Problem) -> Iterator[GateResult]:
    """Score recorded rows again with the model of the same version, for each model that is stored."""
    for label in sorted({*decisions.models}):
        if label not in models:
            message = f"skew: {label} is no longer published, its decisions cannot be scored again"
            yield GateResult(f"skew.{label}", "inconclusive", message, {"model": label})
            continue
        kept = np.flatnonzero(decisions.models == label)[-MAX_ROWS:]
        yield _compare_again(label, decisions.take(kept), models[label], problem)


def finite_scores(decisions: Decisions, problem: Problem) -> GateResult:
    """Check that every recorded score is finite and, of categories, a probability."""
    scores, is_share = decisions.scores, bool(problem.target.categories)
    fits = (scores >= 0) & (scores <= 1) if is_share else np.isfinite(scores)
    wrong, kind = int((~fits).sum()), "a probability" if is_share else "a finite number"
    text = f"scores: {wrong:,} of {len(scores):,} are not {kind}" if wrong else f"scores: each is {kind}"
    return GateResult("scores", fail_if(wrong), text, {"rows": len(scores), "wrong": wrong})


def predict_again(decisions: Decisions, model: StoredModel, problem: Problem) -> NDArray[Any]:
    """Return what a stored model predicts for recorded rows. Raises what the model raises."""
    return problem.objective.predict(model.model, {c.name: decisions.features[c.name] for c in problem.inputs})


def _compare_again(label: str, decisions: Decisions, model: StoredModel, problem: Problem) -> GateResult:
    gate, evidence = f"skew.{label}", {"model": label, "rows": len(decisions)}
    try:
        found = _scores_of_answers(predict_again(decisions, model, problem), decisions, problem)
    except Exception as error:  # noqa: BLE001  # whatever the model raises is the finding
        text = f"skew: {label} raised {type(error).__name__} on recorded rows, which it answered before"
        return GateResult(gate, "fail", text, evidence)
    error_of = np.abs(found - decisions.scores) / np.maximum(np.abs(decisions.scores), 1)
    wrong = int((~(error_of <= TOLERANCE)).sum())  # NaN is wrong too
    largest = float(np.nanmax(error_of, initial=0.0))
    evidence |= {"wrong": wrong, "largest": largest}
    if not wrong:
        text = f"skew: {label} gives the recorded score to {len(decisions):,} recorded rows"
        return GateResult(gate, "pass", text, evidence)
    text = f"skew: {label} gives another score to {wrong:,} of {len(decisions):,} recorded rows, by up to {largest:.3g}"
    return GateResult(gate, "fail", f"{text}; compare the packages of training and serving", evidence)


def _scores_of_answers(predictions: NDArray[Any], decisions: Decisions, problem: Problem) -> NDArray[np.float64]:
    """Return scores as they were recorded: of several answers, the probability of the one that was given."""
    if len(problem.target.categories) <= 2:  # noqa: PLR2004
        return np.array(problem.objective.scores(predictions))
    codes = problem.objective.encode(decisions.answers)
    return np.asarray(predictions[range(len(codes)), codes], dtype=np.float64)
