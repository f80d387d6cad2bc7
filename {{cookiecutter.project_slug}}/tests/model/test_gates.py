"""Every gate passes, fails, and says when the rows do not tell."""

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.model.calibration import calibration_error, calibration_gate
from {{ cookiecutter.__package }}.model.evaluate import Rows
from {{ cookiecutter.__package }}.model.fairness import gap
from {{ cookiecutter.__package }}.model.gates import cost_gate, judge
from {{ cookiecutter.__package }}.model.slices import slices, slices_gate
from {{ cookiecutter.__package }}.verdict import Verdict, interval_status


@pytest.mark.parametrize(
    ("low", "high", "status"), [(0.0, 0.1, "pass"), (0.11, 0.2, "fail"), (0.05, 0.2, "inconclusive")]
)
def test_an_interval_is_under_over_or_across_its_limit(low, high, status):
    assert interval_status(low, high, 0.1) == status


def test_the_plan_says_whether_not_knowing_is_a_veto():
    assert Verdict("a", "inconclusive", "", inconclusive_blocks=True).blocks
    assert not Verdict("a", "inconclusive", "", inconclusive_blocks=False).blocks
    assert Verdict("a", "fail", "", inconclusive_blocks=False).blocks
    assert not Verdict("a", "pass", "", inconclusive_blocks=True).blocks


def paired(mean, spread, plan, rows=1000):
    """Return differences in cost, in units of the largest increase that the plan allows."""
    noise = np.random.default_rng(0).normal(0, spread, rows)
    return (noise - noise.mean() + mean) * plan.gates.max_cost_increase


@pytest.mark.parametrize(
    ("mean", "spread", "status", "said"),
    [
        (-2, 1, "pass", "cheaper than the champion"),
        (2, 1, "fail", "not cheaper than the champion"),
        (0, 0, "fail", "not cheaper than the champion"),
        (-0.1, 60, "inconclusive", "cheaper here, but about"),
    ],
)
def test_the_cost_gate(plan, mean, spread, status, said):
    verdict = cost_gate(paired(mean, spread, plan), plan)
    assert verdict.status == status
    assert said in verdict.message
    assert f"limit +{plan.gates.max_cost_increase:.3f}" in verdict.message


def test_a_gap_is_the_difference_of_group_means_with_an_interval_around_it(plan):
    group = pd.Series(["a"] * 400 + ["b"] * 400)
    values = np.r_[np.repeat([0.0, 1.0], [360, 40]), np.repeat([0.0, 1.0], [280, 120])]
    found = gap(values, np.ones(800, dtype=bool), group, plan)
    assert found["by_group"] == pytest.approx({"a": 0.1, "b": 0.3})
    assert found["gap"] == pytest.approx(0.2)
    assert 0.14 < found["low"] < 0.2 < found["high"] < 0.26


def test_small_groups_give_no_gap(plan):
    group = pd.Series(["a"] * 400 + ["b"] * (plan.groups.minimum_rows - 1))
    found = gap(np.zeros(len(group)), np.ones(len(group), dtype=bool), group, plan)
    assert found == {"rows": {"a": 400, "b": plan.groups.minimum_rows - 1}}


