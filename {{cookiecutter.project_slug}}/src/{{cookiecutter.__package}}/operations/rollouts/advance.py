"""Advance: what the guards say at a planned look, and what happens next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult
from ...stores.ledger import Ledger
from ...stores.rollout_decisions import read_rollout_decisions
from ...stores.rollouts import Rollout, change
from ...stores.shadow_scores import read_shadow_scores
from .guards import (
    check_alarm,
    check_cost,
    check_failures,
    check_groups,
    check_labelled_share,
    check_latency,
    check_overrides,
    check_shadow_cost,
    check_split,
    check_traffic,
)
from .observations import Arm, ShadowScores, Step
from .observe import observe_shadow, observe_steps

Action = Literal["next", "done", "hold", "back"]


@dataclass(frozen=True, slots=True)
class Look:
    """What the guards found at a planned look, what follows from it, and why."""

    results: Sequence[GateResult]
    action: Action
    reason: str


def look(ledger: Ledger, rollout: Rollout, problem: Problem, plan: Plan) -> Look:
    """Run the guards of the step in which a rollout is."""
    rows, hours = read_rollout_decisions(ledger, rollout.id), hours_since(rollout.step_at)
    steps = observe_steps(rows, problem, plan)
    current = [step for step in steps if step.number == rollout.step]
    step = current[0] if current else Step(rollout.step, rollout.share, Arm(), Arm())
    if rollout.step == 0:
        scores = observe_shadow(rows, read_shadow_scores(ledger, rollout.id), problem, plan)
        results = run_shadow_guards(scores, step, hours, plan)
    else:
        earlier = [each for each in steps if each.number < rollout.step]
        results = run_guards([*earlier, step], rollout, hours, plan)
    return decide(results, rollout, hours, plan)


def run_guards(steps: Sequence[Step], rollout: Rollout, hours: float, plan: Plan) -> list[GateResult]:
    """Return the results of all guards; the last of the steps is the current one."""
    step, limits = steps[-1], plan.rollout
    looks = [each for each in rollout.looks if "level" in each]
    return [
        check_traffic(step, hours, limits),
        check_failures(step.challenger, limits),
        check_latency(step.challenger, step.champion, limits),
        check_alarm(steps, limits),
        check_split(step, limits),
        check_labelled_share(steps, limits),
        check_cost(steps, rollout.steps, looks, limits),
        check_overrides(steps, limits),
        check_groups(steps, limits),
    ]


def run_shadow_guards(scores: ShadowScores, step: Step, hours: float, plan: Plan) -> list[GateResult]:
    """Return the results of the guards of the shadow, in which the challenger answers nothing."""
    limits = plan.rollout
    return [
        check_traffic(step, hours, limits),
        check_failures(scores, limits),
        check_latency(scores, step.champion, limits),
        check_shadow_cost(scores, limits),
    ]


def decide(results: Sequence[GateResult], rollout: Rollout, hours: float, plan: Plan) -> Look:
    """Return what follows from the results: a failure rolls back, and what is inconclusive holds, but not for ever."""
    if failed := [result.message for result in results if result.status == "fail"]:
        return Look(results, "back", "; ".join(failed))
    if held := [result.message for result in results if result.status == "inconclusive"]:
        if hours > plan.rollout.maximum_hours:
            reason = f"held for {hours:.1f} hours, longer than {plan.rollout.maximum_hours:g}: {'; '.join(held)}"
            return Look(results, "back", reason)
        return Look(results, "hold", "; ".join(held))
    is_last = rollout.step == len(rollout.steps)
    return Look(results, "done" if is_last else "next", "every guard passed")


def apply(ledger: Ledger, rollout: Rollout, found: Look) -> Rollout:
    """Write what follows from a look; one that holds writes nothing. Raises RolloutConflictError: it was changed."""
    changes: dict[str, Any] = {}
    if found.action == "next":
        share = rollout.steps[rollout.step]
        changes = {"state": "running", "step": rollout.step + 1, "share": share}
    elif found.action != "hold":
        changes = {"state": found.action}
    if not changes:
        return rollout
    evidence = {result.gate.partition(".")[2]: dict(result.evidence) for result in found.results}
    noted = {"step": rollout.step, "action": found.action, "reason": found.reason, "evidence": evidence}
    noted |= {name: evidence["cost"][name] for name in ("level", "information") if name in evidence.get("cost", {})}
    return change(ledger, rollout, why=found.reason, looks=[*rollout.looks, noted], **changes)


def hours_since(time: str) -> float:
    """Return how many hours ago a time of the ledger was."""
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() / 3600
