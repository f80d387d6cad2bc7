"""A search chooses on rows of its own, goes on where it was interrupted, and what is used is what it chose."""

import dataclasses
import json
import math
from types import SimpleNamespace

import joblib
import numpy as np
import problems
import pytest
from problems import SHAPES, USUAL
from sklearn.tree import DecisionTreeClassifier
from training import training_table

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.encoder import encoder
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.plan import Search
from {{ cookiecutter.__package }}.core.search_space import (
    Chosen,
    Range,
    apply_chosen,
    check_spaces,
    digest_space,
    log,
    read_chosen,
    whole,
)
from {{ cookiecutter.__package }}.core.settings import sqlite_url
from {{ cookiecutter.__package }}.model import search as search_module
from {{ cookiecutter.__package }}.model.assignments import find_search_rows
from {{ cookiecutter.__package }}.model.evaluate import split_columns
from {{ cookiecutter.__package }}.model.gates.tuned import tuned_gate
from {{ cookiecutter.__package }}.model.recency import take
from {{ cookiecutter.__package }}.model.search import draw_search, open_study, search
from {{ cookiecutter.__package }}.stores.registry import Registry
from {{ cookiecutter.__package }}.stores.searches import read_search

PROBLEM, PLAN = USUAL.problem(), USUAL.parsed_plan
SPACE = {"impute__strategy": ["mean", "median"], "model__C": log(1e-4, 10)}
LEARNED = PROBLEM.candidates()["learned"]
CHOSEN = Chosen(parameters={"model__C": 0.25}, cost=0.5, trials=3, run="none", space=digest_space(SPACE))


@pytest.fixture(scope="module")
def usual_rows():
    return split_columns(training_table("usual"), PROBLEM)


def run_search(rows, trials=8, space=SPACE, model=LEARNED, storage="", **settings):
    plan = PLAN.model_copy(update={"search": Search(trials=trials, **settings)})
    # one name for all numbers of trials
    study = open_study("learned", space, rows, PLAN, storage)
    return search(study, model, space, rows, PROBLEM, plan)


def in_order(trials):
    return [(trial.parameters, trial.cost) for trial in sorted(trials, key=lambda trial: trial.number)]


def test_first_trial_is_the_candidate_as_it_is_and_the_cheapest_comes_first(usual_rows):
    trials = run_search(usual_rows)
    assert len(trials) == 8
    assert next(trial.parameters for trial in trials if trial.number == 0) == {
        "impute__strategy": "median",
        "model__C": 1.0,
    }
    assert trials[0].cost == min(trial.cost for trial in trials)
    assert all(0.0001 <= trial.parameters["model__C"] <= 10 for trial in trials)


def test_trials_are_the_same_in_every_run_and_with_any_number_of_processes(usual_rows):
    first = in_order(run_search(usual_rows, trials=4))
    assert in_order(run_search(usual_rows, trials=4)) == first
    with joblib.parallel_config("threading", n_jobs=2):
        assert in_order(run_search(usual_rows, trials=4)) == first


def test_interrupted_search_goes_on_and_a_finished_one_adds_nothing(usual_rows, tmp_path, monkeypatch):
    storage = sqlite_url(tmp_path / "search.db")
    before = in_order(run_search(usual_rows, trials=3, storage=storage))
    interrupted = open_study("learned", SPACE, usual_rows, PLAN, storage)
    interrupted.ask()
    after = run_search(usual_rows, trials=6, storage=storage)
    assert in_order(after)[:3] == before
    assert [trial.reason for trial in after if math.isnan(trial.cost)] == ["it was interrupted"]
    monkeypatch.setattr(search_module, "_evaluate", lambda *_: pytest.fail("a trial was fitted again"))
    assert in_order(run_search(usual_rows, trials=6, storage=storage))[:3] == before


def test_other_rows_are_another_search(usual_rows, tmp_path):
    storage = sqlite_url(tmp_path / "search.db")
    run_search(usual_rows, trials=2, storage=storage)
    fewer = take(usual_rows, np.arange(len(usual_rows.truth)) > 40)
    assert not open_study("learned", SPACE, fewer, PLAN, storage).trials


def test_search_ends_when_its_time_is_over(usual_rows):
    assert len(run_search(usual_rows, trials=10_000, minutes=0.001)) < 1_000


def test_parameters_that_cannot_be_fitted_are_on_record_with_the_reason(usual_rows):
    space = {"model__C": [1.0, -1.0]}
    trials = run_search(usual_rows, space=space)
    failed = [trial for trial in trials if trial.reason]
    assert failed
    assert {trial.parameters["model__C"] for trial in failed} == {-1.0}
    assert "'C' parameter" in failed[0].reason
    assert trials[0].parameters == {"model__C": 1.0}
    assert "&#x27;C&#x27; parameter" in draw_search("learned", trials)


