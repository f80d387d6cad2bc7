"""The group gates find gaps that are there, and do not take the largest of many for one."""

import json
import warnings
from collections import Counter

import numpy as np
import pytest
from gate_data import OBJECTIVE, SIZES, draw_errors, make_plan, make_rows

from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.model.gates.groups import group_gates

PLAN = make_plan(groups={"limits": {"error_rate": 0.1}, "minimum_rows": 50})
LARGE = (1000, 200, 200, 200, 200)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def run_gate(rows, *evaluations, plan=PLAN):
    [result] = group_gates(rows, evaluations, OBJECTIVE, plan)
    return result


def count(sizes, rates, seeds=20, plan=PLAN):
    """Return how often each status is found over several seeds."""
    trials = (draw_errors(np.random.default_rng(seed), sizes, rates) for seed in range(seeds))
    return Counter(run_gate(*trial, plan=plan).status for trial in trials)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_five_equal_groups_are_not_failed_for_the_largest_of_ten_gaps(rate):
    assert count(SIZES, [rate] * 5)["fail"] <= 1


def test_five_equal_groups_with_rows_enough_pass():
    assert count(LARGE, [0.05] * 5)["pass"] >= 18


@pytest.mark.parametrize("place", [0, 1, 4])
def test_group_whose_gap_is_the_limit_does_not_pass(place):
    rates = np.full(5, 0.1)
    rates[place] += 0.1
    assert count(LARGE, rates)["pass"] <= 1


@pytest.mark.parametrize("place", [0, 4])
def test_sabotage_of_one_group_among_five_fails(place):
    rates = np.full(5, 0.1)
    rates[place] += 0.3
    assert count(LARGE, rates)["fail"] >= 19


def test_small_groups_are_named_with_their_rows_and_do_not_decide():
    plan = make_plan(groups={"limits": {"error_rate": 0.1}, "minimum_rows": 200})
    sizes = (1000, 1000, 60)
    assert count(sizes, [0.1] * 3, plan=plan)["pass"] >= 18
    result = run_gate(*draw_errors(np.random.default_rng(0), sizes, [0.1] * 3), plan=plan)
    assert result.message.endswith("too few rows to be shown equal (groups.minimum_rows = 200): g2 (60)")


def test_sabotage_of_group_that_is_too_small_to_pass_fails():
    plan = make_plan(groups={"limits": {"error_rate": 0.1}, "minimum_rows": 200})
    assert count((1000, 1000, 60), [0.1, 0.1, 0.6], plan=plan)["fail"] >= 19


def test_inconclusive_gap_names_the_groups_that_need_rows():
    result = run_gate(*draw_errors(np.random.default_rng(0), SIZES, [0.3] * 5))
    assert result.status == "inconclusive"
    one, other = result.evidence["widest"]
    assert result.message.endswith(f" rows of {other} and {one} that count for this rate are needed to conclude")


def test_groups_without_an_error_are_not_known_to_have_none():
    """Of 60 rows without an error, up to one in twenty may still be wrong."""
    plan = make_plan(groups={"limits": {"error_rate": 0.03}, "minimum_rows": 50})
    few, many = (run_gate(*draw_errors(np.random.default_rng(0), (n, n), (0, 0)), plan=plan) for n in (60, 600))
    assert (few.status, many.status) == ("inconclusive", "pass")
    assert few.evidence["high"] > 0.03


def test_rows_of_one_unit_count_once():
    rng = np.random.default_rng(0)
    rows, evaluation = draw_errors(rng, (200, 200), (0.1, 0.1))
    alone = run_gate(rows, evaluation)
    copies = np.repeat(np.arange(400), 5)
    copied = make_rows(rows.truth[copies], group=rows.groups["group"].to_numpy()[copies])
    copied.units[:] = copies
    together = run_gate(copied, evaluate(OBJECTIVE, rows.truth[copies], evaluation.predictions[copies]))
    assert together.evidence["rows"] == {"g0": 200, "g1": 200}
    assert together.evidence["high"] == pytest.approx(alone.evidence["high"])


def test_rates_are_averaged_over_assignments():
    trials = [draw_errors(np.random.default_rng(seed), (400, 400), (0.1, 0.1)) for seed in range(3)]
    rows, evaluations = trials[0][0], [evaluation for _, evaluation in trials]
    alone = [run_gate(rows, evaluation).evidence["by_group"]["g0"] for evaluation in evaluations]
    assert run_gate(rows, *evaluations).evidence["by_group"]["g0"] == pytest.approx(np.mean(alone))


@pytest.mark.parametrize(
    "groups", [["a"] * 120, [f"g{place}" for place in range(120)], ["a"] * 119 + ["b"]], ids=["one", "each", "few"]
)
def test_fewer_than_two_large_groups_are_inconclusive_in_one_line(groups):
    rows, evaluation = draw_errors(np.random.default_rng(0), (120,), (0.1,))
    rows = make_rows(rows.truth, group=groups)
    result = run_gate(rows, evaluation)
    assert result.status == "inconclusive"
    assert "fewer than two groups have the 50 rows needed" in result.message
    assert "\n" not in result.message


@pytest.mark.parametrize("answer", [0, 1])
def test_truth_of_one_answer_is_judged_or_named(answer):
    """A rate that is counted over the other answer has no rows."""
    truth = np.full(200, answer)
    rows = make_rows(truth, group=np.repeat(["a", "b"], 100))
    plan = make_plan(groups={"limits": {"false_positive_rate": 0.2, "error_rate": 0.2}, "minimum_rows": 50})
    found = list(group_gates(rows, [evaluate(OBJECTIVE, truth, np.eye(2)[truth])], OBJECTIVE, plan))
    assert [result.status for result in found] == ["pass" if answer == 0 else "inconclusive", "pass"]
    assert json.loads(json.dumps([result.evidence for result in found]))[1]["gap"] == 0


def test_rate_of_each_group_has_an_interval_within_0_and_1():
    found = run_gate(*draw_errors(np.random.default_rng(0), LARGE, [0.0, 0.1, 0.1, 0.1, 0.5])).evidence
    assert found["bounds"].keys() == found["by_group"].keys()
    for group, (low, high) in found["bounds"].items():
        assert 0 <= low <= found["by_group"][group] <= high <= 1
