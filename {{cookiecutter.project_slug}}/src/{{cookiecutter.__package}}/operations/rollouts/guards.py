"""Guards of a rollout: what ends it, what holds it, and what lets it go on.

A guard that fails rolls back; one that is inconclusive holds the rollout at its step. Too little data is never a pass.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from ...core.operations_plan import Rollout as RolloutPlan
from ...core.result import GateResult, Status
from .observations import Arm, ShadowScores, Step, Summary, count, pairs
from .sequential import NORMAL, boundaries, paired_difference, spend_alpha, stratified_difference, wealth, wilson_bounds

EARLY = "so few labels would show a harm of 10 points at most one time in six; failures and latency are guarded"
UNEQUAL = "labels of one arm arrive more often, and costs are not compared before `labelled_share` passes"


def check_failures(arm: Arm | ShadowScores, plan: RolloutPlan) -> GateResult:
    """Compare the share of units for which the challenger failed with the plan's limit."""
    number = arm.units if isinstance(arm, Arm) else arm.decisions
    low, high = wilson_bounds(arm.failed, number, plan.guard_level)
    message = f"the challenger failed for {arm.failed:,} of {number:,}, at least {low:.1%}; limit "
    message += f"{plan.max_failed_share:.1%}"
    status: Status = "fail" if low > plan.max_failed_share else "pass" if number else "inconclusive"
    return _result("failures", status, message, failed=arm.failed, number=number, low=low, high=high)


def check_latency(arm: Arm | ShadowScores, champion: Arm, plan: RolloutPlan) -> GateResult:
    """Compare the share of the challenger's calls that are slow with the plan's limit and with the champion's.

    A call is slow if it takes longer than `speed.p95_ms` of the plan.
    """
    low, _ = wilson_bounds(arm.slow, arm.calls, plan.guard_level)
    _, usual = wilson_bounds(champion.slow, champion.calls, plan.guard_level) if champion.calls else (0.0, 0.0)
    limit = max(plan.max_slow_share, usual)
    message = f"{arm.slow:,} of {arm.calls:,} calls of the challenger were slow, at least {low:.1%}; limit {limit:.1%}"
    status: Status = "fail" if low > limit else "pass" if arm.calls else "inconclusive"
    return _result("latency", status, message, slow=arm.slow, calls=arm.calls, low=low, limit=limit)


def check_alarm(steps: Sequence[Step], plan: RolloutPlan) -> GateResult:
    """Compare failures and overrides of both arms, at any moment, by an e-process."""
    events = [
        (step.share, step.challenger.adverse, step.challenger.adverse + step.champion.adverse)
        for step in steps
        if 0 < step.share < 1
    ]
    found, limit = wealth(events), 1 / plan.alarm_level
    challenger, both = (sum(event[place] for event in events) for place in (1, 2))
    message = f"{challenger:,} of {both:,} failures and overrides are the challenger's: evidence of harm {found:.3g}, "
    message += f"alarm from {limit:.3g} on"
    return _result("alarm", "fail" if found >= limit else "pass", message, wealth=found, limit=limit, events=events)


def check_split(step: Step, plan: RolloutPlan) -> GateResult:
    """Compare the challenger's number of units with its share (sample-ratio mismatch).

    Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments", 2020, chapter 21.
    """
    number = step.challenger.units + step.champion.units
    expected = step.share * number
    spread = math.sqrt(number * step.share * (1 - step.share))
    distance = abs(step.challenger.units - expected)
    p_value = 2 * (1 - NORMAL.cdf(max(distance - 0.5, 0) / spread)) if spread else float(distance == 0)
    status: Status = "inconclusive" if p_value < plan.guard_level or not number else "pass"
    message = f"{step.challenger.units:,} of {number:,} units are the challenger's, expected {expected:,.0f} "
    message += f"(p {p_value:.2g})"
    if status != "pass" and number:
        message += "; the split is not the planned one: find out what loses decisions of one arm"
    return _result("split", status, message, units=step.challenger.units, number=number, p_value=p_value)


def check_labelled_share(steps: Sequence[Step], plan: RolloutPlan) -> GateResult:
    """Compare the share of labelled units of both arms: labels whose delay depends on the arm mislead."""
    difference = stratified_difference(pairs(_compared(steps), lambda arm: count(arm.labelled, arm.units)))
    if difference is None:
        return _result("labelled_share", "pass", "no step has units of both arms yet")
    p_value = 2 * min(difference.p_value, 1 - difference.p_value) if difference.error else 1.0
    message = f"the labelled share of the challenger differs by {difference.estimate:+.1%} (p {p_value:.2g})"
    if p_value < plan.guard_level:
        message += "; labels do not arrive alike, and costs cannot be compared: find out why"
    status: Status = "inconclusive" if p_value < plan.guard_level else "pass"
    return _result("labelled_share", status, message, difference=difference.estimate, p_value=p_value)


