"""Every candidate is judged or refused in one line, also on tables of few rows, rare answers and constant labels."""

import dataclasses

import numpy as np
import pytest
from problems import SHAPES
from simulation import MemoryRegistry
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from training import training_table

from {{ cookiecutter.__package }}.core.pipelines import boosting, linear
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.notes import notes
from {{ cookiecutter.__package }}.model.summary import find_reason
from {{ cookiecutter.__package }}.model.train import register_best, run_trials

FAULTS = ["raises in fit", "raises in predict", "gives NaN", "gives no probability", "gives too few rows"]


WIDE = SHAPES["wide"]
NUMBER = dataclasses.replace(WIDE, features=dict(list(WIDE.features.items())[:3]))  # all columns would take seconds
KINDS = {"usual": SHAPES["usual"], "categories": SHAPES["categories"], "wide": NUMBER}


@pytest.fixture(params=KINDS)
def table(request):
    """Return a training table of every kind of answer in turn, which a test may change."""
    return training_table(request.param).copy()


@pytest.fixture
def shape(request):
    """Return the problem with everything that a project of it needs."""
    return KINDS[request.node.callspec.params["table"]]


class Broken(BaseEstimator):
    """A model with one fault."""

    def __init__(self, fault, answers):
        self.fault = fault
        self.answers = answers

    def fit(self, features, truth):
        if self.fault == "raises in fit":
            raise ValueError("the first line\nthe [/second] line")
        return self

    def predict(self, features):
        if self.fault == "raises in predict":
            raise RuntimeError
        rows = 1 if self.fault == "gives too few rows" else len(features)
        # 1.7 is no probability, and infinity no number
        value = np.nan if self.fault == "gives NaN" else 1.7 if self.answers else np.inf
        return np.full((rows, self.answers) if self.answers else rows, value)

    predict_proba = predict


class Unstored(RuleModel):
    """A model of a type that the registry does not trust."""

    __module__ = "elsewhere"


def with_candidates(problem, **candidates):
    return dataclasses.replace(problem, candidates=lambda: candidates)


def run(table, problem, plan, champion=None):
    """Return the trials of the candidates on a training table, by name."""
    registry = MemoryRegistry(problem, champion)
    first, second, *others = run_trials(split_columns(table, problem), registry, problem, plan)
    assert first.model is second.model is None
    assert second.name == "training table"
    return {trial.name: trial for trial in others}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_broken_candidate_is_refused_with_one_line_and_the_healthy_one_is_judged(table, shape, problem, fault):
    broken = Broken(fault, len(problem.target.categories))
    trials = run(table, with_candidates(problem, broken=broken, healthy=problem.rules), shape.parsed_plan)
    [result] = trials["broken"].results
    assert trials["broken"].refused
    assert result.message.startswith("it cannot be judged: ")
    assert result.message.endswith("; correct it in candidates.py")
    assert "\n" not in result.message
    assert trials["healthy"].results[0].message.startswith("not cheaper than the champion: +0.000")


class BrokenByWeights(LogisticRegression):
    """A model that raises when rows have weights."""

    def fit(self, features, truth, sample_weight=None):
        if sample_weight is not None:
            raise ValueError("weights are too much")
        return super().fit(features, truth)


def test_refresh_that_raises_with_more_weight_on_new_rows_is_refused_in_one_line():
    shape = SHAPES["usual"]
    table, problem, plan = training_table("usual").copy(), shape.problem(), shape.parsed_plan
    [learned] = problem.candidates().values()
    model = Pipeline([*learned.steps[:-1], ("model", BrokenByWeights())])
    rows = split_columns(table.assign(_time=[None] * 300 + ["2026"] * 100), problem)
    registry = MemoryRegistry(problem, fit(model, rows))
    registry.known[registry.aliases["champion"]] = rows.keys[:300]
    *_, plain, recent = run_trials(rows, registry, with_candidates(problem, model=model), plan)
    assert (plain.name, recent.name) == ("model", "model, newer rows first")
    assert recent.refused
    assert [result.message for result in recent.results] == [
        "it cannot be judged: weights are too much; correct it in candidates.py"
    ]
    assert "cost" in {result.gate for result in plain.results}


def test_notes_name_candidates_that_cannot_weigh_rows(table, shape, problem):
    [learned] = problem.candidates().values()
    unweighted = Pipeline([*learned.steps[:-1], ("model", Broken("", 0))])
    problem = with_candidates(problem, plain=unweighted, learned=learned)
    for weights, is_said in ((1.0, False), (np.resize([1.0, 2.0], len(table)), True)):
        found = [*notes(split_columns(table.assign(_weight=weights), problem), problem, shape.parsed_plan)]
        assert ("plain cannot weigh rows when fitted: all labels count alike there" in found) == is_said


def test_champion_that_cannot_be_judged_is_replaced_by_the_rules(table, shape, problem):
    champion = Broken("raises in fit", 0)
    registry = MemoryRegistry(problem, champion)
    first, *_ = run_trials(split_columns(table, problem), registry, with_candidates(problem), shape.parsed_plan)
    assert first.name.startswith("rules:1 (in place of the champion: old:2 cannot be judged: the first line; ")
    assert first.metrics == {
        **run(table, with_candidates(problem, same=problem.rules), shape.parsed_plan)["same"].metrics
    }


