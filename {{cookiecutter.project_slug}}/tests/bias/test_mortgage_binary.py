"""What is known of the mortgage table: the plain model is cheaper, and treats black applicants worse."""

import pytest

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import held_out
from {{ cookiecutter.__package }}.model.gates import judge
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES


@pytest.fixture(scope="session")
def reference(rows, objective):
    return held_out(RuleBook(), rows, objective)


def verdicts(name, rows, reference, plan, objective):
    said = held_out(candidates(FEATURES, plan)[name], rows, objective)
    return {v.gate: v for v in judge(rows, said, reference, objective, plan)}


def test_the_rules_cost_what_they_are_known_to_cost(rows, reference, objective):
    assert objective.cost(rows.truth, reference).sum() == 912


def test_the_plain_model_is_refused_for_its_gap_in_words_and_numbers(rows, reference, plan, objective):
    found = verdicts("logistic", rows, reference, plan, objective)
    assert found["cost"].status == "pass"
    refusal = found["race.false_positive_rate"]
    assert refusal.status == "fail"
    assert refusal.evidence["gap"] > refusal.evidence["low"] > plan.groups.limits["false_positive_rate"]
    for words in ("false positive rate by race is", "(black)", "(white)", "a gap of", "90% interval", "limit of 0.1"):
        assert words in refusal.message


def test_the_mitigated_model_passes(rows, reference, plan, objective):
    found = verdicts("mitigated", rows, reference, plan, objective)
    assert {v.status for v in found.values()} == {"pass"}
