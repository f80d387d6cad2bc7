"""What is known of the mortgage table: the plain model is cheaper, and treats black applicants worse."""

import pytest

from {{ cookiecutter.__package }}.model.gates import judge


@pytest.fixture(scope="session")
def judged(said, rows, plan, objective):
    """Return the verdicts on every model against the rules, by name and gate."""
    return {
        name: {v.gate: v for v in judge(rows, scores, said["rules"], objective, plan)} for name, scores in said.items()
    }


def test_the_rules_cost_what_they_are_known_to_cost(rows, said, objective):
    assert objective.cost(rows.truth, said["rules"]).sum() == 912


def test_the_rules_treat_the_groups_alike(judged):
    assert judged["rules"]["race.false_positive_rate"].status == "pass"


def test_the_plain_model_is_refused_for_its_gap_in_words_and_numbers(judged, plan):
    found = judged["logistic"]
    assert found["cost"].status == "pass"
    refusal = found["race.false_positive_rate"]
    assert refusal.status == "fail"
    assert refusal.evidence["gap"] > refusal.evidence["low"] > plan.groups.limits["false_positive_rate"]
    numbers = [*refusal.evidence["by_group"].values(), *(refusal.evidence[key] for key in ("gap", "low", "high"))]
    for words in (*(f"{number:.4g}" for number in numbers), "(black)", "(white)", "90% interval", "limit of 0.1"):
        assert words in refusal.message
    assert refusal.message.startswith("false positive rate by race is")


def passes(verdicts):
    """Return whether nothing is a veto; slices of this table are too small to tell, which its plan allows."""
    told = {verdict.gate: verdict.status for verdict in verdicts}
    return told.pop("slices") != "fail" and set(told.values()) == {"pass"}


def test_the_mitigated_model_passes(judged):
    assert passes(judged["mitigated"].values())
    assert not any(verdict.blocks for verdict in judged["mitigated"].values())


def test_a_plan_that_allows_the_gap_lets_the_plain_model_through(said, rows, plan, objective):
    """The refusal is the plan's, not the code's."""
    groups = plan.groups.model_copy(update={"limits": {"false_positive_rate": 0.5}})
    wide = plan.model_copy(update={"groups": groups})
    assert passes(judge(rows, said["logistic"], said["rules"], objective, wide))
