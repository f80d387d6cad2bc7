"""Analyses of a candidate: each planted fault is found by one of them, and a sound candidate by none."""

import dataclasses
import json
import time
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from problems import PLAN, SHAPES, Shape
from pydantic import Field
from simulation import MemoryRegistry
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from {{ cookiecutter.__package }}.core.encoder import encoder
from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.core.pipelines import linear
from {{ cookiecutter.__package }}.core.result import Finding
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.core.schema import PROTECTED
from {{ cookiecutter.__package }}.model.analysis import candidate as candidates
from {{ cookiecutter.__package }}.model.analysis import footprint
from {{ cookiecutter.__package }}.model.analysis.candidate import add_champion, evaluate_candidate
from {{ cookiecutter.__package }}.model.analysis.footprint import measure_footprint
from {{ cookiecutter.__package }}.model.analysis.learning_curve import draw_learning_curve
from {{ cookiecutter.__package }}.model.analysis.memorisation import measure_memorisation
from {{ cookiecutter.__package }}.model.analysis.page import render
from {{ cookiecutter.__package }}.model.analysis.parts import compare_intersections, compare_pairs
from {{ cookiecutter.__package }}.model.analysis.proxies import find_proxies
from {{ cookiecutter.__package }}.model.analysis.quality import measure_quality
from {{ cookiecutter.__package }}.model.analysis.run import ANALYSES, run_analyses
from {{ cookiecutter.__package }}.model.analysis.simpler import compare_with_simpler
from {{ cookiecutter.__package }}.model.analysis.staleness import measure_staleness
from {{ cookiecutter.__package }}.model.evaluate import fit
from {{ cookiecutter.__package }}.model.reference import recipe_digest
from {{ cookiecutter.__package }}.stores.evidence import FittedRows

NUMBER = Annotated[float | None, Field(examples=[0.5])]
GROUP = Annotated[Literal["a", "b"], PROTECTED]
SHAPE = Shape(
    features={"risk": (NUMBER, None), "income": (NUMBER, None), "one": (GROUP, ...), "two": (GROUP, ...)},
    label=("refused", Literal["no", "yes"]),
    rules=[("risk", ">", 2, 0.9, "a high risk")],
    otherwise=0.2,
    plan=PLAN.format(
        question="Will it be refused?",
        more="assignments = 1\n[costs]\nfalse_negative = 3\nfalse_positive = 1\n[groups.limits]\nerror_rate = 0.15",
    ),
)
PROBLEM = SHAPE.problem()
ROWS = 1600


