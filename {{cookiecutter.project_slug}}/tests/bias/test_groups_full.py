"""Groups are treated alike, or the model does not serve."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }}.model.evaluate import Rows, held_out
from {{ cookiecutter.__package }}.model.gates import cost_gate, group_gates
from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.objective import TARGET

PROTECTED = [column for column in FEATURES if column.protected]


class Spy(BaseEstimator):
    """Notes the columns that it is shown."""

    shown = set()

    def fit(self, features, truth):
        self.shown.update(features.columns)
        return self

    def predict(self, features):
        self.shown.update(features.columns)
        return np.ones(len(features))

    def predict_proba(self, features):
        return np.tile(np.eye(max(len(TARGET.categories), 1))[0], (len(self.predict(features)), 1))


def verdicts(rows, scores, objective, plan):
    return {verdict.gate: verdict for verdict in group_gates(rows, scores, objective, plan)}


@pytest.fixture(scope="session")
def judged(said, rows, plan, objective):
    """Return the verdicts on every model, by name and gate."""
    return {name: verdicts(rows, scores, objective, plan) for name, scores in said.items()}


def test_every_protected_column_is_judged_in_every_rate_of_the_plan(judged, plan):
    wanted = {f"{column.name}.{rate}" for column in PROTECTED for rate in plan.groups.limits}
    assert all(set(found) == wanted for found in judged.values())


def test_some_learned_model_treats_the_groups_alike(judged):
    fair = {name for name, found in judged.items() if {v.status for v in found.values()} == {"pass"}}
    assert fair - {"rules"}


def test_no_protected_column_is_shown_to_a_model(rows, objective):
    held_out(Spy(), rows, objective)
    assert Spy.shown == {column.name for column in FEATURES if column.seen_by_models}
    assert not Spy.shown & {column.name for column in FEATURES if column.protected or column.personal}


@pytest.mark.parametrize("column", [column.name for column in PROTECTED])
def test_sabotage_a_model_that_answers_by_group_is_refused_for_that_group_alone(rows, said, objective, plan, column):
    """A model that has learned to tell the group from something else gives one group its worst answer."""
    scores, group = said["rules"], rows.groups[column]
    costs = scores.reshape(len(scores), -1)[:, -1]
    other = group.value_counts().index[-1]
    kept = (group == other).to_numpy(copy=True)
    biased = scores.copy()
    biased[kept] = scores[costs.argmax()]
    biased[~kept] = scores[costs.argmin()]
    # the other protected columns are shuffled, so that they have nothing to do with this one
    shuffled = {name: np.random.default_rng(0).permutation(rows.groups[name]) for name in rows.groups}
    audited = Rows(rows.features, pd.DataFrame(shuffled | {column: group.to_numpy()}), rows.truth, rows.folds)
    found = verdicts(audited, biased, objective, plan)
    red = {gate.partition(".")[0] for gate, verdict in found.items() if verdict.status == "fail"}
    assert red == {column}
    same = objective.cost(rows.truth, biased) * 0 - plan.gates.max_cost_increase
    assert cost_gate(same, plan).status == "pass"


def test_groups_too_small_to_judge_are_counted(rows, said, objective, plan):
    column, few = PROTECTED[0], plan.groups.minimum_rows - 1
    groups = rows.groups.copy()
    groups[column.name] = np.where(np.arange(len(groups)) < few, *column.categories[:2])
    found = verdicts(Rows(rows.features, groups, rows.truth, rows.folds), said["rules"], objective, plan)
    for gate, verdict in found.items():
        if gate.startswith(f"{column.name}."):
            assert verdict.status == "inconclusive"
            assert f"fewer than two groups have {few + 1} rows" in verdict.message
            assert verdict.evidence["rows"][column.categories[0]] <= few


def test_those_who_did_not_say_are_left_out_while_they_are_few(rows, said, objective, plan):
    groups = rows.groups.copy()
    groups.iloc[: plan.groups.minimum_rows // 2] = "not stated"
    few = Rows(rows.features, groups, rows.truth, rows.folds)
    for verdict in verdicts(few, said["rules"], objective, plan).values():
        assert "not stated" not in verdict.evidence["by_group"]
        assert verdict.evidence["rows"]["not stated"] < plan.groups.minimum_rows
