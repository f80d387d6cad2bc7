"""The deployed model is compared as it is stored, on rows that it has not seen; a refresh must not be dearer there."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from worlds import LEARNED, PROBLEM, draw_table, find_reference, make_champion, make_plan, split

from {{ cookiecutter.__package }}.model.evaluate import cross_evaluate, evaluate_stored, fit
from {{ cookiecutter.__package }}.model.gates.cost import judge_costs, refresh_gate
from {{ cookiecutter.__package }}.model.promote import promote
from {{ cookiecutter.__package }}.model.reference import recipe_digest
from {{ cookiecutter.__package }}.model.train import run_trials
from {{ cookiecutter.__package }}.stores.evidence import FittedRows

PLAN = make_plan(gates={"assignments": 2})


@pytest.fixture(scope="module")
def old():
    return draw_table(600, seed=1, name="old")


@pytest.fixture(scope="module")
def registry(old):
    return make_champion(split(old))


def run_gate(table, registry, model=LEARNED):
    """Return the reference, and the result of the cost gate of the champion's recipe, fitted anew."""
    reference = find_reference(table, registry)
    assert recipe_digest(model) == reference.digest
    found = {"again": cross_evaluate(model, table, PROBLEM)}
    return reference, judge_costs(table, reference, found, "again", PLAN)["again"]


def test_rows_of_other_keys_are_new_to_the_champion(old, registry):
    rows = split(old, draw_table(80, seed=2, name="new"))
    reference = find_reference(rows, registry)
    assert (reference.is_new == (np.arange(680) >= 600)).all()
    stored = registry.load("champion").model
    assert (reference.deployed.predictions == PROBLEM.objective.predict(stored, rows.features)).all()
    assert (reference.recipe.predictions != reference.deployed.predictions).any()
    assert len(reference.recipe.assignments) == 2


def test_champion_answers_as_stored_to_new_rows_and_by_its_recipe_to_the_others(old, registry):
    rows = split(old, draw_table(80, seed=2, name="new"))
    reference = find_reference(rows, registry)
    answering = reference.answering(PROBLEM)
    for one, recipe in zip(answering.assignments, reference.recipe.assignments, strict=True):
        assert (one.predictions[:600] == recipe.predictions[:600]).all()
        assert (one.predictions[600:] == reference.deployed.predictions[600:]).all()
        assert (one.cost == PROBLEM.objective.cost(one.truth, one.choices)).all()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_sabotage_stale_champion_is_refreshed_after_the_world_has_changed(old, registry, seed):
    """Recipes alone would never tell: the candidate's is the champion's, and their difference is exactly 0."""
    rows = split(old, draw_table(600, seed=20 + seed, changed=True, name="new"))
    _, result = run_gate(rows, registry)
    assert result.status == "pass"
    assert "a refresh, not dearer than the champion as it is deployed on 600 rows new to it" in result.message
    assert result.evidence["difference"] < -0.02


@pytest.mark.slow
@pytest.mark.parametrize("added", [0, 1, 49])
def test_refresh_without_enough_new_rows_is_inconclusive_and_says_how_many_are_needed(old, registry, added):
    rows = split(old, draw_table(added, seed=2, name="new")) if added else split(old)
    _, result = run_gate(rows, registry)
    assert (result.status, result.blocks) == ("inconclusive", True)
    expected = f"a refresh of the champion: {added} rows are new to it; 50 are needed (gates.minimum_new_rows)"
    assert result.message == expected


def test_refresh_in_an_unchanged_world_is_not_refused_as_dearer(old, registry):
    _, result = run_gate(split(old, draw_table(1500, seed=4, name="new")), registry)
    assert result.status == "pass"
    assert abs(result.evidence["difference"]) < 0.02


def test_sabotage_refresh_that_learnt_from_inverted_labels_is_refused(old, registry):
    """Most labels of the earlier rows were inverted after the champion was trained; new ones are right."""
    damaged = old.assign(late=old["late"].map({"no": "yes", "yes": "no"}))
    reference, result = run_gate(split(damaged, draw_table(250, seed=3, name="new")), registry)
    assert (result.status, result.blocks) == ("fail", True)
    assert "a refresh, dearer than the champion as it is deployed on 250 rows new to it: +0." in result.message
    assert reference.is_new.sum() == 250


