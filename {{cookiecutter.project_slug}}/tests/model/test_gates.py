"""Every gate passes, fails, and is inconclusive when there are too few rows; a planted fault turns one gate red."""

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.core.result import GateResult, compare_interval
from {{ cookiecutter.__package }}.model.evaluate import Rows
from {{ cookiecutter.__package }}.model.gates import run_gates
from {{ cookiecutter.__package }}.model.gates.calibration import calibration_gate
from {{ cookiecutter.__package }}.model.gates.cost import cost_gate
from {{ cookiecutter.__package }}.model.gates.groups import group_gates
from {{ cookiecutter.__package }}.model.intervals import MAX_RESAMPLED, mean_interval
from {{ cookiecutter.__package }}.model.recency import take

N = 1200
HALF = N // 2
ERROR = -900.0  # of a wrong number
BLOCK = np.arange(N) % HALF  # the position of a row in its group: a rule on it errs for both groups alike


@pytest.fixture
def plan(shape):
    """Return the plan of a shape with limits that suit the planted faults, whatever its own are."""
    plan = shape.parsed_plan
    rate = {"error_rate": 0.1} if shape.problem().target.categories else {"mean_error": 75.0}
    # a model that knows the truth is not taken for a leak
    limits = {"max_calibration_error": 0.2, "max_log_odds_shift": 1.0, "max_auc": 1.0}
    gates = plan.gates.model_copy(update=limits | {"inconclusive_blocks": True})
    return plan.model_copy(update={"gates": gates, "groups": plan.groups.model_copy(update={"limits": rate})})


@pytest.fixture
def objective(problem):
    return problem.objective


@pytest.fixture
def two_groups(problem, objective):
    """Return rows of two groups that are alike, one after the other."""
    answers = problem.target.categories
    if answers:
        truth = objective.encode(np.resize(np.array(answers, dtype=object), N))
    else:
        truth = np.tile(np.random.default_rng(0).uniform(0, 1000, HALF), 2)
    groups = pd.DataFrame({"group": np.repeat(["a", "b"], HALF)})
    return Rows(pd.DataFrame(index=groups.index), groups, truth, np.zeros(N, dtype=int), np.arange(N), np.ones(N))


def predict_truth(rows, problem, wrong):
    """Return the predictions of a model that is certain of the truth, and of something else where it is wrong."""
    if not problem.target.categories:
        return rows.truth + ERROR * wrong
    answers = len(problem.target.categories)
    return np.eye(answers)[(rows.truth + wrong) % answers]


def predict_rates(rows, problem):
    """Return the predictions of a model that knows only how often each answer is right."""
    if not problem.target.categories:
        return np.full(N, np.quantile(rows.truth, problem.objective.quantile))
    answers = len(problem.target.categories)
    return np.full((N, answers), 1 / answers)


def statuses(rows, problem, plan, candidate, champion):
    """Return the status of every gate on two arrays of predictions."""
    found = (evaluate(problem.objective, rows.truth, predictions) for predictions in (candidate, champion))
    return {result.gate: result.status for result in run_gates(rows, *found, problem, plan)}


def calibrated_statuses(rows, problem, plan, candidate, wrong):
    """Return the status of every gate beside a champion that is calibrated, and as dear as one that is often wrong.

    Where the champion is off in a group, the candidate may be off as much.
    """
    champion = evaluate(problem.objective, rows.truth, predict_rates(rows, problem))
    cost = evaluate(problem.objective, rows.truth, predict_truth(rows, problem, wrong)).cost
    champion = dataclasses.replace(champion, cost=cost)
    candidate = evaluate(problem.objective, rows.truth, candidate)
    return {result.gate: result.status for result in run_gates(rows, candidate, champion, problem, plan)}


def all_pass_but(gate, found, also=()):
    others = {status for name, status in found.items() if name not in (gate, *also)}
    return {found[name] for name in (gate, *also)} == {"fail"} and others == {"pass"}


