"""Drift is seen in the column that drifts, and nowhere else."""

import pytest

from {{ cookiecutter.__package }}.data.pipeline import FEATURES, LABEL
from {{ cookiecutter.__package }}.ledger import new_id, now
from {{ cookiecutter.__package }}.operations.monitor import input_drift

NUMBER = next(column for column in FEATURES if column.kind in {"number", "integer"})


@pytest.fixture
def watched(workspace):
    """Return the baseline, and training rows as if they had been asked about."""
    with workspace.lake() as lake:
        frame = lake.frame("training").sample(600, random_state=0)
        return lake.frame("baseline"), frame[[c.name for c in FEATURES]].astype(object).to_dict("records")


def statuses(watched, seen, plan):
    return {verdict.evidence["column"]: verdict.status for verdict in input_drift(watched[0], seen, plan)}


def test_replayed_training_rows_do_not_drift(watched, workspace):
    assert set(statuses(watched, watched[1], workspace.plan).values()) == {"pass"}


def test_sabotage_one_column_shifts_and_only_its_watch_fails(watched, workspace):
    shifted = [row | {NUMBER.name: NUMBER.high} for row in watched[1]]
    found = statuses(watched, shifted, workspace.plan)
    assert found.pop(NUMBER.name) == "fail"
    assert set(found.values()) == {"pass"}


def test_too_few_decisions_tell_nothing(watched, workspace):
    found = statuses(watched, watched[1][:20], workspace.plan)
    assert set(found.values()) == {"inconclusive"}


def test_drift_is_an_exit_code(watched, workspace, command):
    answer = (LABEL.categories or (1.0,))[0]
    rest = {"answer": answer, "score": 0.5, "model": "rules:1", "needs_review": False, "fallback": False}
    with workspace.ledger() as ledger:
        for change, words in (({}, ()), ({NUMBER.name: NUMBER.high}, ("--last", "200"))):
            asked = [row | change for row in watched[1][:200]]
            ledger.record([{"id": new_id(), "decided_at": now(), "features": row} | rest for row in asked])
            code, said, _ = command("monitor", *words)
            assert code == bool(change), said
    assert f"FAIL  {NUMBER.name}: stability index" in said