def test_sabotage_refresh_that_weighs_only_damaged_rows_is_refused(old, registry):
    damaged = old.assign(late=old["late"].map({"no": "yes", "yes": "no"}), _weight=1.0)
    new = draw_table(600, seed=3, name="new").assign(_weight=0.01)
    _, result = run_gate(split(damaged, new), registry)
    assert result.status == "fail"


@pytest.mark.slow
@pytest.mark.parametrize("are_decisions", [False, True])
def test_champion_of_an_older_version_without_keys_counts_decisions_as_new(old, are_decisions):
    """What it was trained on is not known: rows of the file may be old."""
    registry = make_champion(split(old))
    registry.known = dict.fromkeys(registry.known)
    new = draw_table(600, seed=2, changed=True, name="new")
    reference, result = run_gate(split(old, new) if are_decisions else split(pd.concat([old, new])), registry)
    assert reference.is_new.sum() == (600 if are_decisions else 0)
    assert result.status == ("pass" if are_decisions else "inconclusive")
    assert f"{600 if are_decisions else 0} rows " in result.message


def test_champion_of_an_older_version_without_recipe_is_known_by_its_parameters(old):
    registry = make_champion(split(old), recipe="")
    rows = split(old, draw_table(600, seed=2, changed=True, name="new"))
    trials = list(run_trials(rows, registry, PROBLEM, PLAN))
    [cost] = [
        result for trial in trials if trial.name == "learned" for result in trial.results if result.gate == "cost"
    ]
    assert "a refresh, not dearer" in cost.message


def test_rules_were_never_trained(old):
    reference = find_reference(split(old))
    assert reference.is_new.all()
    assert reference.digest == ""
    assert (reference.recipe.predictions == reference.deployed.predictions).all()


def test_recipe_is_told_by_its_parameters_and_not_by_what_it_was_fitted_to(old):
    rows = split(old)
    assert recipe_digest(fit(LEARNED, rows)) == recipe_digest(LEARNED)
    other = clone(LEARNED)
    assert recipe_digest(other) == recipe_digest(LEARNED)
    assert recipe_digest(other.set_params(model__C=0.7)) != recipe_digest(LEARNED)


def test_message_of_an_inconclusive_refresh_says_how_many_new_rows_are_needed(old, registry):
    rows = split(old, draw_table(300, seed=6, name="new"))
    reference = find_reference(rows, registry)
    candidate = cross_evaluate(LEARNED, rows, PROBLEM)
    strict = make_plan(gates={"max_cost_increase": 0.0})
    result = refresh_gate(rows, reference, candidate, strict)
    assert result.status == "inconclusive"
    assert "perhaps dearer than" in result.message
    assert "new rows are needed for a conclusive result" in result.message


def test_stored_model_predicts_also_rows_that_it_was_trained_on(old, registry):
    rows = split(old)
    stored = evaluate_stored(registry.load("champion").model, rows, PROBLEM)
    assert stored.predictions.shape == (600, 2)
    assert stored.repeats == ()


@pytest.mark.slow
def test_keys_of_the_training_rows_come_back_from_the_registry(workspace):
    project = workspace.project
    problem, registry, keys = project.problem, project.registry, np.array([2**64 - 1, 0, 7], dtype=np.uint64)
    tags = {"contract": problem.fingerprint}
    options = {"name": "old", "inputs": problem.inputs, "metrics": {}, "tags": tags}
    fitted = FittedRows(keys, np.array([1.0, 0.5, 2.0]), {})
    with_keys, without = (registry.register(problem.rules.fit(), fitted=each, **options) for each in (fitted, None))
    assert registry.weights(with_keys).tolist() == [1.0, 0.5, 2.0]
    assert registry.keys(with_keys).tolist() == keys.tolist()
    assert registry.keys(with_keys).dtype == np.uint64
    assert registry.keys(without) is None
    registry.set_alias("challenger", with_keys)
    champion, _ = promote(registry, problem, with_keys)
    assert registry.keys(champion.version).tolist() == keys.tolist()