def test_search_without_any_trial_that_can_be_fitted_says_why(usual_rows):
    with pytest.raises(UserError, match=r"no trial could be evaluated: The 'C' parameter"):
        run_search(usual_rows, trials=4, space={"model__C": [-1.0, -2.0]})


def test_rows_of_a_search_are_whole_units_and_stay_when_rows_are_added():
    rng = np.random.default_rng(0)
    keys, units = rng.integers(0, 2**63, 3000, dtype=np.uint64), np.sort(rng.integers(0, 900, 3000))
    units = np.unique(units, return_inverse=True)[1]
    used = find_search_rows(units, keys, 0.4)
    assert all(len(set(used[units == unit])) == 1 for unit in range(50))
    assert 0.33 < used.mean() < 0.47
    fewer = units < 500
    assert (find_search_rows(units[fewer], keys[fewer], 0.4) == used[fewer]).all()


@pytest.mark.parametrize(
    ("spaces", "message"),
    [
        ({"other": {"model__C": log(1, 2)}}, "other is no candidate; there are learned"),
        ({"learned": {"model__c": log(1, 2)}}, "learned has no parameter model__c"),
        ({"learned": {"model__C": log(0, 2)}}, "learned: model__C has no values: Range"),
        ({"learned": {"model__C": whole(2, 2)}}, "learned: model__C has no values: Range"),
        ({"learned": {"model__C": []}}, r"learned: model__C has no values: \[\]"),
        ({"learned": {"model__solver": "lbfgs"}}, "learned: model__solver has no values: 'lbfgs'"),
    ],
)
def test_space_with_a_fault_is_refused(spaces, message):
    with pytest.raises(UserError, match=rf"^candidates.py: SPACES: {message}"):
        check_spaces(spaces, PROBLEM.candidates())


def test_spaces_without_faults_are_accepted():
    check_spaces(
        {"learned": SPACE | {"model__max_iter": whole(10, 20), "model__tol": Range(0.1, 0.2)}}, PROBLEM.candidates()
    )


