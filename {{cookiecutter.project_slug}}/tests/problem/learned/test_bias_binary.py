"""What is known of the mortgage table: the plain model treats black applicants worse, and the blend passes.

Each comparison holds for several assignments of the rows to folds, and for both candidates at once.
"""

import joblib
import numpy as np
import pytest

from {{ cookiecutter.__package }}.model.evaluate import cross_evaluate, split_columns
from {{ cookiecutter.__package }}.model.gates import run_gates
from {{ cookiecutter.__package }}.model.gates.cost import judge_costs
from {{ cookiecutter.__package }}.model.reference import Reference

pytestmark = pytest.mark.slow  # every model is fitted once for each fold of each assignment


@pytest.fixture(scope="session")
def rows(table, problem, plan):
    """Return the training rows, assigned to folds as often as the plan says."""
    return split_columns(table, problem, plan)


@pytest.fixture(scope="session")
def evaluations(rows, problem, once):
    """Return the evaluation of the rules and of every candidate, each row held out, by name."""
    models = {"rules": problem.rules, **problem.candidates()}

    def make(folder):
        joblib.dump({name: cross_evaluate(model, rows, problem) for name, model in models.items()}, folder / "found")

    return joblib.load(once("own-evaluations", make) / "found")


def compare(evaluations, rows, problem, plan):
    """Return the results of the rules and of every candidate beside the rules, by name and gate."""
    rules, is_new = evaluations["rules"], np.ones(len(rows.truth), dtype=bool)
    champion = Reference("rules", rules, rules, is_new, digest="", tags={})
    candidates = {name: found for name, found in evaluations.items() if name != "rules"}
    costs = judge_costs(rows, champion, candidates, "", plan)
    return {
        name: {result.gate: result for result in run_gates(rows, found, rules, problem, plan, costs.get(name))}
        for name, found in evaluations.items()
    }


@pytest.fixture(scope="session")
def results(evaluations, rows, problem, plan):
    return compare(evaluations, rows, problem, plan)


def blocking(results):
    """Return the gates that refuse a model; slices of this table are too small to conclude, which its plan allows."""
    return {gate: result.status for gate, result in results.items() if result.blocks}


def test_rules_cost_what_is_known_and_learned_models_less(evaluations, plan):
    costs = {name: found.mean_cost.sum() for name, found in evaluations.items()}
    assert costs.pop("rules") == 912
    assert all(cost < 912 for cost in costs.values()), costs
    assert {len(found.assignments) for found in evaluations.values()} == {plan.gates.assignments}
    assert {len(found.cost) for found in evaluations.values()} == {2380}


def test_rules_treat_groups_equally(results):
    assert results["rules"]["race.false_positive_rate"].status == "pass"


def test_plain_model_is_refused_for_its_gap_with_its_numbers(results, plan):
    refusal = results["logistic"]["race.false_positive_rate"]
    assert refusal.status == "fail"
    assert refusal.evidence["gap"] > refusal.evidence["low"] > plan.groups.limits["false_positive_rate"]
    numbers = [*refusal.evidence["by_group"].values(), *(refusal.evidence[key] for key in ("gap", "low", "high"))]
    for words in (*(f"{number:.4g}" for number in numbers), "(black)", "(white)", "90% interval", "limit of 0.1"):
        assert words in refusal.message
    assert refusal.message.startswith("false positive rate by race is")


def test_blend_with_the_rules_passes_every_gate(results):
    if "blended" not in results:
        pytest.skip("candidates.py has no such model")
    found = {gate: result.status for gate, result in results["blended"].items()}
    assert blocking(results["blended"]) == {}
    assert found.pop("slices") != "fail"
    assert set(found.values()) == {"pass"}


def test_plan_that_allows_the_gap_lets_the_plain_model_pass_this_gate(evaluations, rows, problem, plan):
    """The limit is the plan's, not the code's."""
    groups = plan.groups.model_copy(update={"limits": {"false_positive_rate": 0.5}})
    found = compare(evaluations, rows, problem, plan.model_copy(update={"groups": groups}))
    assert found["logistic"]["race.false_positive_rate"].status == "pass"
