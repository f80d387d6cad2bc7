"""Predictions: whether scores, answers, reviews and overrides are as in earlier windows, or in training."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.labels import OPEN, OVERRIDE
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.reference import Values
from ...core.result import GateResult, fail_if
from ...core.significance import adjust_holm, combine, compare_locations, compare_shares
from ...stores.decision_columns import Decisions
from ...stores.models import StoredModel
from ..rollouts.sequential import rate_interval
from .drift import SHARE_OF_LEVEL

DECILES = np.arange(1, 10) / 10


def count_predictions(decisions: Decisions, problem: Problem, model: StoredModel, sample: Values) -> dict[str, Any]:
    """Return counts of what a model gave in a window and, as `training`, what it gives to a sample of that table.

    Scores are counted between the deciles of those of the sample, so that windows of one model can be compared.
    """
    inputs = {column.name: sample[column.name] for column in problem.inputs}
    found = problem.objective.predict(model.model, inputs)
    usual = np.array(problem.objective.scores(found))
    cuts = np.unique(np.quantile(usual, DECILES))
    given = decisions.take((decisions.models == model.label) & ~decisions.fallback)
    opened, overrides = _count_reviews(given)
    return {
        "model": model.label,
        "rows": len(given),
        "cuts": cuts.tolist(),
        "scores": _count(given.scores, cuts),
        "answers": _count_answers(given.answers, problem),
        "to_review": int(given.needs_review.sum()),
        "opened": opened,
        "overrides": overrides,
        "training": {
            "rows": len(usual),
            "scores": _count(usual, cuts),
            "answers": _count_answers(problem.objective.answers(found), problem),
            "to_review": sum(problem.objective.needs_review(found)),
        },
    }


def prediction_drift(now: Mapping[str, Any], history: Sequence[Mapping[str, Any]], plan: Plan) -> Iterator[GateResult]:
    """Compare scores and answers of a window with the earlier windows of the same model, or with the training table.

    Training rows are known to the model, so that its scores of them may be a little too sure. Both statistics hold at
    once (Holm), and the plan's limit of drift is the effect that matters.
    """
    then, source = find_earlier(now, history, plan)
    if now["rows"] < plan.drift.minimum_rows:
        message = f"predictions: {now['rows']} decisions of {now['model']}, {plan.drift.minimum_rows} are needed"
        yield GateResult("predictions", "inconclusive", message, {"rows": now["rows"]})
        return
    scores = [np.array(counts["scores"]) for counts in (now, then)]
    answers = [np.array(counts["answers"]) for counts in (now, then)]
    limit = plan.drift.limit
    tests = [combine([(0.7, compare_locations(*scores)), (0.3, compare_shares(*scores))], limit)]
    tests += [compare_shares(*answers)] if len(answers[0]) > 1 else []
    adjusted = adjust_holm([test.p for test in tests])
    for name, test, p in zip(("scores", "answers"), tests, adjusted, strict=False):
        status = fail_if(p < plan.drift.level * SHARE_OF_LEVEL and test.effect >= limit)
        message = f"{name} of {now['model']} against {source}: stability index {test.effect:.3f}, limit {limit:g}"
        evidence = {"p": p, "effect": test.effect, "rows": now["rows"], "against": source}
        yield GateResult(f"predictions.{name}", status, f"{message}; adjusted p {p:.2g}", evidence)


def review_rates(now: Mapping[str, Any], history: Sequence[Mapping[str, Any]], plan: Plan) -> Iterator[GateResult]:
    """Compare the rates of reviews and of overrides with earlier windows; the plan says which change matters."""
    windows = _windows_of(now["model"], history)
    total = {name: sum(window[name] for window in windows) for name in ("rows", "to_review", "opened", "overrides")}
    is_known, training = total["rows"] >= plan.drift.minimum_rows, now["training"]
    then, source = (total, "earlier windows") if is_known else (training, "the training table")
    yield _compare_rate("reviews", (now["to_review"], now["rows"]), (then["to_review"], then["rows"]), source, plan)
    earlier = total["overrides"], total["opened"]
    yield _compare_rate("overrides", (now["overrides"], now["opened"]), earlier, "earlier windows", plan)


def attention(reason: str, opened: int) -> GateResult:
    """Return whether people who see the answer seem to read it; `reason`: why their reviews do not count, or ""."""
    if reason:
        return GateResult("attention", "fail", f"attention: {reason}", {"opened": opened})
    if not opened:
        return GateResult("attention", "inconclusive", "attention: nobody who saw the answer has reacted")
    return GateResult("attention", "pass", f"attention: people override as expected, {opened:,} open reviews")


def find_earlier(
    now: Mapping[str, Any], history: Sequence[Mapping[str, Any]], plan: Plan
) -> tuple[Mapping[str, Any], str]:
    """Return the counts to compare with, and what they are: earlier windows of the model, else the training table."""
    # after `data`, scores are counted between other deciles
    earlier = [window for window in _windows_of(now["model"], history) if window["cuts"] == now["cuts"]]
    if sum(window["rows"] for window in earlier) < plan.drift.minimum_rows:
        return now["training"], "the training table"
    total: dict[str, Any] = {"rows": sum(window["rows"] for window in earlier)}
    for name in ("scores", "answers"):
        total[name] = np.sum([window[name] for window in earlier], axis=0).tolist()
    return total, "earlier windows"


def _windows_of(model: str, history: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = [window["statistics"].get("predictions") for window in history]
    return [each for each in found if each and each["model"] == model]


def _compare_rate(name: str, now: tuple[int, int], then: tuple[int, int], source: str, plan: Plan) -> GateResult:
    minimum, limit = plan.drift.minimum_rows // 4, plan.monitor.max_rate_change
    if min(now[1], then[1]) < minimum:
        text = f"{name}: {now[1]:,} now and {then[1]:,} in {source}, {minimum} are needed to compare"
        return GateResult(name, "inconclusive", text, {"rows": now[1]})
    rate, low, high = rate_interval(*now, plan.drift.level / 4)
    old, old_low, old_high = rate_interval(*then, plan.drift.level / 4)
    difference = rate - old
    # the interval of a difference from those of both rates (Newcombe, Statistics in Medicine 17, 1998)
    lower = difference - float(np.hypot(rate - low, old_high - old))
    upper = difference + float(np.hypot(high - rate, old - old_low))
    is_changed = abs(difference) >= limit and (lower > 0 or upper < 0)
    text = f"{name}: {rate:.1%} of {now[1]:,}, {old:.1%} in {source} (difference {lower:+.1%} to {upper:+.1%})"
    evidence = {"rate": rate, "before": old, "low": lower, "high": upper, "limit": limit}
    return GateResult(name, fail_if(is_changed), f"{text}, limit {limit:.0%}", evidence)


def _count(scores: NDArray[np.float64], cuts: Any) -> list[int]:
    finite = scores[np.isfinite(scores)]
    counted: list[int] = np.bincount(np.searchsorted(cuts, finite, side="left"), minlength=len(cuts) + 1).tolist()
    return counted


def _count_answers(answers: Any, problem: Problem) -> list[int]:
    return [sum(answer == category for answer in answers) for category in problem.target.categories]


def _count_reviews(decisions: Decisions) -> tuple[int, int]:
    opened = sum(verdict in OPEN for verdict in decisions.reactions)
    return opened, sum(verdict == OVERRIDE for verdict in decisions.reactions)
