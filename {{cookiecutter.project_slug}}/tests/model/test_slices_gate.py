"""The slices gate finds a part that got worse, and does not take the worst of many for one."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from gate_data import draw_slices, make_plan

from {{ cookiecutter.__package }}.model import intervals
from {{ cookiecutter.__package }}.model.gates.slices import slices, slices_gate

PLAN = make_plan()
N = 2380


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def table():
    """Return rows with 20 slices and one of 120 rows, none of which has anything to do with mistakes."""
    table = draw_slices(np.random.default_rng(0), N, columns=5)
    return table.assign(part=np.where(np.arange(N) < 120, "few", "many"))


def run_gate(table, seed, champion, candidate, prices=(1.0, 1.0)):
    """Return the result for two models that are wrong at some rates, independently of each other."""
    rng = np.random.default_rng(seed)
    price = np.where(rng.random(N) < 0.12, *prices)
    cost = [price * (rng.random(N) < rate) for rate in (champion, candidate)]
    return slices_gate(table, cost[1] - cost[0], cost[0], PLAN)


@pytest.mark.parametrize("prices", [(1.0, 1.0), (10.0, 1.0)])
def test_of_two_equal_models_none_is_vetoed_for_its_worst_slice(table, prices):
    assert sum(run_gate(table, seed, 0.2, 0.2, prices).status == "fail" for seed in range(20)) <= 1


def test_model_that_halves_the_cost_is_not_refused_for_a_slice_by_chance(table):
    assert not any(run_gate(table, seed, 0.35, 0.15).status == "fail" for seed in range(20))


def test_sabotage_of_one_slice_fails(table):
    worse = np.where(table["part"] == "few", 0.8, 0.15)
    found = [run_gate(table, seed, 0.35, worse) for seed in range(20)]
    assert all(result.status == "fail" and "the worst is part few" in result.message for result in found)


@pytest.mark.slow
def test_of_two_equal_models_at_most_one_in_twenty_is_vetoed_among_192_slices():
    table = draw_slices(np.random.default_rng(1))
    assert sum(run_gate(table, seed, 0.2, 0.2).status == "fail" for seed in range(40)) <= 2


def test_interval_over_all_slices_is_wider_than_each_by_itself_and_not_as_wide_as_if_independent():
    rng = np.random.default_rng(0)
    values, members = rng.normal(size=2000), rng.random((2000, 30)) < 0.5
    means = intervals.estimate_means(values, members)
    together, alone = (found(means, PLAN) for found in (intervals.simultaneous_intervals, intervals.single_intervals))
    assert (together[0] < alone[0]).all()
    copies = intervals.estimate_means(values, np.repeat(members[:, :1], 30, axis=1))
    single = intervals.single_intervals(copies, PLAN)
    assert intervals.simultaneous_intervals(copies, PLAN)[0] == pytest.approx(single[0], rel=0.05)


def test_many_slices_take_less_than_a_second():
    rng = np.random.default_rng(0)
    members, started = rng.random((N, 192)) < 0.25, time.process_time()
    intervals.simultaneous_intervals(intervals.estimate_means(rng.normal(size=N), members), PLAN)
    assert time.process_time() - started < 2  # of two cores


def test_copies_of_rows_with_their_unit_change_no_bound(table):
    rng = np.random.default_rng(0)
    champion = (rng.random(N) < 0.3).astype(float)
    difference = (rng.random(N) < 0.2) - champion
    copies = np.repeat(np.arange(N), 3)
    alone = slices_gate(table, difference, champion, PLAN)
    together = slices_gate(table.iloc[copies], difference[copies], champion[copies], PLAN, units=copies)
    for one, other in zip(alone.evidence["slices"], together.evidence["slices"], strict=True):
        assert (other["low"], other["high"]) == pytest.approx((one["low"], one["high"]), abs=1e-6)


def test_row_of_double_weight_counts_as_two_in_the_increase():
    part = pd.DataFrame({"part": ["a"] * 100})
    difference, weights = np.tile([1.0, 0.0], 50), np.tile([2.0, 1.0], 50)
    result = slices_gate(part, difference, np.ones(100), PLAN, weights=weights)
    assert result.evidence["slices"][0]["increase"] == pytest.approx(2 / 3)


def test_slices_are_categories_and_quarters_of_numbers():
    table = pd.DataFrame({"region": ["east", "west"] * 4 + ["north"], "age": [*map(float, range(8)), np.nan]})
    found = {name: int(members.sum()) for name, members in slices(table.assign(always=1), 2)}
    assert found == {"region east": 4, "region west": 4} | dict.fromkeys(
        ["age 0 to 1.75", "age 1.75 to 3.5", "age 3.5 to 5.25", "age 5.25 to 7"], 2
    )


def test_column_of_many_values_has_no_slices():
    """Models could not mend one of thousands, and the worst of so many is bad by chance."""
    table = pd.DataFrame({"town": [f"town {place % 21}" for place in range(420)], "side": ["left", "right"] * 210})
    assert [name for name, _ in slices(table, 10)] == ["side left", "side right"]


@pytest.mark.parametrize(("increase", "status"), [(-0.5, "pass"), (0.0, "pass"), (0.9, "fail"), (0.16, "inconclusive")])
def test_slice_is_judged_by_interval_beside_champion(increase, status):
    part = np.repeat(["a", "b"], 400)
    noise = np.random.default_rng(0).normal(0, 0.1, 800)
    difference = np.where(part == "b", noise + increase, noise - 1.0) * 7.0
    result = slices_gate(pd.DataFrame({"part": part}), difference, np.full(800, 7.0), PLAN)
    assert result.status == status
    assert not (result.blocks and status == "inconclusive")
    assert "the worst is part b" in result.message


@pytest.mark.parametrize("rows", [1, 49])
def test_slices_below_minimum_size_are_inconclusive_in_one_line(rows):
    few = np.zeros(rows)
    result = slices_gate(pd.DataFrame({"part": few}), few, few, PLAN)
    assert (result.status, result.message) == (
        "inconclusive", "slices: none has the 50 rows needed (slices.minimum_rows)",
    )  # fmt: skip


def test_models_without_a_mistake_pass():
    zeros = np.zeros(200)
    result = slices_gate(pd.DataFrame({"part": ["a", "b"] * 100}), zeros, zeros, PLAN)
    assert result.status == "pass"


def test_category_without_rows_is_no_slice():
    part = pd.Categorical(["a"] * 60, categories=["a", "b"])
    assert [name for name, _ in slices(pd.DataFrame({"part": part}), 1)] == ["part a"]