@pytest.fixture
def two_groups(plan, objective):
    """Return rows of two groups alike, and what a perfect model says of them."""
    truth = objective.target(_labels(objective) * 600)
    groups = pd.DataFrame({"group": np.repeat(["a", "b"], len(truth) // 2)})
    rows = Rows(pd.DataFrame(index=groups.index), groups, truth, np.zeros(len(truth), dtype=int))
    return rows, _saying(truth, objective)


def _labels(objective):
    from {{ cookiecutter.__package }}.objective import TARGET

    return list(TARGET.categories) or [50.0, 1000.0]


def _is_number():
    from {{ cookiecutter.__package }}.objective import TARGET

    return not TARGET.categories


def _saying(truth, objective):
    """Return the raw output of a model that says just this."""
    from {{ cookiecutter.__package }}.objective import TARGET

    if not TARGET.categories:
        return truth
    certain = np.eye(len(TARGET.categories))[truth]
    return certain if len(TARGET.categories) > 2 else certain[:, 1]


def _wrong_for(rows, objective, group, share=1.0):
    """Return what a model says that errs for rows of one group."""
    chosen = (rows.groups["group"] == group).to_numpy(copy=True) if group else np.ones(len(rows.truth), dtype=bool)
    return _wrong_in(rows, objective, chosen, share, 0.0)


def _wrong_in(rows, objective, few, here, elsewhere):
    """Return what a model says that errs for a share of a few rows, and for another of all the others."""
    wrong = np.random.default_rng(0).random(len(few)) < np.where(few, here, elsewhere)
    if _is_number():  # all to the same side, or the errors would cancel out
        return rows.truth + 900.0 * wrong
    return _saying(np.where(wrong, (rows.truth + 1) % len(_labels(objective)), rows.truth), objective)


def statuses(rows, said, reference, plan):
    return {verdict.gate: verdict.status for verdict in judge(rows, said, reference, plan.objective, plan)}


def test_a_better_and_fair_model_passes_every_gate(two_groups, plan, objective):
    rows, perfect = two_groups
    found = statuses(rows, perfect, _wrong_for(rows, objective, None, 0.2), plan)
    assert set(found.values()) == {"pass"}


def test_sabotage_of_the_cost_turns_the_cost_gate_alone_red(two_groups, plan, objective):
    rows, _ = two_groups
    champion, dearer = (_wrong_for(rows, objective, None, share) for share in (0.010, 0.012))
    found = statuses(rows, dearer, champion, plan)
    assert found.pop("cost") == "fail"
    assert "fail" not in found.values()


def test_sabotage_of_certainty_turns_the_calibration_gate_alone_red(two_groups, plan, objective):
    """Cheaper than a champion that is nearly always wrong, but sure of itself when it errs."""
    rows, _ = two_groups
    found = statuses(rows, *(_wrong_for(rows, objective, None, share) for share in (0.3, 0.9)), plan)
    assert (found.pop("calibration"), found.pop("cost"), found.pop("slices")) == ("fail", "pass", "pass")
    assert "fail" not in found.values()


def test_sabotage_of_one_slice_turns_the_slices_gate_alone_red(two_groups, plan, objective):
    """Cheaper on the whole, but three times as dear for the tenth part of the rows, which both groups have alike."""
    rows, _ = two_groups
    few = np.arange(len(rows.truth)) % 20 < 2
    rows.features["part"] = np.where(few, "few", "many")
    said, champion = (_wrong_in(rows, objective, few, *shares) for shares in ((0.3, 0.0), (0.1, 0.5)))
    found = statuses(rows, said, champion, plan)
    assert found.pop("slices") == "fail"
    assert set(found.values()) == {"pass"}


def test_sabotage_of_one_group_turns_its_gates_red_and_leaves_cost_and_slices_green(two_groups, plan, objective):
    rows, _ = two_groups
    said, dear = _wrong_for(rows, objective, "b", 0.6), _wrong_for(rows, objective, None, 0.9)
    found = statuses(rows, said, dear, plan)
    assert (found.pop("cost"), found.pop("slices")) == ("pass", "pass")
    assert found.pop("calibration") == "fail"  # it is as sure of itself as a model without mistakes
    assert "fail" in found.values()


def test_slices_are_categories_and_quarters_of_numbers():
    table = pd.DataFrame({"region": ["east", "west"] * 4 + ["east"], "age": [*map(float, range(8)), np.nan]})
    found = {name: int(members.sum()) for name, members in slices(table.assign(always=1))}
    assert found == {"region east": 5, "region west": 4} | dict.fromkeys(
        ["age 0 to 1.75", "age 1.75 to 3.5", "age 3.5 to 5.25", "age 5.25 to 7"], 2
    )


@pytest.mark.parametrize(("increase", "status"), [(-0.5, "pass"), (0.0, "pass"), (0.5, "fail"), (0.15, "inconclusive")])
def test_a_slice_is_judged_by_its_interval_beside_the_champion(plan, increase, status):
    part = np.repeat(["a", "b"], 200)
    noise = np.random.default_rng(0).normal(0, 0.1, 400)
    paired = np.where(part == "b", noise + increase, noise - 1.0) * 7.0
    rows = Rows(pd.DataFrame({"part": part}), pd.DataFrame(index=range(400)), part, np.zeros(400, dtype=int))
    verdict = slices_gate(rows, paired, np.full(400, 7.0), plan)
    assert verdict.status == status
    assert not (verdict.blocks and status == "inconclusive")
    assert "the worst is part b" in verdict.message


def test_no_slice_is_large_enough(plan):
    few = np.zeros(plan.slices.minimum_rows - 1)
    rows = Rows(pd.DataFrame({"part": few}), pd.DataFrame(index=range(len(few))), few, few)
    assert slices_gate(rows, few, few, plan).status == "inconclusive"


@pytest.mark.parametrize("off", [0.0, 0.1, 0.2])
def test_the_calibration_error_is_how_far_claims_are_from_what_comes_true(off):
    rng = np.random.default_rng(1)
    stated = rng.uniform(0.2, 0.6, 20_000)
    came_true = rng.random(20_000) < stated + off
    low, error, high = calibration_error(stated, came_true, stated, confidence=0.99)
    assert low <= off <= high
    assert error == pytest.approx(off, abs=0.02)


def test_too_few_rows_do_not_tell_whether_claims_come_true(plan, objective, rows, said):
    few = np.arange(40)
    verdict = calibration_gate(rows.truth[few], next(iter(said.values()))[few], objective, plan)
    assert verdict.status == "inconclusive"
    assert verdict.blocks is plan.gates.inconclusive_blocks


def test_an_inverted_target_is_refused(rows, plan, objective):
    """Sabotage: a model that learned everything the wrong way round."""
    from {{ cookiecutter.__package }}.model.candidates import candidates
    from {{ cookiecutter.__package }}.model.evaluate import held_out
    from {{ cookiecutter.__package }}.model.rulebook import RuleBook
    from {{ cookiecutter.__package }}.model.train import FEATURES

    model = next(iter(candidates(FEATURES, plan).values()))
    turned = Rows(rows.features, rows.groups, rows.truth.max() - rows.truth, rows.folds)
    said = held_out(model, turned, objective)
    reference = held_out(RuleBook(), rows, objective)
    assert cost_gate(objective.cost(rows.truth, said) - objective.cost(rows.truth, reference), plan).status == "fail"
