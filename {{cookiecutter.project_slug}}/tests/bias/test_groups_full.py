"""Groups are treated alike, or the model does not serve."""

import numpy as np
import pytest

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import Rows, held_out
from {{ cookiecutter.__package }}.model.gates import group_gates
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES


@pytest.fixture(scope="session")
def judged(rows, plan, objective):
    """Return the verdicts on every model, by name."""
    models = {"rules": RuleBook(), **candidates(FEATURES, plan)}
    return {
        name: {v.gate: v for v in group_gates(rows, held_out(model, rows, objective), objective, plan)}
        for name, model in models.items()
    }


def test_every_protected_column_is_judged_in_every_rate_of_the_plan(judged, plan):
    protected = [column.name for column in FEATURES if column.protected]
    wanted = {f"{column}.{rate}" for column in protected for rate in plan.groups.limits}
    assert all(set(verdicts) == wanted for verdicts in judged.values())


def test_some_learned_model_treats_the_groups_alike(judged):
    fair = [name for name, verdicts in judged.items() if {v.status for v in verdicts.values()} == {"pass"}]
    assert len(set(fair) - {"rules"}) > 0


def test_sabotage_a_model_that_knows_the_group_is_refused(rows, plan, objective):
    """Plant a proxy: a feature that says what the protected column says, and a truth that follows it."""
    column = rows.groups.columns[0]
    group = rows.groups[column].to_numpy()
    target = group == np.unique(group)[0]
    said = held_out(RuleBook(), rows, objective)
    worst = said[said.reshape(len(said), -1)[:, -1].argmax()]
    best = said[said.reshape(len(said), -1)[:, -1].argmin()]
    biased = np.array([worst if member else best for member in target])
    statuses = {v.gate: v.status for v in group_gates(rows, biased, objective, plan)}
    assert "fail" in {status for gate, status in statuses.items() if gate.startswith(f"{column}.")}


def test_a_missing_group_is_a_group_of_its_own(rows, plan, objective):
    groups = rows.groups.copy()
    groups.iloc[: plan.groups.minimum_rows // 2] = "not stated"
    few = Rows(rows.features, groups, rows.truth, rows.folds)
    said = held_out(RuleBook(), rows, objective)
    for verdict in group_gates(few, said, objective, plan):
        assert "not stated" not in verdict.evidence.get("by_group", {})
