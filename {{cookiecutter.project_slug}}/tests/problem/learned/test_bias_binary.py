"""What is known of the mortgage table: the plain model is cheaper, and treats black applicants worse."""

import pytest

from {{ cookiecutter.__package }}.model.gates import run_gates

pytestmark = pytest.mark.slow  # every model is fitted once for each fold


@pytest.fixture(scope="session")
def results(evaluations, rows, problem, plan):
    """Return the results of every model compared with the rules, by name and gate."""
    return {
        name: {result.gate: result for result in run_gates(rows, found, evaluations["rules"], problem, plan)}
        for name, found in evaluations.items()
    }


def test_rules_cost_what_is_known_and_learned_models_less(evaluations):
    costs = {name: found.cost.sum() for name, found in evaluations.items()}
    assert costs.pop("rules") == 912
    assert all(cost < 912 for cost in costs.values()), costs
    assert {len(found.cost) for found in evaluations.values()} == {2380}


def test_rules_treat_groups_equally(results):
    assert results["rules"]["race.false_positive_rate"].status == "pass"


def test_plain_model_is_refused_for_its_gap_with_its_numbers(results, plan):
    found = results["logistic"]
    assert found["cost"].status == "pass"
    refusal = found["race.false_positive_rate"]
    assert refusal.status == "fail"
    assert refusal.evidence["gap"] > refusal.evidence["low"] > plan.groups.limits["false_positive_rate"]
    numbers = [*refusal.evidence["by_group"].values(), *(refusal.evidence[key] for key in ("gap", "low", "high"))]
    for words in (*(f"{number:.4g}" for number in numbers), "(black)", "(white)", "90% interval", "limit of 0.1"):
        assert words in refusal.message
    assert refusal.message.startswith("false positive rate by race is")


def all_pass(results):
    """Return whether no gate blocks; slices of this table are too small to be conclusive, which its plan allows."""
    statuses = {result.gate: result.status for result in results}
    return statuses.pop("slices") != "fail" and set(statuses.values()) == {"pass"}


def test_mitigated_model_passes(results):
    assert all_pass(results["mitigated"].values())
    assert not any(result.blocks for result in results["mitigated"].values())


def test_blend_with_the_rules_passes(results):
    assert all_pass(results["blended"].values())
    assert not any(result.blocks for result in results["blended"].values())


def test_plan_that_allows_the_gap_lets_the_plain_model_pass(evaluations, rows, problem, plan):
    """The limit is the plan's, not the code's."""
    groups = plan.groups.model_copy(update={"limits": {"false_positive_rate": 0.5}})
    wide = plan.model_copy(update={"groups": groups})
    assert all_pass(run_gates(rows, evaluations["logistic"], evaluations["rules"], problem, wide))
