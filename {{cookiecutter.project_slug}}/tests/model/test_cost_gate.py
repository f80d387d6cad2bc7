"""A replacement is cheaper by a whole interval, which counts units, assignments and how many candidates there are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from worlds import make_plan

from {{ cookiecutter.__package }}.core.objective import Evaluation
from {{ cookiecutter.__package }}.model.evaluate import Rows
from {{ cookiecutter.__package }}.model.gates.cost import cost_gate, judge_costs
from {{ cookiecutter.__package }}.model.reference import Reference

ROWS, CANDIDATES = 1000, 20
PLAN = make_plan(gates={"bootstrap_rounds": 300})


def make_rows(count, **more):
    return Rows(features=None, groups=None, truth=np.zeros(count), folds=np.zeros(count, dtype=int), **more)


def make_evaluation(*costs):
    """Return an evaluation with the cost of each row in each assignment."""
    first, *others = (Evaluation(np.zeros(len(cost)), cost, cost, cost) for cost in costs)
    return replace(first, repeats=tuple(others))


def make_reference(recipe, **more):
    is_new = np.zeros(len(recipe.truth), dtype=bool)
    parts = {"label": "old:1 (champion)", "deployed": recipe, "is_new": is_new, "digest": "old", "tags": {}}
    return Reference(**{**parts, "recipe": recipe, **more})


def run_gate(candidates, champion, plan=PLAN, **more):
    found = {str(place): make_evaluation(*costs) for place, costs in enumerate(candidates)}
    rows = make_rows(len(champion[0]), **more)
    return [*judge_costs(rows, make_reference(make_evaluation(*champion)), found, "", plan).values()]


def draw_costs(rng, rows=ROWS, benefits=(0.0,), rate=0.2):
    """Return what the champion and each candidate cost: mistakes of price 1, of which half are the same."""
    shared = rng.random(rows) < rate / 2
    draws = (shared | (rng.random(rows) < rate / 2 - benefit) for benefit in (0.0, *benefits))
    champion, *candidates = ([mistakes.astype(float)] for mistakes in draws)
    return candidates, champion


@pytest.mark.parametrize(("centre", "status"), [(-0.1, "pass"), (-0.02, "inconclusive"), (0.02, "fail"), (0.1, "fail")])
def test_replacement_passes_only_by_its_whole_interval(centre, status):
    difference = np.random.default_rng(0).normal(0, 1, ROWS)
    result = cost_gate(difference - difference.mean() + centre, PLAN)
    assert result.status == status
    assert (result.evidence["high"] < 0) == (status == "pass")


@pytest.mark.parametrize(("least_benefit", "status"), [(0.0, "pass"), (0.08, "inconclusive"), (0.12, "fail")])
def test_replacement_has_to_bring_the_least_benefit_of_the_plan(least_benefit, status):
    difference = np.random.default_rng(0).normal(0, 1, ROWS)
    plan = make_plan(gates={"least_benefit": least_benefit})
    result = cost_gate(difference - difference.mean() - 0.1, plan)
    assert result.status == status
    assert f"limit {0.0 - least_benefit:+.3f}" in result.message


def test_equal_recipe_fails():
    _, champion = draw_costs(np.random.default_rng(0))
    [result] = run_gate([champion], champion)
    assert (result.status, result.evidence["difference"]) == ("fail", 0.0)
    assert "not cheaper than the champion: +0.000 a decision" in result.message


def test_interval_counts_how_much_assignments_differ():
    """On average over the assignments both candidates cost the same in every row."""
    rng = np.random.default_rng(0)
    difference = rng.normal(-0.1, 1, ROWS)
    zeros = [np.zeros(ROWS)] * 4
    [steady] = run_gate([[difference] * 4], zeros)
    [lucky] = run_gate([[difference + shift for shift in (-0.6, -0.2, 0.2, 0.6)]], zeros)
    assert steady.evidence["difference"] == pytest.approx(lucky.evidence["difference"])
    assert steady.status == "pass"
    assert lucky.status == "inconclusive"


def test_two_copies_of_every_row_do_not_narrow_the_interval():
    difference, units = np.random.default_rng(0).normal(-0.05, 1, ROWS), np.arange(ROWS)
    widths = {}
    for name, copies, codes in (
        ("rows", 1, units),
        ("copies", 2, np.tile(units, 2)),
        ("other rows", 2, np.arange(2 * ROWS)),
    ):
        cost = np.tile(difference, copies)
        [result] = run_gate([[cost]], [np.zeros(len(cost))], units=codes)
        widths[name] = result.evidence["high"] - result.evidence["low"]
    assert widths["copies"] == pytest.approx(widths["rows"], rel=0.02)
    assert widths["other rows"] < 0.8 * widths["rows"]


def test_weights_move_the_mean():
    difference = np.where(np.arange(ROWS) % 2, 1.0, -1.0)
    weights = np.where(np.arange(ROWS) % 2, 0.5, 1.0)
    [result] = run_gate([[difference]], [np.zeros(ROWS)], weights=weights)
    assert result.evidence["difference"] == pytest.approx(-1 / 3)
    assert result.status == "pass"


def count_promotions(trials, benefits):
    """Return in how many trials any of some candidates passes, and in how many the last one does."""
    rng = np.random.default_rng(1)
    results = [run_gate(*draw_costs(rng, benefits=benefits)) for _ in range(trials)]
    is_passed = np.array([[result.status == "pass" for result in each] for each in results])
    return int(is_passed.any(axis=1).sum()), int(is_passed[:, -1].sum())


@pytest.mark.parametrize("trials", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_sabotage_best_of_twenty_equal_candidates_passes_in_one_of_twenty_trials_at_most(trials):
    passed, _ = count_promotions(trials, (0.0,) * CANDIDATES)
    # so many or fewer in 99 of 100 runs, if the true rate is 1 in 20
    assert passed <= binom.ppf(0.99, trials, 0.05)


@pytest.mark.parametrize("trials", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_one_of_twenty_candidates_that_is_clearly_cheaper_passes(trials):
    _, passed = count_promotions(trials, (*(0.0,) * (CANDIDATES - 1), 0.07))
    assert passed >= 0.9 * trials


def test_message_says_for_how_many_candidates_the_interval_holds():
    results = run_gate(*draw_costs(np.random.default_rng(0), benefits=(0.0, 0.0, 0.0)))
    assert all("which holds for 3 candidates at once" in result.message for result in results)


def test_replacement_that_is_dearer_than_the_deployed_champion_on_new_rows_is_refused():
    """The recipe of the champion does worse than the champion that is deployed, as after labels were damaged."""
    rng = np.random.default_rng(0)
    candidates, champion = draw_costs(rng, benefits=(0.08,))
    recipe = make_evaluation(*champion)
    is_new = np.arange(ROWS) < 400
    deployed = make_evaluation(np.where(rng.random(ROWS) < 0.02, 1.0, 0.0))
    found = {"0": make_evaluation(*candidates[0])}
    passed = judge_costs(make_rows(ROWS), make_reference(recipe), found, "", PLAN)["0"]
    refused = judge_costs(make_rows(ROWS), make_reference(recipe, deployed=deployed, is_new=is_new), found, "", PLAN)
    assert (passed.status, refused["0"].status) == ("pass", "fail")
    assert "on 400 rows new to the deployed champion +0." in refused["0"].message