def test_cheapest_that_cannot_be_stored_is_refused_and_the_next_one_is_the_challenger():
    shape = SHAPES["usual"]
    table, problem, plan = training_table("usual"), shape.problem(), shape.parsed_plan
    models = {"unstored": Unstored([], 0.5), "next": RuleModel([], 0.5), "absurd": RuleModel([], 0.0)}
    problem = with_candidates(problem, **models)
    rows, registry = split_columns(table, problem), MemoryRegistry(problem, RuleModel([], 0.0).fit())
    # without results nothing is refused
    trials = [dataclasses.replace(trial, results=()) for trial in run_trials(rows, registry, problem, plan)]
    version, [broken, chosen] = register_best(trials, rows, registry, problem, {})
    assert registry.load("challenger") is registry.stored[version]
    assert (registry.load("challenger").name, registry.load("champion").name) == ("next", "old")
    [refusal] = broken.results
    assert (chosen.name, chosen.refused) == ("next", False)
    assert "it holds types that are not trusted: elsewhere.Unstored" in refusal.message
    assert registry.recorded == {"unstored": (refusal,), "absurd": ()}


@pytest.mark.slow
@pytest.mark.parametrize("rows", [2, 3, 10, 40])
def test_few_rows_end_in_results_of_gates(table, shape, problem, rows):
    plan = shape.parsed_plan
    table = table.iloc[:rows].copy()
    for place, answer in enumerate(problem.target.categories[:2]):
        table.loc[place * (rows // 2) : place * (rows // 2) + 1, problem.target.name] = answer
    table["_fold"] = np.arange(rows) // 2 % 2 if rows > 3 else np.arange(rows) % 2
    candidates = {name: make(problem.columns, plan) for name, make in (("linear", linear), ("boosting", boosting))}
    if problem.target.categories and rows <= 3:
        with pytest.raises(Exception, match="two answers have to occur in at least 2 folds each"):
            run(table, with_candidates(problem, **candidates), plan)
        return
    for trial in run(table, with_candidates(problem, **candidates), plan).values():
        gates = {result.gate: result for result in trial.results}
        assert {"cost", "slices", "calibration"} <= set(gates), gates
        assert gates["slices"].status == "inconclusive"
        assert "none has the 50 rows needed" in gates["slices"].message
        assert not any("\n" in result.message for result in trial.results)


def test_answer_in_a_single_row_leaves_the_others_to_learn(table, shape, problem):
    answers = problem.target.categories
    if len(answers) < 3:
        pytest.skip("two answers have to be there both")
    labels = table[problem.target.name]
    table[problem.target.name] = labels.where(labels != answers[-1], answers[0])
    table.loc[0, problem.target.name] = answers[-1]
    plan = shape.parsed_plan
    candidates = {name: make(problem.columns, plan) for name, make in (("linear", linear), ("boosting", boosting))}
    for trial in run(table, with_candidates(problem, **candidates), plan).values():
        assert {"cost", "calibration"} <= {result.gate for result in trial.results}
    rows, registry = split_columns(table, problem), MemoryRegistry(problem)
    trials = [*run_trials(rows, registry, with_candidates(problem, best=problem.rules), plan)]
    [result] = [result for result in trials[1].results if result.gate == "answers"]
    assert result.blocks
    assert result.message.startswith(f"answers: {problem.target.name} is {answers[-1]} in 1 of {len(table)} rows; ")
    # it blocks every candidate, whatever its own results are
    trials[2] = dataclasses.replace(trials[2], results=())
    assert register_best(trials, rows, registry, problem, {}) == (None, [])
    assert find_reason(trials) == f"training table: {result.message}"


def test_constant_number_is_no_gain(table, shape, problem):
    if problem.target.categories:
        pytest.skip("an answer of one kind is refused")
    table[problem.target.name] = 7.0
    constant = RuleModel([], 7.0).fit()
    models = {name: make(problem.columns, shape.parsed_plan) for name, make in (("l", linear), ("b", boosting))}
    for trial in run(table, with_candidates(problem, **models), shape.parsed_plan, champion=constant).values():
        assert trial.metrics["cost"] == pytest.approx(0, abs=1e-6)
        assert trial.results[0].status in ("fail", "inconclusive")


def test_progress_names_the_candidate_and_its_folds(table, shape, problem):
    lines = []
    problem = with_candidates(problem, same=problem.rules)
    [*run_trials(split_columns(table, problem), MemoryRegistry(problem), problem, shape.parsed_plan, lines.append)]
    assert lines[0] == "rules:1: 0 of 4 folds evaluated"
    assert lines[5].startswith("same: 1 of 4 folds evaluated, about ")
    assert lines[8:] == ["comparing the candidates with the champion"]


def test_notes_say_what_mistakes_cost_and_what_limits_nothing(table, shape, problem):
    plan = shape.parsed_plan
    found = [*notes(split_columns(table, problem), problem, plan)]
    assert found[0].startswith(f"{problem.target.name}: ")
    assert found[0].endswith("(plan.toml)")
    texts = [column.name for column in problem.inputs if column.kind == "text"]
    assert any(f"models do not read {', '.join(texts)}: " in note for note in found) == bool(texts)
    protected = any(column.protected for column in problem.columns)
    limits_nothing = bool(plan.groups.limits) and not protected
    assert any("limits nothing: contract.py marks no column PROTECTED" in note for note in found) == limits_nothing