def check_cost(
    steps: Sequence[Step], planned: Sequence[float], looks: Sequence[Mapping[str, float]], plan: RolloutPlan
) -> GateResult:
    """Compare the mean cost of both arms, stratified by step, with the boundary of this planned look.

    `planned`: the shares of all steps; `looks`: level and information of the looks before this one.
    """
    step = steps[-1]
    if step.share < plan.compare_from:
        return _result("cost", "pass", f"costs are compared from a share of {plan.compare_from:.0%} on: {EARLY}")
    if step.share >= 1:
        return _result("cost", "pass", "the champion answers nothing any more; the monitor takes over")
    if check_labelled_share(steps, plan).status != "pass":
        return _result("cost", "inconclusive", UNEQUAL)
    needed = sum(each.challenger.costs.number for each in steps)
    difference = stratified_difference(pairs(steps, lambda arm: arm.costs))
    if needed < plan.labels or difference is None:
        message = f"{needed:,} units of the challenger have a label, {plan.labels:,} are needed to compare costs"
        return _result("cost", "inconclusive", message, labels=needed)
    compared = [share for share in planned if plan.compare_from <= share < 1]
    level = spend_alpha(plan.level, (compared.index(step.share) + 1) / len(compared))
    levels = [*(look["level"] for look in looks), level]
    known = [*(look["information"] for look in looks), difference.information]
    limit = boundaries(levels, known)[-1] if difference.error else math.inf
    message = f"a decision of the challenger costs {difference.estimate:+.4g} on average, {difference.score:+.2f} "
    message += f"standard errors over {needed:,} labels; limit {limit:.2f}"
    status: Status = "fail" if difference.score > limit else "pass"
    evidence = {"level": level, "information": difference.information, "estimate": difference.estimate}
    return _result("cost", status, message, **evidence, error=difference.error, limit=limit, labels=needed)


def check_overrides(steps: Sequence[Step], plan: RolloutPlan) -> GateResult:
    """Compare how often people override the answers of both arms (disagreement with people)."""
    compared = _compared(steps)
    reviewed = sum(step.challenger.reviewed for step in compared)
    difference = stratified_difference(pairs(compared, lambda arm: count(arm.overridden, arm.reviewed)))
    if difference is None:
        return _result("overrides", "pass", "no step has reviews of both arms yet", reviewed=reviewed)
    message = f"people override the challenger {difference.estimate:+.1%} more often, over {reviewed:,} reviewed units "
    message += f"(p {difference.p_value:.2g})"
    status: Status = "fail" if difference.p_value < plan.guard_level else "pass"
    return _result("overrides", status, message, difference=difference.estimate, p_value=difference.p_value)


def check_groups(steps: Sequence[Step], plan: RolloutPlan) -> GateResult:
    """Compare the cost of both arms in every group of protected columns, corrected for their number (Bonferroni)."""
    compared = _compared(steps)
    if check_labelled_share(steps, plan).status != "pass":
        return _result("groups", "inconclusive", UNEQUAL)
    names = sorted({name for step in compared for arm in (step.challenger, step.champion) for name in arm.groups})
    found = {name: stratified_difference(pairs(compared, _group_costs(name))) for name in names}
    known = {name: difference for name, difference in found.items() if difference is not None}
    if not known:
        return _result("groups", "pass", "no group has labels of both arms yet")
    worst, difference = min(known.items(), key=lambda item: item[1].p_value)
    p_value, estimate = min(difference.p_value * len(names), 1.0), difference.estimate
    message = f"a decision on {worst} costs {estimate:+.4g} more with the challenger, the worst of {len(names)} groups"
    message += f" (p {p_value:.2g})"
    status: Status = "fail" if p_value < plan.guard_level else "pass"
    return _result("groups", status, message, group=worst, difference=estimate, p_value=p_value)


def check_traffic(step: Step, hours: float, plan: RolloutPlan) -> GateResult:
    """Compare the decisions and the time of a step with what the plan asks for."""
    decisions = step.challenger.decisions + step.champion.decisions
    needed = f"{decisions:,} decisions in {hours:.1f} hours; a step needs {plan.decisions:,} in at least "
    status: Status = "pass" if decisions >= plan.decisions and hours >= plan.minimum_hours else "inconclusive"
    return _result("traffic", status, f"{needed}{plan.minimum_hours:g} hours", decisions=decisions, hours=hours)


def check_shadow_cost(scores: ShadowScores, plan: RolloutPlan) -> GateResult:
    """Compare the costs of both models in pairs, on labels that do not depend on the answer that was shown."""
    number, difference = scores.costs.number, paired_difference(scores.costs)
    if number < plan.shadow_labels:
        message = f"{number:,} units in the shadow have an outcome or a blind review, {plan.shadow_labels:,} are needed"
        return _result("shadow_cost", "inconclusive", message, labels=number)
    if difference is None:
        return _result("shadow_cost", "pass", "the plan asks for no labels in the shadow")
    message = f"the challenger would have cost {difference.estimate:+.4g} on average over {number:,} labels "
    message += f"(p {difference.p_value:.2g})"
    status: Status = "fail" if difference.p_value < plan.shadow_level else "pass"
    return _result("shadow_cost", status, message, estimate=difference.estimate, p_value=difference.p_value)


def _compared(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if 0 < step.share < 1]


def _group_costs(name: str) -> Callable[[Arm], Summary]:
    return lambda arm: arm.groups.get(name, Summary())


def _result(guard: str, status: Status, message: str, **evidence: object) -> GateResult:
    return GateResult(f"rollout.{guard}", status, f"{guard.replace('_', ' ')}: {message}", evidence)
