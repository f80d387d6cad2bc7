"""Every gate passes, fails, and says when the rows do not tell."""

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.model.evaluate import Rows
from {{ cookiecutter.__package }}.model.fairness import gap
from {{ cookiecutter.__package }}.model.gates import cost_gate, judge
from {{ cookiecutter.__package }}.verdict import Verdict, blocked, interval_status


@pytest.mark.parametrize(
    ("low", "high", "status"), [(0.0, 0.1, "pass"), (0.11, 0.2, "fail"), (0.05, 0.2, "inconclusive")]
)
def test_an_interval_is_under_over_or_across_its_limit(low, high, status):
    assert interval_status(low, high, 0.1) == status


def test_the_plan_says_whether_not_knowing_is_a_veto():
    unknown, good = Verdict("a", "inconclusive", ""), Verdict("b", "pass", "")
    assert blocked([unknown, good], inconclusive_blocks=True)
    assert not blocked([unknown, good], inconclusive_blocks=False)
    assert blocked([Verdict("a", "fail", ""), good], inconclusive_blocks=False)


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
    chosen &= np.random.default_rng(0).random(len(chosen)) < share
    if _is_number():  # all to the same side, or the errors would cancel out
        return rows.truth + 900.0 * chosen
    wrong = (rows.truth + 1) % len(_labels(objective))
    return _saying(np.where(chosen, wrong, rows.truth), objective)


def statuses(rows, said, reference, plan):
    return {verdict.gate: verdict.status for verdict in judge(rows, said, reference, plan.objective, plan)}


def test_a_better_and_fair_model_passes_every_gate(two_groups, plan, objective):
    rows, perfect = two_groups
    found = statuses(rows, perfect, _wrong_for(rows, objective, None, 0.2), plan)
    assert set(found.values()) == {"pass"}


def test_sabotage_of_the_cost_turns_the_cost_gate_alone_red(two_groups, plan, objective):
    rows, perfect = two_groups
    found = statuses(rows, _wrong_for(rows, objective, None, 0.2), perfect, plan)
    assert found.pop("cost") == "fail"
    assert "fail" not in found.values()


def test_sabotage_of_one_group_turns_its_gates_red_and_leaves_the_cost_green(two_groups, plan, objective):
    rows, _ = two_groups
    said, dear = _wrong_for(rows, objective, "b", 0.6), _wrong_for(rows, objective, None, 0.9)
    found = statuses(rows, said, dear, plan)
    assert found.pop("cost") == "pass"
    assert "fail" in found.values()


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
