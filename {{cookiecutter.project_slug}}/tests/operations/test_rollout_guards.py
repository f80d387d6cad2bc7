"""Each guard of a rollout finds its own fault, and the others stay as they were."""

from dataclasses import replace

import pytest
from problems import USUAL

from {{ cookiecutter.__package }}.operations.rollouts.advance import (
    decide,
    run_guards,
    run_shadow_guards,
)
from {{ cookiecutter.__package }}.operations.rollouts.observations import (
    Arm,
    ShadowScores,
    Step,
    count,
)
from {{ cookiecutter.__package }}.stores.rollouts import Rollout

PLAN = USUAL.parsed_plan
ENTRY = {"name": "a", "version": "1", "digest": "", "tags": {}}
ROLLOUT = Rollout("r", "running", 4, 0.25, PLAN.rollout.steps, ENTRY, ENTRY, [], "", "", "", "", 1)


def make_arm(units):
    costs, group = count(units // 20, units // 2), count(units // 40, units // 4)
    return Arm(
        units=units,
        decisions=units,
        calls=units,
        reviewed=units // 2,
        overridden=units // 20,
        adverse=units // 20,
        labelled=units // 2,
        costs=costs,
        groups={"group = a": group, "group = b": group},
    )


HEALTHY = Step(4, 0.25, make_arm(3000), make_arm(1000))
FAULTS = {
    "traffic": HEALTHY,
    "failures": replace(HEALTHY, challenger=replace(HEALTHY.challenger, failed=60)),
    "latency": replace(HEALTHY, challenger=replace(HEALTHY.challenger, slow=200)),
    "alarm": replace(HEALTHY, challenger=replace(HEALTHY.challenger, adverse=140)),
    "split": replace(HEALTHY, champion=replace(HEALTHY.champion, units=2000, labelled=1000)),
    "labelled_share": replace(HEALTHY, challenger=replace(HEALTHY.challenger, labelled=300)),
    "cost": replace(HEALTHY, challenger=replace(HEALTHY.challenger, costs=count(100, 500))),
    "overrides": replace(HEALTHY, challenger=replace(HEALTHY.challenger, overridden=110)),
    "groups": replace(
        HEALTHY,
        challenger=replace(HEALTHY.challenger, groups={"group = a": count(80, 250), "group = b": count(25, 250)}),
    ),
}
HOLDS = {"traffic", "split", "labelled_share"}
HELD_TOO = {"labelled_share": {"cost", "groups"}}  # costs of unlike labels are not compared


def run(step, hours=2.0):
    results = run_guards([step], ROLLOUT, hours, PLAN)
    return {result.gate.partition(".")[2]: result for result in results}


def test_healthy_step_passes_every_guard_and_goes_on():
    results = run(HEALTHY)
    assert {result.status for result in results.values()} == {"pass"}
    assert decide([*results.values()], ROLLOUT, 2.0, PLAN).action == "next"


@pytest.mark.parametrize("guard", FAULTS)
def test_guard_finds_its_fault_and_the_others_are_quiet(guard):
    results = run(FAULTS[guard], hours=0.5 if guard == "traffic" else 2.0)
    assert {name for name, result in results.items() if result.status != "pass"} == {guard, *HELD_TOO.get(guard, ())}
    assert results[guard].status == ("inconclusive" if guard in HOLDS else "fail")
    assert results[guard].message.startswith(guard.replace("_", " "))
    found = decide([*results.values()], ROLLOUT, 2.0, PLAN)
    assert found.action == ("hold" if guard in HOLDS else "back")
    assert results[guard].message in found.reason


def test_costs_of_unlike_labels_are_not_compared():
    """Of the challenger, only what was wrong is labelled in time."""
    wrong_first = replace(HEALTHY.challenger, labelled=300, costs=count(50, 300))
    step = replace(HEALTHY, challenger=wrong_first)
    results = run(step)
    assert results["cost"].status == "inconclusive"
    assert "before `labelled_share` passes" in results["cost"].message
    assert decide([*results.values()], ROLLOUT, 2.0, PLAN).action == "hold"
    labelled = replace(step, challenger=replace(wrong_first, labelled=500))
    assert run(labelled)["cost"].status == "fail"


@pytest.mark.parametrize(
    ("guard", "challenger", "champion"),
    [
        ("overrides", {"reviewed": 1, "overridden": 1}, {"reviewed": 30, "overridden": 0}),
        ("groups", {"groups": {"group = a": count(1, 1)}}, {"groups": {"group = a": count(0, 30)}}),
    ],
)
def test_one_mistake_in_few_labels_is_no_harm(guard, challenger, champion):
    few = replace(HEALTHY.challenger, **challenger), replace(HEALTHY.champion, **champion)
    assert run(replace(HEALTHY, challenger=few[0], champion=few[1]))[guard].status == "pass"


def test_every_guard_has_a_fault_here():
    assert set(run(HEALTHY)) == set(FAULTS)


def test_step_that_is_held_for_too_long_is_rolled_back():
    results = [*run(FAULTS["split"]).values()]
    found = decide(results, ROLLOUT, PLAN.rollout.maximum_hours + 1, PLAN)
    assert found.action == "back"
    assert "held for 169.0 hours, longer than 168" in found.reason


def test_early_step_says_that_it_does_not_compare_costs():
    step = replace(FAULTS["cost"], number=1, share=0.02, champion=make_arm(49_000))
    result = run(step)["cost"]
    assert result.status == "pass"
    assert "costs are compared from a share of 10% on" in result.message
    assert "one time in six" in result.message


def test_step_without_any_decision_is_held():
    results = run(Step(4, 0.25, Arm(), Arm()))
    assert {name for name, result in results.items() if result.status == "inconclusive"} >= {"traffic", "failures"}
    assert decide([*results.values()], ROLLOUT, 2.0, PLAN).action == "hold"


def test_last_step_is_done_when_every_guard_passes():
    last = replace(ROLLOUT, step=6, share=1.0)
    step = Step(6, 1.0, Arm(), make_arm(1000))
    results = run_guards([step], last, 2.0, PLAN)
    assert decide(results, last, 2.0, PLAN).action == "done"


SHADOW = ShadowScores(1000, 0, 1000, 0, count(0, 200))
SHADOW_FAULTS = {
    "failures": replace(SHADOW, failed=60),
    "latency": replace(SHADOW, slow=200),
    "shadow_cost": replace(SHADOW, costs=count(40, 200)),
}


@pytest.mark.parametrize("guard", [None, *SHADOW_FAULTS])
def test_guard_of_the_shadow_finds_its_fault(guard):
    step = Step(0, 0.0, make_arm(1000), Arm())
    results = run_shadow_guards(SHADOW_FAULTS.get(guard, SHADOW), step, 2.0, PLAN)
    failed = [result.gate.partition(".")[2] for result in results if result.status == "fail"]
    assert failed == ([guard] if guard else [])


def test_shadow_without_independent_labels_is_held():
    step = Step(0, 0.0, make_arm(1000), Arm())
    *_, result = run_shadow_guards(replace(SHADOW, costs=count(0, 0)), step, 2.0, PLAN)
    assert result.status == "inconclusive"
    assert "0 units in the shadow have an outcome or a blind review, 100 are needed" in result.message
