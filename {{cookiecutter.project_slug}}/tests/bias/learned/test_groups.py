"""Groups are treated alike, or the model does not serve."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import Rows, held_out
from {{ cookiecutter.__package }}.model.gates import group_gates
from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.objective import TARGET

PROTECTED = [column for column in FEATURES if column.protected]
NUMBER = next(column for column in FEATURES if column.seen_by_models and column.kind in {"number", "integer"})


shown = set()


class Spy(BaseEstimator):
    """Notes the columns that it is shown."""

    def fit(self, features, truth):
        shown.update(features.columns)
        return self

    def predict(self, features):
        shown.update(features.columns)
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
    assert shown == {column.name for column in FEATURES if column.seen_by_models}
    assert not shown & {column.name for column in FEATURES if column.protected or column.personal}


@pytest.mark.parametrize("column", [column.name for column in PROTECTED])
def test_sabotage_a_stand_in_for_the_group_turns_the_gates_of_that_group_alone_red(rows, objective, plan, column):
    """A feature gives the group away, and the labels to learn from treat that group differently."""
    member = (rows.groups[column] == rows.groups[column].value_counts().index[1]).to_numpy()
    features = rows.features.assign(**{NUMBER.name: np.where(member, NUMBER.high, NUMBER.low)})
    one, *others = objective.target(TARGET.categories or [0.0, 1000.0])
    truth = np.where(member, one, np.resize(others, len(member)))
    taught = Rows(features, rows.groups, truth, rows.folds)
    learned = held_out(next(iter(candidates(FEATURES, plan).values())), taught, objective)
    # the other protected columns are shuffled, so that they have nothing to do with this one
    shuffle = np.random.default_rng(0).permutation
    groups = rows.groups.assign(**{name: shuffle(rows.groups[name]) for name in rows.groups if name != column})
    found = verdicts(Rows(features, groups, rows.truth, rows.folds), learned, objective, plan)
    red = {gate.partition(".")[0] for gate, verdict in found.items() if verdict.status == "fail"}
    quiet = {gate.partition(".")[0] for gate, verdict in found.items() if verdict.status == "pass"}
    assert red == {column}
    assert {other.name for other in PROTECTED} - red <= quiet


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
