"""A drill on a running product: it follows the way back within the plan's time, and without a product says so."""

import re

import pytest
from processes import run_product

from {{ cookiecutter.__package }}.stores.rollouts import read_latest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_process_follows_the_way_back_within_the_time_of_the_plan(workspace, command, workers):
    with run_product(workspace.root, "--workers", workers) as product:
        code, out, error = command("drill", "--url", product.url)
        assert code == 0, out + error
        seconds = re.search(r"followed the rollout after ([0-9.]+) s and the way back after ([0-9.]+) s", out)
        assert all(float(each) < 2 for each in seconds.groups())
    with workspace.project.ledger() as ledger:
        assert read_latest(ledger).state == "back"


def test_without_a_product_the_drill_changes_nothing(workspace, command):
    code, _, error = command("drill", "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "no product answers" in error
    with workspace.project.ledger() as ledger:
        assert read_latest(ledger) is None


def test_product_that_does_not_follow_is_an_error_and_the_way_back_is_taken(workspace, command, monkeypatch):
    from {{ cookiecutter.__package }}.operations.rollouts import drill

    monkeypatch.setattr(drill, "ask_rollout", lambda *_: None)
    monkeypatch.setattr(drill, "TIMEOUT", 0.3)
    code, _, error = command("drill")
    assert (code, "did not follow the rollout" in error) == (2, True)
    with workspace.project.ledger() as ledger:
        assert read_latest(ledger).state == "back"
