"""Quality on labels: what decisions cost, against what was expected and the rules, and calibration.

Outcomes, blind reviews and open reviews are shown apart. Only labels that do not depend on the answer that was given
decide: of open reviews, the most likely mistake is to accept.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.objective import Objective
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult, fail_if
from ...core.rules import RuleModel
from ...core.significance import mean_interval
from ...stores.decision_columns import Decisions
from ...stores.models import StoredModel
from .expected_cost import expect_costs
from .labels import LABELS_NEEDED, independent_truth, sources, with_labels
from .skew import predict_again

BINS = 5  # of predicted probabilities

Costs = NDArray[np.float64]


def live_costs(labelled: Decisions, problem: Problem, plan: Plan) -> Iterator[GateResult]:
    """Return what decisions cost by each source of labels, with an interval. It compares nothing and never fails."""
    for source, decisions, truth in sources(labelled, problem):
        gate = f"cost by {source}"
        if len(truth) < LABELS_NEEDED:
            text = f"{gate}: {len(truth)} labels, {LABELS_NEEDED} are needed"
            yield GateResult(gate, "inconclusive", text, {"rows": len(truth)})
            continue
        mean, low, high = mean_interval(costs_of(decisions, truth, problem.objective), plan.drift.level / 2)
        text = f"{gate}: {mean:.4g} per decision ({low:.4g} to {high:.4g}, {len(truth):,} labels)"
        yield GateResult(gate, "pass", text, {"mean": mean, "low": low, "high": high, "rows": len(truth)})


def cost_against_expectation(
    labelled: Decisions, models: Mapping[str, StoredModel], problem: Problem, plan: Plan
) -> GateResult:
    """Compare the cost by independent labels with the cost that the models' own scores expect, on the same decisions.

    Fails if it is dearer than expected beyond chance by more than the plan allows: scores are no longer right about
    the world (concept drift), or never were.
    """
    gate, decisions, truth = "cost.expected", *with_labels(labelled, independent_truth(labelled, plan.labels), problem)
    expected, known = expect_costs(decisions, models, problem)
    if known.sum() < LABELS_NEEDED:
        text = (
            f"cost against expectation: {known.sum()} labels of models with probabilities, {LABELS_NEEDED} are needed"
        )
        return GateResult(gate, "inconclusive", text, {"rows": int(known.sum())})
    costs = costs_of(decisions, truth, problem.objective)[known]
    limit = plan.monitor.max_cost_increase * float(expected[known].mean())
    mean, low, high = mean_interval(costs - expected[known], plan.drift.level)
    text = f"cost: {costs.mean():.4g} per decision, {expected[known].mean():.4g} was expected of the scores"
    text += f" (difference {low:+.4g} to {high:+.4g}, limit {limit:.4g}; {len(costs):,} labels)"
    evidence = {"mean": mean, "low": low, "high": high, "limit": limit, "rows": len(costs)}
    return GateResult(gate, fail_if(low > limit), text, evidence)


def cost_against_rules(labelled: Decisions, rules: StoredModel | None, problem: Problem, plan: Plan) -> GateResult:
    """Compare the cost by independent labels with what the rules would have cost on the same decisions."""
    gate, decisions, truth = "cost.rules", *with_labels(labelled, independent_truth(labelled, plan.labels), problem)
    kept = np.array([rules is not None and model != rules.label for model in decisions.models], dtype=bool)
    if rules is None or kept.sum() < LABELS_NEEDED:
        text = f"cost against the rules: {kept.sum()} labels of other models than the rules, {LABELS_NEEDED} are needed"
        return GateResult(gate, "inconclusive", text, {"rows": int(kept.sum())})
    objective, decisions, truth = problem.objective, decisions.take(kept), truth[kept]
    usual = objective.cost(truth, objective.choose(predict_again(decisions, rules, problem)))
    mean, low, high = mean_interval(costs_of(decisions, truth, objective) - usual, plan.drift.level)
    text = f"cost against the rules: {mean:+.4g} per decision ({low:+.4g} to {high:+.4g}, {len(truth):,} labels)"
    evidence = {"mean": mean, "low": low, "high": high, "rules": float(usual.mean()), "rows": len(truth)}
    return GateResult(gate, fail_if(low > 0), text, evidence)


def calibration(labelled: Decisions, models: Mapping[str, StoredModel], problem: Problem, plan: Plan) -> GateResult:
    """Compare predicted probabilities of learned models with how often the event happened, by independent labels.

    The error over all, and its mean over bins of the predicted probability, as the gate of calibration takes it. They
    fail if their lower bound, which holds for all bins at once (Bonferroni), is over the limit of that gate. The event
    is the last of two answers, that the answer given is right, or that a number is at most the answer.
    """
    gate, limit = "calibration", plan.gates.max_calibration_error
    decisions, truth = with_labels(labelled, independent_truth(labelled, plan.labels), problem)
    kept = learned(decisions, models)
    if kept.sum() < LABELS_NEEDED:
        text = f"calibration: {kept.sum()} labels of learned models, {LABELS_NEEDED} are needed"
        return GateResult(gate, "inconclusive", text, {"rows": int(kept.sum())})
    predicted, happened = events(decisions.take(kept), truth[kept], problem.objective)
    parts = [np.arange(len(predicted)), *np.array_split(np.argsort(predicted, kind="stable"), BINS)]
    parts = [part for part in parts if len(part) >= LABELS_NEEDED]
    found = [_describe_bin(predicted[part], happened[part], plan.drift.level / (2 * len(parts))) for part in parts]
    whole, *bins = found
    low = max(_distance(whole), sum(each["rows"] * _distance(each) for each in bins) / len(predicted))
    text = (
        f"calibration: {whole['predicted']:.1%} predicted, {whole['observed']:.1%} observed; over bins the mean error"
    )
    text += f" is at least {low:.1%}, limit {limit:.0%} ({len(predicted):,} labels)"
    status = fail_if(low > limit)
    return GateResult(gate, status, text, {"limit": limit, "rows": int(kept.sum()), "bins": found})


def events(decisions: Decisions, truth: NDArray[Any], objective: Objective) -> tuple[Costs, Costs]:
    """Return for one event of each decision its predicted probability, and whether it happened."""
    choices = objective.encode(decisions.answers)
    if hasattr(objective, "quantile"):
        predicted = np.full(len(truth), float(objective.quantile))
        return predicted, np.where(truth == choices, predicted, truth < choices)
    happened = truth == 1 if objective.is_pair else truth == choices
    return decisions.scores, happened.astype(float)


def costs_of(decisions: Decisions, truth: NDArray[Any], objective: Objective) -> Costs:
    """Return what each decision cost, in the plan's unit."""
    return objective.cost(truth, objective.encode(decisions.answers)).astype(float)


def learned(decisions: Decisions, models: Mapping[str, StoredModel]) -> NDArray[np.bool_]:
    """Return which decisions a learned model gave: the rules give no probabilities that anybody estimated."""
    rules = {label for label, stored in models.items() if isinstance(stored.model, RuleModel)}
    found = [not (label in rules or label.startswith("rules:")) for label in decisions.models]
    return np.array(found, dtype=bool)


def _describe_bin(predicted: Costs, happened: Costs, level: float) -> dict[str, float]:
    mean, low, high = mean_interval(happened - predicted, level)
    # a bin in which the event never or always happened varies as if one more had been seen
    floor = 1 / len(predicted) if np.ptp(happened) == 0 else 0.0
    bounds = {"low": min(low, mean - floor), "high": max(high, mean + floor)}
    return bounds | {"predicted": float(predicted.mean()), "observed": float(happened.mean()), "rows": len(predicted)}


def _distance(found: Mapping[str, float]) -> float:
    """Return how far a difference is from 0 at least, by its interval."""
    return max(found["low"], -found["high"], 0.0)