def make_table(n=ROWS, seed=0, drift=0.0, days=400):
    """Return n rows over some days, in which the effect of `income` turns by `drift` from the first to the last."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"risk": rng.normal(size=n), "income": rng.normal(size=n)})
    table["one"], table["two"] = rng.choice(["a", "b"], (2, n))
    age = np.linspace(0, 1, n)
    log_odds = 2 * table["risk"] - (2 - drift * age) * table["income"] - 1
    table["refused"] = np.where(rng.random(n) < 1 / (1 + np.exp(-log_odds)), "yes", "no")
    time = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(age * days, unit="D")
    return table.assign(_fold=np.arange(n) % 2, _time=[each.isoformat() for each in time])


def make_candidate(table=None, model=None, **sections):
    plan = SHAPE.parsed_plan
    plan = plan.model_copy(
        update={name: getattr(plan, name).model_copy(update=settings) for name, settings in sections.items()}
    )
    model = linear(PROBLEM.columns, plan) if model is None else model
    return evaluate_candidate("it", model, make_table() if table is None else table, PROBLEM, plan, lambda _: None)


def tree():
    return Pipeline([("encode", encoder(PROBLEM.columns)), ("model", DecisionTreeClassifier(random_state=0))])


def with_answers(candidate, codes):
    """Return the candidate with certain answers, by their codes."""
    found = evaluate(PROBLEM.objective, candidate.rows.truth, np.eye(2)[codes])
    return dataclasses.replace(candidate, evaluation=found)


def with_mistakes(candidate, where):
    """Return the candidate with the wrong answer in some of the rows."""
    return with_answers(candidate, np.where(where, 1 - candidate.rows.truth, candidate.evaluation.choices))


def statuses(candidate):
    """Return the status of every result that has one, by its gate."""
    return {
        result.gate: result.status
        for name, results in run_analyses(candidate)
        for result in results
        if not isinstance(result, Finding)
    }


@pytest.fixture(scope="module")
def sound():
    return make_candidate()


def test_sound_candidate_breaks_no_limit(sound):
    found = statuses(sound)
    assert {"simpler", "pairs", "benefit", "missing", "encoding", "age", "memorisation", "size", "time"} <= {*found}
    assert "fail" not in found.values()
    assert {found[gate] for gate in ("simpler", "age", "memorisation", "size", "load", "time")} == {"pass"}


def test_sabotage_candidate_that_a_linear_model_beats(sound):
    [found] = compare_with_simpler(make_candidate(model=tree()))
    assert found.status == "fail"
    assert found.message.endswith("cheaper than it: a linear model")
    [found] = compare_with_simpler(make_candidate(model=RuleModel([], 0.0)))
    assert "; cheaper than it: the rules, a linear model" in found.message
    [found] = compare_with_simpler(sound)
    assert [one["model"] for one in found.evidence["models"]] == ["the rules", "always yes"]


def test_champion_of_another_recipe_is_compared_and_refuses_nothing(sound):
    registry = MemoryRegistry(PROBLEM)
    assert add_champion(sound, registry) is sound  # the rules answer
    tags = {"recipe": recipe_digest(sound.model)}
    fitted = FittedRows(sound.rows.keys, sound.rows.weights, {})
    version = registry.register(fit(sound.model, sound.rows), name="old", tags=tags, fitted=fitted)
    registry.set_alias("champion", version)
    assert add_champion(sound, registry) is sound  # of one recipe, nothing differs
    [found] = compare_with_simpler(add_champion(make_candidate(model=tree()), registry))
    [champion] = [one for one in found.evidence["models"] if one["model"] == f"old:{version} (champion)"]
    assert champion["low"] > 0
    assert found.message.endswith("cheaper than it: a linear model")


def test_sabotage_mistakes_in_a_pair_of_columns(sound):
    features = sound.rows.features
    where = ((features["risk"] > 0.6) & (features["income"] > 0.6)).to_numpy()
    faulty = with_mistakes(sound, where)
    [found] = compare_pairs(faulty)
    assert found.status == "fail"
    assert "risk 0" in found.message
    assert "income 0" in found.message
    assert [one.status for one in compare_pairs(sound)] != ["fail"]
    assert [one.status for one in compare_intersections(faulty)] != ["fail"]


def test_sabotage_mistakes_in_an_intersection_of_groups(sound):
    groups = sound.rows.groups
    # half of each group by itself is treated as well as the other half is not
    where = ((groups["one"] == "a") == (groups["two"] == "a")).to_numpy() & (np.arange(ROWS) % 2 == 0)
    [found] = compare_intersections(with_mistakes(sound, where))
    assert (found.gate, found.status) == ("one and two.error_rate", "fail")
    [found] = compare_intersections(sound)
    assert found.status == "pass"


def test_sabotage_input_that_gives_a_group_away():
    table = make_table()
    [before, _] = find_proxies(make_candidate(table))
    assert (before.gate, before.status) == ("proxies.one", "pass")
    table["income"] = np.where(table["one"] == "a", 1.0, -1.0) + np.random.default_rng(1).normal(0, 0.3, ROWS)
    [found, other] = find_proxies(make_candidate(table))
    assert (found.status, other.status) == ("inconclusive", "pass")
    assert "; by themselves: income 1.00, risk" in found.message


def test_more_rows_help_a_model_that_learns_and_not_a_constant_one():
    [learns] = draw_learning_curve(make_candidate(make_table(300), model=tree()))
    assert [point["rows"] for point in learns.evidence["points"]] == [19, 38, 75, 150]
    [constant] = draw_learning_curve(make_candidate(make_table(300), model=RuleModel([], 0.3)))
    assert constant.evidence["saved"] == 0
    assert constant.message.endswith("that more rows would help is not shown")
    assert learns.evidence["points"][0]["cost"] > learns.evidence["points"][-1]["cost"]


def test_sabotage_world_that_changes_makes_old_models_dear(sound):
    [steady] = measure_staleness(sound)
    assert steady.status == "pass"
    assert [round(point["age"] / 66.7) for point in steady.evidence["points"]] == [1, 2, 3, 4]
    [found] = measure_staleness(make_candidate(make_table(drift=6.0), monitor={"max_age_days": 365}))
    assert found.status == "fail"
    assert "monitor.max_age_days is 365: lower it to" in found.message
    [allowed] = measure_staleness(make_candidate(make_table(drift=6.0), monitor={"max_age_days": 30}))
    assert allowed.status == "pass"


def test_age_without_times_says_what_is_needed():
    [found] = measure_staleness(make_candidate(make_table().drop(columns="_time")))
    assert isinstance(found, Finding)
    assert found.message.startswith("age: 0 rows have a time, and 300 are needed: name the column")


def test_sabotage_model_that_memorises_its_rows(sound):
    [found] = measure_memorisation(make_candidate(model=tree()))
    assert found.status == "fail"
    assert found.evidence["auc"] > 0.6
    [found] = measure_memorisation(sound)
    assert found.status == "pass"


def test_sabotage_large_and_slow_models(sound, monkeypatch):
    assert [one.status for one in measure_footprint(sound)] == ["pass", "pass", "pass"]
    small = make_candidate(analysis={"max_model_mb": 0.001})
    assert [one.status for one in measure_footprint(small)] == ["fail", "pass", "pass"]
    quick = make_candidate(product={"max_model_ms": 0.001})
    assert [one.status for one in measure_footprint(quick)] == ["pass", "pass", "fail"]
    load = footprint.load_model
    monkeypatch.setattr(footprint, "load_model", lambda *words: time.sleep(0.05) or load(*words))
    slow = make_candidate(analysis={"max_load_seconds": 0.05})
    assert [one.status for one in measure_footprint(slow)] == ["pass", "fail", "pass"]


def test_quality_of_a_candidate_that_is_always_right(sound):
    found = {one.name: one for one in measure_quality(with_answers(sound, sound.rows.truth))}
    assert (found["ranking"].evidence["value"], found["metrics"].evidence["cost"]) == (1, 0)
    assert [(one["precision"], one["recall"]) for one in found["answers"].evidence.values()] == [(1, 1), (1, 1)]
    points = found["reliability"].evidence["points"]
    assert all(low <= share <= high and predicted == share for predicted, share, low, high in points)


def test_quality_of_a_candidate_that_always_says_yes(sound):
    found = {one.name: one for one in measure_quality(with_answers(sound, np.ones(ROWS, dtype=int)))}
    share = sound.rows.truth.mean()
    assert found["answers"].evidence["yes"]["precision"] == pytest.approx(share)
    assert found["answers"].evidence["yes"]["recall"] == 1
    assert found["answers"].evidence["no"]["precision"] is None
    assert "no: none and 0.0%; yes: " in found["answers"].message
    assert found["ranking"].evidence["value"] == 0.5


def test_of_many_rows_every_kth_is_taken(monkeypatch):
    monkeypatch.setattr(candidates, "MAX_ROWS", 100)
    candidate = make_candidate(make_table(1001))
    assert (len(candidate.rows.truth), candidate.of) == (91, 1001)
    assert len(candidate.times) == 91


@pytest.mark.parametrize(
    "name", ["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual")]
)
def test_command_studies_any_problem_and_writes_a_page(make_workspace, tmp_path, run_command, name):
    workspace, page = make_workspace(tmp_path / "project", name), tmp_path / "evaluation.html"
    code, out, error = run_command(workspace, "evaluate", "--report", str(page))
    assert (code in {0, 1}, error) == (True, "")
    assert all(f"\n{section}\n" in out for section in ANALYSES)
    text = page.read_text(encoding="utf-8")
    assert text.count("<h2>") == len(ANALYSES)
    assert "://" not in text
    assert len(text) < 1_000_000


@pytest.mark.slow
def test_command_prints_evidence_as_json_and_fails_when_a_limit_is_broken(workspace, run_command):
    workspace.edit_plan("[gates]\n", "[features]\nmax_missing_share = 0.01\n[gates]\n")
    code, out, error = run_command(workspace, "evaluate", "learned", "--json")
    assert (code, error) == (1, "")
    found = json.loads(out)
    assert found["model"] == "learned"
    failed = [one["gate"] for one in found["results"] if one.get("status") == "fail"]
    assert "missing" in failed
    [benefit] = [one for one in found["results"] if one.get("gate") == "benefit"]
    assert {one["column"] for one in benefit["evidence"]["columns"]} == {"risk", "grade", "insured", "income"}


def test_command_refuses_wrong_names_before_it_works(workspace, run_command, tmp_path):
    code, _, error = run_command(workspace, "evaluate", "other")
    assert (code, error) == (2, "error: candidates.py has no other; it has learned\n")
    code, _, error = run_command(workspace, "evaluate", "--report", str(tmp_path))
    assert code == 2
    assert error.startswith(f"error: --report: {tmp_path}")


def test_page_escapes_what_the_contract_says(sound):
    assert "&lt;it&gt;" in render(dataclasses.replace(sound, name="<it>"), {})