def test_better_model_that_treats_groups_equally_passes_every_gate(two_groups, problem, plan):
    found = statuses(
        two_groups, problem, plan, *(predict_truth(two_groups, problem, few > BLOCK % 5) for few in (0, 1))
    )
    rate = f"group.{next(iter(plan.groups.limits))}"
    assert set(found) == {"cost", "slices", "calibration", "calibration by group", rate, "leak"}
    assert set(found.values()) == {"pass"}


def test_sabotage_of_cost_fails_cost_gate_alone(two_groups, problem, plan):
    """The candidate is wrong where the champion is, and for one more row of each group, where that costs least."""
    champion = BLOCK % 25 == 0
    all_wrong = evaluate(
        problem.objective, two_groups.truth, predict_truth(two_groups, problem, np.ones(N, dtype=bool))
    )
    cheapest = np.where(champion, np.inf, all_wrong.cost)[:HALF].argmin()
    candidate = champion | (cheapest == BLOCK)
    found = statuses(
        two_groups, problem, plan, *(predict_truth(two_groups, problem, wrong) for wrong in (candidate, champion))
    )
    assert all_pass_but("cost", found), found


def test_sabotage_of_calibration_fails_calibration_gates_alone(two_groups, problem, plan):
    """The candidate is cheaper than the champion, and certain of its own mistakes."""
    candidate = predict_truth(two_groups, problem, BLOCK % 10 < 4)
    found = calibrated_statuses(two_groups, problem, plan, candidate, BLOCK % 10 < 9)
    assert all_pass_but("calibration", found, also=["calibration by group"]), found


def test_sabotage_of_calibration_in_one_group_fails_calibration_by_group(two_groups, problem, plan):
    """The candidate is certain of its mistakes, which are in one group."""
    wrong = (BLOCK % 10 < 4) & (np.arange(N) >= HALF)
    candidate = predict_truth(two_groups, problem, wrong)
    found = calibrated_statuses(two_groups, problem, plan, candidate, BLOCK % 10 < 9)
    assert found["calibration by group"] != "pass"
    assert found["cost"] == found["slices"] == "pass"


def test_candidate_may_be_off_in_a_group_by_what_the_champion_is_off_there(two_groups, problem, plan):
    wrong = (BLOCK % 10 < 4) & (np.arange(N) >= HALF)
    candidate, champion = (predict_truth(two_groups, problem, found) for found in (wrong, BLOCK % 10 < 9))
    assert statuses(two_groups, problem, plan, candidate, champion)["calibration by group"] == "pass"


def test_sabotage_by_a_leak_is_found_by_the_leak_gate_alone_until_it_is_confirmed(two_groups, problem, plan):
    """The candidate ranks every row right, because one column is the answer."""
    two_groups.features["copy"] = two_groups.truth.astype(float)
    usual = predict_truth(two_groups, problem, BLOCK % 5 == 0)
    perfect = predict_truth(two_groups, problem, np.zeros(N, dtype=bool))
    for limit, confirmed, words in ((1.0, ("copy",), ()), (1.0, (), ("copy",)), (0.9, ("copy",), ("auc",))):
        gates = plan.gates.model_copy(update={"max_auc": limit, "confirmed": confirmed})
        strict = plan.model_copy(update={"gates": gates})
        pair = (evaluate(problem.objective, two_groups.truth, found) for found in (perfect, usual))
        found = {result.gate: result for result in run_gates(two_groups, *pair, problem, strict)}
        leak = found.pop("leak")
        assert leak.blocks == bool(words)
        assert all(f'add "{word}" to gates.confirmed' in leak.message for word in words)
        assert {result.status for result in found.values()} == {"pass"}