def test_damaged_file_of_parameters_is_refused(tmp_path):
    path = tmp_path / "parameters.json"
    assert read_chosen(path) == {}
    for text in ("{", '{"learned": {"cost": 1}}', "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"^parameters.json: .+; correct it, or delete the file and run `search`$"):
            read_chosen(path)
    with pytest.raises(UserError, match=r"^parameters.json: learned: Invalid parameter 'd'.+; correct it"):
        apply_chosen(PROBLEM.candidates(), {"learned": CHOSEN.model_copy(update={"parameters": {"d": 1}})})
    assert apply_chosen({"a": 1}, {"gone": CHOSEN}) == {"a": 1}


@pytest.fixture
def searched(workspace, run_command, monkeypatch, tmp_path):
    """Return a workspace whose candidate has a space, and a function that runs a command with what was chosen."""
    path = tmp_path / "parameters.json"
    monkeypatch.setattr(composition, "PARAMETERS", path)
    workspace.edit_plan("[gates]\n", "[search]\ntrials = 5\n[gates]\n")
    plain, spaces = problems.Shape.problem, {"learned": SPACE}

    def problem(shape, plan=None):
        made, chosen = plain(shape, plan), read_chosen(path)
        candidates = apply_chosen(made.candidates(), chosen)
        return dataclasses.replace(made, spaces=lambda: spaces, chosen=chosen, candidates=lambda: candidates)

    monkeypatch.setattr(problems.Shape, "problem", problem)
    return workspace, path, spaces, lambda *words: run_command(workspace, *words)


def tuned(run):
    _, out, _ = run("train", "--json")
    [trial] = [one for one in json.loads(out)["trials"] if one["name"] == "learned"]
    found = {result["gate"]: result for result in trial["results"]}
    return found["tuned"], found


@pytest.mark.slow
def test_what_was_chosen_is_used_and_on_record(searched):
    workspace, path, _, run = searched
    assert tuned(run)[0]["message"] == "tuned: its parameters were never searched; run `search learned`"
    code, out, error = run("search", "--jobs", "1")
    assert (code, error) == (0, "")
    assert "learned: 5 trials; a decision costs least with\n" in out
    [chosen] = json.loads(path.read_text(encoding="utf-8")).values()
    registry = Registry(workspace.project.settings.registry, workspace.project.models)
    assert read_search(registry, chosen["run"]) == chosen["parameters"]
    nested = registry.client.search_runs(
        [registry.client.get_run(chosen["run"]).info.experiment_id], f"tags.mlflow.parentRunId = '{chosen['run']}'"
    )
    assert sorted(run.info.run_name for run in nested) == [f"trial {place}" for place in range(5)]
    found, others = tuned(run)
    assert found["status"] == "pass"
    # compared on the other rows alone
    assert others["cost"]["evidence"]["rows"] < 300
    assert others["cost"]["message"].endswith("rows that no search has used")


@pytest.mark.slow
def test_sabotage_parameters_that_no_search_chose_are_refused(searched):
    _, path, spaces, run = searched
    run("search", "learned", "--jobs", "1")
    _, before = tuned(run)
    found = json.loads(path.read_text(encoding="utf-8"))
    found["learned"]["parameters"]["model__C"] = 7.5
    path.write_text(json.dumps(found), encoding="utf-8")
    result, after = tuned(run)
    assert result["status"] == "fail"
    assert "'model__C': 7.5}, and its search chose {" in result["message"]
    unrelated = {gate for gate in after if gate not in {"tuned", "cost"}}
    assert {gate: after[gate]["status"] for gate in unrelated} == {gate: before[gate]["status"] for gate in unrelated}
    spaces["learned"] = {"model__C": log(1e-3, 10)}
    assert tuned(run)[0]["message"].startswith("tuned: its space has changed since")


@pytest.mark.parametrize(
    ("recorded", "changes", "status", "message"),
    [
        ({"model__C": 0.25}, {}, "pass", "it has what its search of 3 trials chose: {'model__C': 0.25}"),
        ({"model__C": 0.5}, {}, "fail", "it has {'model__C': 0.25}, and its search chose {'model__C': 0.5}"),
        (None, {}, "inconclusive", "the search none is not in this registry"),
        ({"model__C": 0.25}, {"space": "other"}, "inconclusive", "its space has changed since"),
    ],
)
def test_candidate_has_what_its_search_chose(recorded, changes, status, message):
    chosen = {"learned": CHOSEN.model_copy(update=changes)}
    problem = dataclasses.replace(PROBLEM, spaces=lambda: {"learned": SPACE}, chosen=chosen)
    text = "not JSON" if recorded is None else json.dumps(recorded)
    run = SimpleNamespace(data=SimpleNamespace(tags={"chosen": text}))
    registry = SimpleNamespace(client=SimpleNamespace(get_run={"none": run}.get))
    [result] = tuned_gate("learned", apply_chosen({"learned": LEARNED}, chosen)["learned"], problem, registry)
    assert (result.status, result.blocks) == (status, status == "fail")
    assert result.message.startswith(f"tuned: {message}")


def test_candidate_without_a_space_has_no_result():
    assert tuned_gate("learned", LEARNED, PROBLEM, None) == []


def test_command_without_spaces_says_where_they_belong(workspace, run_command):
    code, _, error = run_command(workspace, "search")
    assert code == 2
    assert error == "error: candidates.py: SPACES has no candidate; name a candidate and its parameters there\n"


def test_command_refuses_an_unknown_candidate(searched):
    code, _, error = searched[-1]("search", "other")
    assert (code, error) == (2, "error: candidates.py: SPACES has no other; it has learned\n")


@pytest.mark.slow
def test_scheduler_that_does_not_answer_is_named(searched, monkeypatch):
    monkeypatch.setenv("APP_DASK_SCHEDULER", "tcp://127.0.0.1:9")
    code, _, error = searched[-1]("search")
    assert code == 2
    assert error.startswith("error: APP_DASK_SCHEDULER: ")


@pytest.mark.slow
def test_trials_on_workers_of_dask_are_those_of_this_process(usual_rows):
    from dask.distributed import Client, LocalCluster

    here = in_order(run_search(usual_rows))
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
    with cluster, Client(cluster) as client, joblib.parallel_config("dask", client=client):
        assert in_order(run_search(usual_rows)) == here


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_any_kind_of_answer_can_be_searched(name):
    shape = SHAPES[name]
    problem, rows = shape.problem(), split_columns(training_table(name), shape.problem())
    model, space = problem.candidates()["learned"], {"impute__strategy": ["mean", "median"]}
    plan = shape.parsed_plan.model_copy(update={"search": Search(trials=3)})
    trials = search(open_study("learned", space, rows, plan), model, space, rows, problem, plan)
    assert len(trials) == 3
    assert all(trial.cost > 0 for trial in trials)


def test_tree_is_searched_over_whole_numbers(usual_rows):
    from sklearn.pipeline import Pipeline

    tree = Pipeline([("encode", encoder(PROBLEM.columns)), ("model", DecisionTreeClassifier(random_state=0))])
    trials = run_search(usual_rows, trials=6, space={"model__max_depth": whole(1, 12)}, model=tree)
    assert {type(trial.parameters["model__max_depth"]) for trial in trials} == {int}
