"""Monitor: run every watch on a window of decisions, and keep its statistics for later windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ...core.cusum import deviations
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.reference import Reference, count_window
from ...core.result import GateResult
from ...stores.decision_columns import Decisions
from ...stores.models import StoredModel
from .drift import input_drift
from .expected_cost import expected_cost
from .fit import contract_fit
from .group_gaps import group_gaps
from .joint_drift import joint_drift
from .predictions import attention, count_predictions, prediction_drift, review_rates
from .quality import calibration, cost_against_expectation, cost_against_rules, live_costs
from .retraining import violations
from .serving_health import fallbacks, latency, memory, silence, staleness
from .skew import finite_scores, serving_skew
from .slow_drift import slow_drift


@dataclass(frozen=True)
class Watched:
    """Everything that the watches look at."""

    problem: Problem
    plan: Plan
    decisions: Decisions  # of the window
    labelled: Decisions  # the latest ones that have a label, whenever they were made
    reference: Reference
    history: Sequence[Mapping[str, Any]]  # kept windows, latest last
    models: Mapping[str, StoredModel]  # published ones, by their labels
    champion: StoredModel
    rules: StoredModel | None
    trained: str = ""  # when the champion was trained or, if unknown, first used
    times: tuple[str, str] = ("", "")  # of the first and the latest decision
    inattention: str = ""  # why open reviews do not count as labels, or ""
    measured: Mapping[str, float] = field(default_factory=dict)  # of the running process
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def run_watches(watched: Watched) -> tuple[list[GateResult], dict[str, Any]]:
    """Return the results of all watches, and the statistics of the window to keep."""
    counts = count_window(watched.reference, watched.decisions.features)
    statistics: dict[str, Any] = {
        "champion": watched.champion.label,
        "counts": {name: found.tolist() for name, found in counts.items()},
        "deviations": deviations(watched.reference, counts, watched.plan.drift),
        "memory": dict(watched.measured),
    }
    results = [*_watch_data(watched, counts, statistics), *_watch_model(watched, statistics), *_watch_program(watched)]
    return results, statistics


def to_keep(watched: Watched, results: Sequence[GateResult], statistics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the window as it is kept, or None: it has too few decisions, or some that were kept before.

    Kept windows do not overlap, so that they are independent and one bad hour counts once.
    """
    ids, kept = watched.decisions.ids, [window["last_decision"] for window in watched.history]
    if len(ids) < watched.plan.drift.minimum_rows or ids[0] <= max(kept, default=""):
        return None
    found = {"violations": violations(results), "status": {result.gate: result.status for result in results}}
    window = {"first_decision": ids[0], "last_decision": ids[-1], "rows": len(ids)}
    return window | {"statistics": statistics, "results": found}


def _watch_data(watched: Watched, counts: Mapping[str, Any], statistics: dict[str, Any]) -> list[GateResult]:
    problem, plan, features = watched.problem, watched.plan, watched.decisions.features
    results = [
        *input_drift(watched.reference, features, plan.drift, counts),
        *contract_fit(problem.stored, features),
    ]
    drifted = {result.evidence["column"] for result in results if result.status == "fail"}
    steady = [column for column in problem.stored if column.name not in drifted]
    results += joint_drift(watched.reference.sample, features, steady, plan.drift)
    results += slow_drift(statistics, watched.history, plan.drift)
    return results


def _watch_model(watched: Watched, statistics: dict[str, Any]) -> list[GateResult]:
    problem, plan, labelled, models = watched.problem, watched.plan, watched.labelled, watched.models
    sample, decisions, history = watched.reference.sample, watched.decisions, watched.history
    counted = count_predictions(decisions, problem, watched.champion, sample)
    expected = expected_cost(decisions, watched.champion, problem, plan, sample, history)
    statistics["predictions"] = counted
    if "mean" in expected.evidence:
        statistics["expected_cost"] = {name: expected.evidence[name] for name in ("model", "mean", "rows")}
    return [
        *prediction_drift(counted, history, plan),
        *review_rates(counted, history, plan),
        attention(watched.inattention, counted["opened"]),
        expected,
        *live_costs(labelled, problem, plan),
        cost_against_expectation(labelled, models, problem, plan),
        cost_against_rules(labelled, watched.rules, problem, plan),
        calibration(labelled, models, problem, plan),
        *group_gaps(labelled, problem, plan),
        staleness(watched.champion.label, watched.trained, plan, watched.now),
    ]


def _watch_program(watched: Watched) -> list[GateResult]:
    decisions, plan = watched.decisions, watched.plan
    return [
        *serving_skew(decisions, watched.models, watched.problem),
        finite_scores(decisions, watched.problem),
        fallbacks(decisions, plan),
        latency(decisions, plan),
        memory(watched.measured, watched.history, plan),
        silence(*watched.times, len(decisions), plan, watched.now),
    ]