def test_sabotage_of_slice_fails_slices_gate_alone(two_groups, problem, plan):
    """The candidate is cheaper in total, and three times as all_wrong for a tenth of the rows."""
    part = BLOCK // 3 % 10 == 0
    two_groups.features["part"] = np.where(part, "few", "many")
    candidate = part & (BLOCK // 30 % 10 < 3)
    champion = np.where(part, BLOCK // 30 % 10 < 1, BLOCK // 30 % 2 == 0)
    found = statuses(
        two_groups, problem, plan, *(predict_truth(two_groups, problem, wrong) for wrong in (candidate, champion))
    )
    assert all_pass_but("slices", found), found


def test_sabotage_of_group_fails_group_gate_alone(two_groups, problem, plan):
    """The candidate knows everything of one group, and of the other only how often each answer is right."""
    candidate = predict_truth(two_groups, problem, np.zeros(N, dtype=bool)).astype(float)
    candidate[HALF:] = predict_rates(two_groups, problem)[HALF:]
    found = statuses(two_groups, problem, plan, candidate, predict_truth(two_groups, problem, BLOCK % 10 < 9))
    assert all_pass_but(f"group.{next(iter(plan.groups.limits))}", found), found


def test_model_that_learned_inverted_labels_fails_cost_gate(two_groups, problem, plan):
    perfect, inverted = (predict_truth(two_groups, problem, np.full(N, wrong)) for wrong in (False, True))
    assert statuses(two_groups, problem, plan, inverted, perfect)["cost"] == "fail"


def test_every_rate_is_the_mean_of_rows_that_count(two_groups, problem, objective):
    """Each rate is 0 for a perfect model, apart from the selection rate, and is counted over some rows."""
    choices = evaluate(objective, two_groups.truth, predict_truth(two_groups, problem, np.zeros(N, dtype=bool))).choices
    for rate in objective.rates:
        values, counted = objective.rate(rate, two_groups.truth, choices)
        assert 0 < counted.sum() <= N
        assert values[counted].mean() == (0.5 if rate == "selection_rate" else 0.0)


def test_every_protected_column_is_judged_in_every_limited_rate(shape, problem, rows):
    plan, objective = shape.parsed_plan, problem.objective
    evaluation = evaluate(objective, rows.truth, objective.predict(problem.rules.fit(), rows.features))
    protected = [column.name for column in problem.columns if column.protected]
    found = [result.gate for result in group_gates(rows, [evaluation], objective, plan)]
    assert found == [f"{name}.{rate}" for name in protected for rate in plan.groups.limits]


@pytest.mark.parametrize(
    ("low", "high", "status"), [(0.0, 0.1, "pass"), (0.11, 0.2, "fail"), (0.05, 0.2, "inconclusive")]
)
def test_interval_is_below_above_or_across_its_limit(low, high, status):
    assert compare_interval(low, high, 0.1) == status


def test_plan_says_whether_inconclusive_result_blocks():
    assert GateResult("a", "inconclusive", "", inconclusive_blocks=True).blocks
    assert not GateResult("a", "inconclusive", "", inconclusive_blocks=False).blocks
    assert GateResult("a", "fail", "", inconclusive_blocks=False).blocks
    assert not GateResult("a", "pass", "", inconclusive_blocks=True).blocks


@pytest.mark.parametrize(
    ("mean", "spread", "status", "words"),
    [
        (-2, 1, "pass", "cheaper than the champion"),
        (2, 1, "fail", "not cheaper than the champion"),
        (0, 0, "fail", "not cheaper than the champion"),
        (-0.9, 1, "fail", "cheaper than the champion by less than the least benefit"),
        (-1, 0, "fail", "cheaper than the champion by less than the least benefit"),
        (-1.1, 60, "inconclusive", "cheaper on these rows, but about"),
    ],
)
def test_cost_gate_judges_interval_of_difference(plan, mean, spread, status, words):
    """A replacement is superior by its whole interval; differences are in units of the least benefit."""
    plan = plan.model_copy(update={"gates": plan.gates.model_copy(update={"least_benefit": 0.5})})
    noise = np.random.default_rng(0).normal(0, spread, 1000)
    result = cost_gate((noise - noise.mean() + mean) * plan.gates.least_benefit, plan)
    assert result.status == status
    assert result.message.startswith(words)
    assert "; limit -0.500)" in result.message


def test_rows_needed_are_those_of_the_groups_that_are_compared(two_groups, problem, plan, objective):
    """The rows needed are the same with a group that is too small as without its rows."""
    limits = {"error_rate": 0.02} if problem.target.categories else {"mean_error": 18.0}
    groups = plan.groups.model_copy(update={"minimum_rows": 200, "limits": limits})
    two_groups.groups.loc[:99, "group"] = "few"
    predictions, messages = predict_truth(two_groups, problem, BLOCK % 2 == 0), []
    for kept in (np.arange(N) >= 0, np.arange(N) >= 100):
        rows = take(two_groups, kept)
        evaluation = evaluate(objective, rows.truth, predictions[kept])
        [result] = group_gates(rows, [evaluation], objective, plan.model_copy(update={"groups": groups}))
        messages.append(result.message)
    shown = "too few rows to be shown equal (groups.minimum_rows = 200): few (100)"
    [with_few, without] = [message.split("; ")[1:] for message in messages]
    assert with_few == [*without, shown]
    assert without[0].endswith(" that count for this rate are needed to conclude")


def test_small_groups_are_left_out_and_counted(two_groups, problem, plan, objective):
    few = plan.groups.minimum_rows - 1
    two_groups.groups["group"] = np.where(np.arange(N) < few, "few", "many")
    evaluation = evaluate(objective, two_groups.truth, predict_truth(two_groups, problem, BLOCK % 2 == 0))
    [result] = group_gates(two_groups, [evaluation], objective, plan)
    assert result.status == "inconclusive"
    assert f"fewer than two groups have the {few + 1} rows needed" in result.message
    assert result.evidence["rows"] == {"few": few, "many": N - few}
    two_groups.groups.loc[N - 200 :, "group"] = "rest"
    [result] = group_gates(two_groups, [evaluation], objective, plan)
    assert set(result.evidence["widest"]) == {"many", "rest"}
    assert result.evidence["small"] == ["few"]


def test_few_rows_leave_calibration_inconclusive(two_groups, problem, plan, objective):
    """The predictions are off by the limit, and the interval of so few rows reaches over it."""
    few, predictions = np.arange(0, N, 59), predict_rates(two_groups, problem)
    if problem.target.categories:
        answers = len(problem.target.categories)
        predictions += np.r_[np.full(answers - 1, -0.2 / (answers - 1)), 0.2]
    else:
        predictions = np.full(N, np.quantile(two_groups.truth, objective.quantile - 0.2))
    evaluation = evaluate(objective, two_groups.truth[few], predictions[few])
    result = calibration_gate([evaluation], objective, plan)
    assert result.status == "inconclusive"
    assert result.blocks is plan.gates.inconclusive_blocks


def test_text_has_no_slices(two_groups, problem, plan):
    [text, *_] = [column.name for column in problem.inputs if column.kind == "text"] or ["note"]
    if text == "note":
        pytest.skip("no column of the shape is text")
    two_groups.features[text] = np.where(BLOCK % 2, "a", "b")
    found = evaluate(problem.objective, two_groups.truth, predict_truth(two_groups, problem, BLOCK % 2 == 0))
    gates = {result.gate: result for result in run_gates(two_groups, found, found, problem, plan)}
    assert {part["slice"] for part in gates["slices"].evidence["slices"]} == {"group a", "group b"}


def test_interval_of_many_values_is_that_of_the_bootstrap(plan):
    """Drawing a million values again and again would take a minute for each slice."""
    values = np.random.default_rng(0).gamma(0.2, 5, MAX_RESAMPLED + 1)
    few, many = mean_interval(values[:-1], plan), mean_interval(values, plan)
    assert many == pytest.approx(few, rel=0.02)
    assert many[0] < values.mean() < many[1]
    started = time.perf_counter()
    mean_interval(np.tile(values, 100), plan)
    assert time.perf_counter() - started < 1
