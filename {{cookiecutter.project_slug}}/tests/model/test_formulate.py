"""What the costs imply for a table, whatever its answers are; and how many rows a difference needs."""

import dataclasses
import json
import math

import numpy as np
import pytest
from problems import SHAPES, USUAL
from training import training_table

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.model.evaluate import evaluate_stored, split_columns
from {{ cookiecutter.__package }}.model.formulate import formulate
from {{ cookiecutter.__package }}.model.sample_size import (
    find_detectable,
    find_size,
    measure_variation,
)

PLAN = USUAL.parsed_plan


def change_plan(plan, section, **fields):
    return plan.model_copy(update={section: getattr(plan, section).model_copy(update=fields)})


def find(name="usual", table=None, plan=None, **rules):
    shape = SHAPES[name]
    shape = dataclasses.replace(shape, **rules) if rules else shape
    plan = plan or shape.parsed_plan
    problem = shape.problem(plan)
    rows = split_columns(training_table(name) if table is None else table, problem, plan, learnable=False)
    return formulate(rows, problem, plan), rows, problem


def results(found):
    return {result.gate: (result.status, result.message) for result in found.results}


@pytest.mark.parametrize("name", SHAPES)
def test_costs_of_the_rules_and_of_constant_answers_are_those_of_the_rows(name):
    found, rows, problem = find(name)
    costs = {each.name: each.value for each in found.costs}
    assert costs["the rules"] == pytest.approx(evaluate_stored(problem.rules.fit(), rows, problem).cost.mean())
    assert all(each.low <= each.value <= each.high for each in [*found.costs, *found.answers, found.review])
    assert costs["no mistake"] == 0
    for code, answer in enumerate(problem.target.categories):
        assert costs[f"always {answer}"] == pytest.approx(problem.objective.matrix[rows.truth, code].mean())
    assert sum(each.value for each in found.answers) == pytest.approx(1) or not problem.target.categories
    assert all(result.status != "fail" for result in found.results)
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_two_answers_have_a_threshold_at_which_the_two_cost_the_same():
    implied = find()[0].implied
    assert implied == {"threshold": pytest.approx(1 / 6), "break_even_precision": pytest.approx(1 / 6)}
    precision = implied["break_even_precision"]
    assert (1 - precision) * PLAN.costs.false_positive == pytest.approx(precision * PLAN.costs.false_negative)


def test_several_answers_have_their_matrix():
    matrix = find("categories")[0].implied["matrix"]
    assert matrix["high"] == {"low": 4, "mid": 1, "high": 0}


def test_best_constant_of_a_number_is_cheaper_than_any_other():
    found, rows, problem = find("wide")
    best = min(problem.objective.cost(rows.truth, np.full(len(rows.truth), value)).mean() for value in rows.truth)
    assert found.implied == {"quantile": 0.75}
    assert found.costs[0].value == pytest.approx(best)


@pytest.mark.parametrize("name", SHAPES)
def test_figures_that_a_plan_may_name_are_those_that_are_measured(name):
    _, rows, problem = find(name)
    one = evaluate_stored(problem.rules.fit(), rows, problem)
    assert {*problem.objective.figures} == {*problem.objective.metrics(one.truth, one.predictions, one.choices)}


def test_statements_that_the_plan_lacks_are_named():
    assert find()[0].missing == ["decision", "intended_uses", "excluded_uses", "metrics"]
    full = {"decision": "it is refused", "intended_uses": ("a",), "excluded_uses": ("b",), "metrics": ("accuracy",)}
    assert find(plan=change_plan(PLAN, "product", **full))[0].missing == []


def test_size_is_what_a_comparison_of_pairs_needs_for_its_power():
    """Of comparisons with that many rows, 80 % are significant: by simulation."""
    rng, plan = np.random.default_rng(0), change_plan(PLAN, "gates", confidence=0.95)
    mean, spread, share = 2.0, 1.5, 0.2
    cost = rng.normal(mean, spread, 100_000)
    found = measure_variation(cost, plan, units=np.arange(len(cost)), weights=np.ones(len(cost)))
    size = find_size(found, share, mean, plan)
    assert size.low < size.rows < size.high
    assert size.rows == pytest.approx((1.959964 + 0.841621) ** 2 * spread**2 / (share * mean) ** 2, rel=0.03)
    common, own = (rng.normal(0, spread, (times, 4000, size.rows)) for times in (1, 2))
    rules, candidate = ((common[0] + each) / math.sqrt(2) for each in own)  # their correlation is 1/2
    difference = rules - candidate + share * mean
    scores = difference.mean(axis=1) / difference.std(axis=1, ddof=1) * math.sqrt(size.rows)
    assert (np.abs(scores) > 1.96).mean() == pytest.approx(0.8, abs=0.025)


def test_detectable_difference_needs_the_rows_that_are_there():
    cost = np.random.default_rng(0).exponential(size=500)
    found = measure_variation(cost, PLAN, units=np.arange(500), weights=np.ones(500))
    assert find_size(found, find_detectable(found, PLAN), 1.0, PLAN).rows in (500, 501)


def test_interval_of_the_variation_covers_the_truth():
    rng, covered = np.random.default_rng(0), 0
    for _ in range(300):
        cost = 5.0 * (rng.random(400) < 0.2)
        found = measure_variation(cost, PLAN, units=np.arange(400), weights=np.ones(400))
        covered += found.low <= 0.8 / 0.2 <= found.high
    assert covered / 300 == pytest.approx(PLAN.gates.confidence, abs=0.05)


