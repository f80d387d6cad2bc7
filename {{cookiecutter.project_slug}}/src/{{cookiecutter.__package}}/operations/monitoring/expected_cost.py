"""Expected cost before labels arrive: what the models' own probabilities say that the answers cost.

Confidence-based performance estimation (CBPE, NannyML): with calibrated probabilities, the expected cost of an answer
follows from the scores. **It cannot see concept drift**: if the world changes while the inputs stay as they are, the
scores and what they expect stay as well. Only labels show that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.choice import ChoiceObjective
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.reference import Values
from ...core.result import GateResult, fail_if
from ...core.rules import RuleModel
from ...core.significance import mean_interval
from ...stores.decision_columns import Decisions
from ...stores.models import StoredModel
from .skew import predict_again

GATE = "expected cost"
BLIND_SPOT = "it cannot see concept drift, which only labels show"
MAX_ROWS = 20_000  # of a window whose answers have to be predicted again


def expect_costs(
    decisions: Decisions, models: Mapping[str, StoredModel], problem: Problem
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the expected cost of each decision, and for which ones it is known: those of learned classifiers."""
    costs, known = np.zeros(len(decisions)), np.zeros(len(decisions), dtype=bool)
    objective = problem.objective
    if not isinstance(objective, ChoiceObjective):
        return costs, known
    for label in {*decisions.models}:
        stored, places = models.get(label), np.flatnonzero(decisions.models == label)
        if stored is None or isinstance(stored.model, RuleModel):
            continue
        chosen = decisions.take(places)
        known[places] = True
        costs[places] = _expect(chosen, stored, objective, problem)
    return costs, known


def expected_cost(
    decisions: Decisions,
    model: StoredModel,
    problem: Problem,
    plan: Plan,
    sample: Values,
    history: Sequence[Mapping[str, Any]],
) -> GateResult:
    """Compare the expected cost of a window with that of earlier windows of the model, or of the training table."""
    objective = problem.objective
    if not isinstance(objective, ChoiceObjective):
        text = f"{GATE}: one quantile does not say how far a number may be off; only labels show what numbers cost"
        return GateResult(GATE, "inconclusive", text)
    if isinstance(model.model, RuleModel):
        text = f"{GATE}: the probabilities of the rules are not estimated, nothing can be expected of them"
        return GateResult(GATE, "inconclusive", text, {"model": model.label})
    kept = np.flatnonzero((decisions.models == model.label) & ~decisions.fallback)[-MAX_ROWS:]
    if len(kept) < plan.drift.minimum_rows:
        text = f"{GATE}: {len(kept)} decisions of {model.label}, {plan.drift.minimum_rows} are needed"
        return GateResult(GATE, "inconclusive", text, {"model": model.label, "rows": len(kept)})
    costs = _expect(decisions.take(kept), model, objective, problem)
    mean, low, high = mean_interval(costs, plan.drift.level / 2)
    before, source = _find_before(model, objective, problem, sample, history)
    limit = before * (1 + plan.monitor.max_cost_increase)
    text = f"{GATE}: {mean:.4g} per decision ({low:.4g} to {high:.4g}), {before:.4g} in {source}, limit {limit:.4g}"
    evidence = {"model": model.label, "mean": mean, "low": low, "high": high, "limit": limit, "rows": len(kept)}
    return GateResult(GATE, fail_if(low > limit), f"{text}; {BLIND_SPOT}", evidence)


def _expect(
    decisions: Decisions, model: StoredModel, objective: ChoiceObjective, problem: Problem
) -> NDArray[np.float64]:
    codes = objective.encode(decisions.answers)
    if objective.is_pair:
        shares = np.column_stack([1 - decisions.scores, decisions.scores])
    else:  # one score was recorded
        shares = predict_again(decisions, model, problem)
    return np.asarray((shares @ objective.matrix)[range(len(codes)), codes], dtype=np.float64)


def _find_before(
    model: StoredModel,
    objective: ChoiceObjective,
    problem: Problem,
    sample: Values,
    history: Sequence[Mapping[str, Any]],
) -> tuple[float, str]:
    """Return the expected cost in earlier windows of the model or, for the first ones, in the training table."""
    found = [window["statistics"].get("expected_cost") for window in history]
    earlier = [each for each in found if each and each["model"] == model.label]
    if rows := sum(each["rows"] for each in earlier):
        return sum(each["mean"] * each["rows"] for each in earlier) / rows, "earlier windows"
    predictions = objective.predict(model.model, {column.name: sample[column.name] for column in problem.inputs})
    return float((predictions @ objective.matrix).min(axis=1).mean()), "the training table"
