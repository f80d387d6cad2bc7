"""More weight for the newest rows passes only where these rows say that the world has changed."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from worlds import LEARNED, PROBLEM, draw_table, find_reference, make_champion, make_plan, split

from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.model import recency
from {{ cookiecutter.__package }}.model.recency import MAX_FACTOR, RECENT, find_recent, weigh_recent_rows
from {{ cookiecutter.__package }}.model.train import register_best, run_trials

PLAN = make_plan(gates={"assignments": 1})
OLD, NEW = 1500, 300
WEIGHED = "learned, newer rows first"
NEIGHBOURS = Pipeline([*LEARNED.steps[:-1], ("model", KNeighborsClassifier())])


def run(seed, changed, model=LEARNED):
    """Return the trials of a refresh by name, and the version, rows and registry of what was registered."""
    old = draw_table(OLD, seed=100 + seed, name="old")
    registry = make_champion(split(old, plan=PLAN), model)
    rows = split(old, draw_table(NEW, seed=200 + seed, changed=changed, name="new"), plan=PLAN)
    problem = replace(PROBLEM, candidates=lambda: {"learned": model})
    trials = list(run_trials(rows, registry, problem, PLAN))
    version, _ = register_best(trials, rows, registry, problem, {})
    return {trial.name: trial for trial in trials}, registry.stored.get(version)


def cost_of(trial):
    [result] = [result for result in trial.results if result.gate == "cost"]
    return result


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_newer_rows_first_is_registered_where_the_world_has_changed(seed):
    trials, registered = run(seed, changed=True)
    cost = cost_of(trials[WEIGHED])
    assert cost.status == "pass"
    assert f"a decision on the {NEW} newest rows" in cost.message
    assert cost.evidence["high"] < 0
    assert registered.name == WEIGHED


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
@pytest.mark.slow
def test_plain_refresh_is_preferred_in_an_unchanged_world(seed):
    trials, registered = run(seed, changed=False)
    assert cost_of(trials[WEIGHED]).status == "fail"
    assert not trials["learned"].refused
    assert registered.name == "learned"


@pytest.mark.slow
def test_newer_rows_first_is_a_rare_error_in_unchanged_worlds():
    """The interval has a confidence of 0.9, so that 1 in 20 is expected by chance."""
    passed = sum(not run(seed, changed=False)[0][WEIGHED].refused for seed in range(12))
    assert passed <= 2


def test_estimator_without_weights_is_left_alone():
    trials, _ = run(0, changed=True, model=NEIGHBOURS)
    assert "learned" in trials
    assert WEIGHED not in trials


def test_recent_rows_weigh_as_much_as_the_others():
    old, new = draw_table(400, name="old"), draw_table(100, seed=1, name="new").assign(_weight=0.5)
    rows = split(old.assign(_weight=1.0), new, plan=PLAN)
    recent = np.arange(500) >= 400
    weighed = weigh_recent_rows(LEARNED, rows, recent, PLAN)
    assert weighed.weights[recent].sum() == pytest.approx(rows.weights[~recent].sum())
    assert (weighed.weights[~recent] == rows.weights[~recent]).all()
    assert (rows.weights[recent] == 0.5).all()


def test_recent_rows_are_weighed_up_to_a_limit():
    rows = split(draw_table(3000, name="old"), draw_table(60, seed=1, name="new"), plan=PLAN)
    recent = np.arange(3060) >= 3000
    assert weigh_recent_rows(LEARNED, rows, recent, PLAN).weights.max() == MAX_FACTOR


@pytest.mark.parametrize(("old", "new"), [(400, 49), (100, 100), (100, 300), (400, 0)])
def test_few_or_most_rows_as_recent_ones_are_not_weighed(old, new):
    rows = split(draw_table(old + new), plan=PLAN)
    assert weigh_recent_rows(LEARNED, rows, np.arange(old + new) >= old, PLAN) is None


def test_model_that_is_no_pipeline_is_weighed_if_it_can_be():
    rows, recent = split(draw_table(400), plan=PLAN), np.arange(400) >= 300
    assert weigh_recent_rows(LEARNED[-1], rows, recent, PLAN) is not None
    assert weigh_recent_rows(NEIGHBOURS[-1], rows, recent, PLAN) is None
    assert weigh_recent_rows(PROBLEM.rules, rows, recent, PLAN) is None


@pytest.mark.parametrize(("new", "expected"), [(20, RECENT), (200, 200)])
def test_recent_rows_are_the_newest_decisions_and_those_new_to_the_champion_at_least(new, expected):
    """Among the rows that the champion was trained on are 200 decisions."""
    old, decided = draw_table(300, name="old"), draw_table(200, seed=1, name="decided")
    added = draw_table(new, seed=2, name="new")
    registry = make_champion(split(old, decided, plan=PLAN))
    rows = split(old, decided, added, plan=PLAN)
    rows = replace(rows, times=np.where(rows.times > 0, np.arange(len(rows.times)), 0.0))
    recent = find_recent(rows, find_reference(rows, registry))
    assert recent.sum() == expected
    assert recent[-expected:].all()


def test_rows_of_the_file_are_never_recent():
    rows = split(draw_table(400), plan=PLAN)
    assert not find_recent(rows, find_reference(rows)).any()


def test_few_decisions_are_all_recent_and_the_file_is_not():
    rows = split(draw_table(400, name="old"), draw_table(30, seed=1, name="new"), plan=PLAN)
    registry = make_champion(split(draw_table(400, name="old"), plan=PLAN))
    assert (find_recent(rows, find_reference(rows, registry)) == (np.arange(430) >= 400)).all()


@pytest.mark.parametrize(("usual", "status"), [(0.05, "inconclusive"), (0.5, "fail")])
def test_failure_refuses_only_where_what_would_answer_without_it_does_not_fail(usual, status):
    rows = split(draw_table(400), plan=PLAN)
    rows = replace(rows, truth=np.arange(400) % 2)
    candidate, other = (
        evaluate(PROBLEM.objective, rows.truth, np.tile([1 - chance, chance], (400, 1))) for chance in (0.25, usual)
    )
    results = recency.judge_recency(rows, np.ones(400, dtype=bool), candidate, other, PROBLEM, PLAN)
    assert {result.gate: result.status for result in results}["calibration"] == status