def test_rows_of_one_unit_count_as_one():
    cost = np.repeat(np.random.default_rng(0).exponential(size=200), 4)
    alone = measure_variation(cost[::4], PLAN, units=np.arange(200), weights=np.ones(200))
    found = measure_variation(cost, PLAN, units=np.repeat(np.arange(200), 4), weights=np.ones(800))
    assert find_detectable(found, PLAN) == pytest.approx(find_detectable(alone, PLAN))
    assert find_size(found, 0.1, 1, PLAN).rows == pytest.approx(4 * find_size(alone, 0.1, 1, PLAN).rows, abs=4)


def test_equal_costs_vary_as_if_one_of_another_kind_had_been_missed():
    ones = np.ones(50)
    assert measure_variation(ones, PLAN, units=np.arange(50), weights=ones).square > 0
    assert measure_variation(0 * ones, PLAN, units=np.arange(50), weights=ones) is None


# ---- sabotage: each warning is seen, and the others stay quiet


@pytest.fixture(scope="module")
def large():
    """Return a table whose rows tell every difference that matters, under a plan that asks for a large one."""
    table = training_table("usual")
    table = table.loc[table.index.repeat(3)].reset_index(drop=True)
    noise = np.random.default_rng(0).uniform(0, 1e-6, len(table))
    return table.assign(risk=table["risk"] + noise)


ASKED = change_plan(PLAN, "gates", least_benefit=0.5)
RULES = {"rules": [("risk", ">", 1.2, 0.9, "a high risk")], "otherwise": 0.05}


def statuses(found):
    return {gate: status for gate, (status, _) in results(found).items()}


def test_large_table_with_good_rules_has_no_warning(large):
    found = find(table=large, plan=ASKED, **RULES)[0]
    assert statuses(found) == {"answers": "pass", "rules": "pass", "size": "pass"}


def test_sabotage_table_that_is_too_small_is_seen(large):
    found = find(table=large, plan=change_plan(PLAN, "gates", least_benefit=0.01), **RULES)[0]
    assert statuses(found) == {"answers": "pass", "rules": "pass", "size": "inconclusive"}
    assert found.sizes[0].share == 0.01
    assert f"1.0% needs {found.sizes[0].rows:,}" in results(found)["size"][1]


def test_sabotage_rules_that_are_dearer_than_a_constant_answer_are_seen(large):
    wrong = {"rules": [("risk", ">", 1.2, 0.0, "a high risk")], "otherwise": 0.9}
    found = find(table=large, plan=ASKED, **wrong)[0]
    assert statuses(found) == {"answers": "pass", "rules": "inconclusive", "size": "pass"}
    assert results(found)["rules"][1].startswith("rules: dearer than the answer 'always yes'")
    same = find(table=large, plan=ASKED, rules=[], otherwise=0.9)[0]
    assert results(same)["rules"][1].startswith("rules: not shown to be cheaper than the answer 'always yes'")


def test_sabotage_answer_that_never_occurs_is_seen(large):
    found = find(table=large.assign(refused="yes"), plan=ASKED, **RULES)[0]
    assert statuses(found)["answers"] == "inconclusive"
    assert "refused is no in 0 of 1200 rows" in results(found)["answers"][1]
    never = found.answers[0]
    assert (never.value, never.low) == (0, 0)
    assert 0 < never.high < 0.01


def test_rules_without_a_mistake_need_no_rows():
    table = training_table("usual")
    table = table.assign(refused=np.where(table["risk"] > 1.2, "yes", "no"))
    found = find(table=table, **RULES)[0]
    assert (found.sizes, found.detectable) == ([], None)
    assert "size" not in results(found)


def test_table_of_five_rows_of_one_answer_is_described():
    found = find(table=training_table("usual").head(5).assign(refused="no"))[0]
    assert found.rows == 5
    assert statuses(found)["answers"] == "inconclusive"


def test_table_without_a_row_that_counts_is_one_line():
    with pytest.raises(UserError, match="has no row whose label counts; bring rows, then run `data`"):
        find(table=training_table("usual").assign(_weight=0.0))


def test_least_benefit_of_nothing_shows_the_other_differences():
    found = find(plan=change_plan(PLAN, "gates", least_benefit=0.0))[0]
    assert [size.share for size in found.sizes] == [0.05, 0.1]


# ---- the command


def test_command_prints_what_the_costs_imply_and_warns_without_failing(workspace, run_command):
    workspace.edit_plan("[product]", '[product]\ndecision = "The case is [closed]."')
    code, printed, error = run_command(workspace, "formulate")
    assert (code, error) == (0, "")
    for words in ("Will it be refused? The case is [closed].", "of the answers yes, more than 16.7%", "always no"):
        assert words in printed
    assert "plan.toml does not say of the product: intended_uses, excluded_uses, metrics." in printed
    code, printed, _ = run_command(workspace, "formulate", "--json")
    assert json.loads(printed)["implied"]["threshold"] == pytest.approx(1 / 6)


def test_command_describes_every_shape(any_workspace, run_command):
    code, printed, error = run_command(any_workspace, "formulate")
    assert (code, error) == (0, "")
    assert any_workspace.project.plan.product.question in printed
    assert "FAIL" not in printed


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[product]", '[product]\nmetrics = ["f1"]', "plan.toml: product.metrics: f1: unknown figure; use accur"),
        ("[product]", '[product]\nintended_uses = "all"', "product.intended_uses: Input should be a valid tuple"),
        ("[product]", "[product]\ndecison = ''", "product.decison: unknown key; the nearest known one is decision"),
        ("data/table.csv", "data/nothing.csv", "nothing.csv: no such file; give the file of a table"),
    ],
)
def test_wrong_input_is_one_line(new_workspace, run_command, tmp_path, old, new, says):
    workspace = new_workspace(tmp_path / "project", USUAL)
    workspace.edit_plan(old, new)
    code, printed, error = run_command(workspace, "formulate")
    assert (code, printed, error.count("\n")) == (2, "", 1)
    assert says in error
