"""The calibration gates refuse predictions that are off, on the whole or in a group, and no others."""

import warnings
from collections import Counter

import numpy as np
import pytest
from gate_data import OBJECTIVE, draw_log_odds, draw_probabilities, make_plan, make_rows

from {{ cookiecutter.__package }}.core.choice import ChoiceObjective
from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.core.quantile import QuantileObjective
from {{ cookiecutter.__package }}.model.gates.calibration import calibration_error, calibration_gate
from {{ cookiecutter.__package }}.model.gates.group_calibration import group_calibration_gate

PLAN = make_plan()
N = 2380
PLACE = np.arange(N)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def count_overall(odds, seeds=20, n=N):
    """Return how often each status is found when all odds are off by a factor, at a base rate of 12 %."""
    found = Counter()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        log_odds = draw_log_odds(rng, n, 0.12)
        _, evaluation = draw_probabilities(rng, log_odds, log_odds + np.log(odds))
        found[calibration_gate([evaluation], OBJECTIVE, PLAN).status] += 1
    return found


def judge_groups(seed, size, factor, rate=0.12):
    """Return the result when the log-odds of one group of three are multiplied by a factor."""
    rng = np.random.default_rng(seed)
    log_odds, group = draw_log_odds(rng, N, rate), np.where(size > PLACE, "a", np.where(PLACE % 3, "b", "c"))
    truth, evaluation = draw_probabilities(rng, log_odds, np.where(group == "a", log_odds * factor, log_odds))
    rows = make_rows(truth, group=group, side=np.where(PLACE % 2, "left", "right"))
    [result] = group_calibration_gate(rows, [evaluation], OBJECTIVE, PLAN)
    return result


def test_calibrated_model_passes():
    assert count_overall(1.0)["pass"] >= 18


@pytest.mark.parametrize(("odds", "passes"), [(0.8, 4), (1.3, 4), (0.5, 0), (1.5, 0)])
def test_sabotage_of_all_odds_does_not_pass(odds, passes):
    assert count_overall(odds)["pass"] <= passes


def test_shift_that_is_shown_and_small_passes():
    assert count_overall(0.97, seeds=3, n=100_000)["pass"] == 3


def test_shift_is_named_with_both_rates():
    rng = np.random.default_rng(0)
    log_odds = draw_log_odds(rng, N, 0.12)
    _, evaluation = draw_probabilities(rng, log_odds, log_odds - 1)
    result = calibration_gate([evaluation], OBJECTIVE, PLAN)
    assert result.status == "fail"
    assert "in log-odds against a limit of 0.1" in result.message


@pytest.mark.parametrize("size", [100, 300])
def test_calibrated_groups_pass(size):
    assert sum(judge_groups(seed, size, 1).status == "pass" for seed in range(10)) >= 9


@pytest.mark.parametrize("rate", [0.12, 0.4])
@pytest.mark.parametrize("size", [300, 1000])
def test_sabotage_of_one_group_made_surer_does_not_pass(size, rate):
    found = [judge_groups(seed, size, 2, rate) for seed in range(8)]
    assert sum(result.status != "pass" and "the worst is group a" in result.message for result in found) >= 7


def test_problem_without_protected_column_has_no_calibration_by_group():
    _, evaluation = draw_probabilities(np.random.default_rng(0), np.zeros(100))
    assert not list(group_calibration_gate(make_rows(evaluation.truth), [evaluation], OBJECTIVE, PLAN))


@pytest.mark.parametrize("off", [0.0, 0.1, 0.2])
def test_calibration_error_is_distance_of_predicted_and_observed_rate(off):
    rng = np.random.default_rng(1)
    predicted = rng.uniform(0.2, 0.6, 20_000)
    happened = rng.random(20_000) < predicted + off
    low, error, high = calibration_error(predicted, happened, predicted, confidence=0.99)
    assert low <= off <= high
    assert error == pytest.approx(off, abs=0.02)


@pytest.mark.parametrize(("off", "status"), [(0.0, "pass"), (0.25, "fail")])
def test_each_of_three_answers_is_judged(off, status):
    """The probability of the last answer is moved to the first in one group."""
    rng = np.random.default_rng(0)
    objective = ChoiceObjective(("a", "b", "c"), 1.0 - np.eye(3), 0.0)
    right = rng.dirichlet([4, 4, 8], N)
    truth = (right.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1)
    moved = np.where(PLACE < 500, np.minimum(off, right[:, 2]), 0)
    evaluation = evaluate(objective, truth, right + np.stack([moved, 0 * moved, -moved], axis=1))
    rows = make_rows(truth, group=np.where(PLACE < 500, "few", "many"))
    [result] = group_calibration_gate(rows, [evaluation], objective, PLAN)
    assert result.status == status
    assert len(result.evidence["groups"]) == 6


@pytest.mark.parametrize(("off", "status"), [(0.0, "pass"), (1.0, "fail")])
def test_quantile_of_a_number_is_judged_by_group(off, status):
    rng = np.random.default_rng(0)
    objective = QuantileObjective(1.0, 1.0, np.inf, (None, None))
    middle = rng.normal(0, 3, N)
    truth, member = middle + rng.normal(0, 1, N), PLACE < 500
    evaluation = evaluate(objective, truth, middle + off * member)
    rows = make_rows(truth, group=np.where(member, "few", "many"))
    [result] = group_calibration_gate(rows, [evaluation], objective, PLAN)
    assert result.status == status
    assert calibration_gate([evaluation], objective, PLAN).status == status


def test_assignments_are_averaged():
    """An assignment in which all odds are too high and one in which they are too low are right on average."""
    rng = np.random.default_rng(0)
    log_odds = draw_log_odds(rng, N, 0.3)
    truth, _ = draw_probabilities(rng, log_odds)
    both = [evaluate(OBJECTIVE, truth, np.stack([1 - p, p], axis=1)) for p in (
        1 / (1 + np.exp(-log_odds - shift)) for shift in (-0.3, 0.3))]  # fmt: skip
    shifts = [calibration_gate(found, OBJECTIVE, PLAN).evidence["shift"]["shift"] for found in ([both[0]], both)]
    assert abs(shifts[0]) > 0.2
    assert abs(shifts[1]) < 0.1


@pytest.mark.parametrize("answer", [0, 1])
@pytest.mark.parametrize("sure", [0.5, 1.0])
@pytest.mark.parametrize("n", [1, 2, 60])
def test_truth_and_prediction_of_one_answer_are_judged_in_one_line(answer, sure, n):
    truth = np.full(n, answer)
    evaluation = evaluate(OBJECTIVE, truth, np.tile([1 - sure, sure], (n, 1)))
    rows = make_rows(truth, group=["a"] * n)
    [by_group], overall = (
        list(group_calibration_gate(rows, [evaluation], OBJECTIVE, PLAN)),
        calibration_gate([evaluation], OBJECTIVE, PLAN),
    )
    assert "\n" not in by_group.message + overall.message
    if n < 50:
        assert by_group.message == "calibration by group: no group has the 100 rows needed (groups.minimum_rows)"
        assert overall.status != "pass" or sure == answer
    elif sure != answer:
        assert "pass" not in {by_group.status, overall.status}
