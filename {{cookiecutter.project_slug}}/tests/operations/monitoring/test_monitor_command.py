"""The command: what it looks at, what it prints and keeps, and its exit codes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from {{ cookiecutter.__package }}.stores.ledger import new_id, now
from {{ cookiecutter.__package }}.stores.windows import read_windows

ROWS = 300


def ask(workspace: Any, rows: int = ROWS, seed: int = 0, change: Any = None, **columns: Any) -> list[dict[str, Any]]:
    """Record decisions of the champion on rows of the training table, which `change` may alter before."""
    project = workspace.project
    problem, rng = project.problem, np.random.default_rng(seed)
    with project.lake() as lake:
        training = lake.read("training").to_pyarrow().to_pylist()
    asked = [{column.name: row[column.name] for column in problem.stored} for row in training]
    asked = [asked[place] for place in rng.integers(0, len(asked), rows)]
    asked = [change(row) for row in asked] if change else asked
    model = project.models.load("champion")
    found = problem.objective.predict(model.model, {c.name: [row[c.name] for row in asked] for c in problem.inputs})
    answers, scores = problem.objective.answers(found), problem.objective.scores(found)
    reviews = problem.objective.needs_review(found)
    usual = {"model": model.label, "fallback": False, "blind": False, "model_seconds": 0.004}
    decisions = [
        {"id": new_id(), "decided_at": now(), "features": row, "answer": answer, "score": score, "needs_review": review}
        | usual
        | columns
        for row, answer, score, review in zip(asked, answers, scores, reviews, strict=True)
    ]
    with project.ledger() as ledger:
        ledger.record(decisions)
    return decisions


def constant(workspace: Any) -> Any:
    """Return a change of rows: the first column that is no text always has one value."""
    column = next(column for column in workspace.project.problem.stored if column.kind != "text")
    value = column.categories[-1] if column.categories else (column.high if column.high is not None else 9)
    return lambda row: row | {column.name: value}


def test_first_run_without_decisions_is_no_fault(workspace, command):
    code, printed, _ = command("monitor")
    assert code == 0
    assert "no decision was recorded yet" in printed
    assert "No retraining is asked for" in printed


def test_healthy_window_of_any_shape_exits_with_0_and_is_kept_once(any_workspace, run_command):
    ask(any_workspace)
    for kept in (True, False):
        code, printed, _ = run_command(any_workspace, "monitor", "--json")
        found = json.loads(printed)
        assert (code, found["exit_code"], found["failed"]) == (0, 0, [])
        assert found["window"]["decisions"] == ROWS
        assert found["window"]["kept"] is kept
        assert found["not_measured"]
    with any_workspace.project.ledger() as ledger:
        [window] = read_windows(ledger)
    assert window["rows"] == ROWS


def test_sabotage_drift_exits_with_1_or_more_and_names_the_column(workspace, command):
    ask(workspace, change=constant(workspace))
    code, printed, _ = command("monitor")
    assert code in {1, 3}  # scores follow the inputs
    assert "FAIL  risk:" in printed


@pytest.mark.slow
def test_sabotage_data_model_and_program_faults_have_codes_of_their_own(workspace, command):
    ask(workspace, change=lambda row: row | {"group": "a"})
    assert command("monitor")[0] == 1
    ask(workspace, seed=1, needs_review=True)
    assert command("monitor", "--last", str(ROWS))[0] == 3
    ask(workspace, seed=2, fallback=True)
    assert command("monitor", "--last", str(ROWS))[0] == 4


@pytest.mark.slow
def test_retraining_is_asked_for_after_three_violated_windows(workspace, command):
    for seed in range(3):
        ask(workspace, seed=seed, change=lambda row: row | {"group": "a"})
        found = json.loads(command("monitor", "--json")[1])
        assert found["retraining"]["wanted"] is (seed == 2)
    assert found["retraining"]["violated"] == 3
    ask(workspace, seed=4)
    assert "No retraining is asked for: 3 of the last 4 kept windows" in command("monitor")[1]


@pytest.mark.slow
def test_default_window_is_what_came_since_the_last_one(workspace, command):
    ask(workspace)
    command("monitor")
    ask(workspace, rows=150, seed=1)
    assert json.loads(command("monitor", "--json")[1])["window"]["decisions"] == 150
    ask(workspace, rows=20, seed=2)  # too few by themselves
    assert json.loads(command("monitor", "--json")[1])["window"]["decisions"] == ROWS + 170


@pytest.mark.slow
def test_since_and_last_choose_decisions(workspace, command):
    ask(workspace)
    later = ask(workspace, rows=120, seed=1)
    since = min(decision["decided_at"] for decision in later)
    assert json.loads(command("monitor", "--since", since, "--json")[1])["window"]["decisions"] >= 120
    assert json.loads(command("monitor", "--last", "110", "--json")[1])["window"]["decisions"] == 110
    assert json.loads(command("monitor", "--since", "2100-01-01", "--json")[1])["window"]["decisions"] == 0


@pytest.mark.parametrize(("words", "message"), [
    (("--since", "yesterday"), "--since: 'yesterday' is not a time of ISO 8601"),
    (("--url", "localhost"), "--url: 'localhost' is not the URL of a product"),
    (("--url", "http://127.0.0.1:9"), "--url: http://127.0.0.1:9/metrics cannot be read"),
    (("--url", "http://[x"), "--url: http://[x/metrics cannot be read"),
    (("--report", "."), "--report: .: "),
    (("--last", "0"), "--last"),
])  # fmt: skip
def test_wrong_option_is_a_user_error(workspace, command, words, message):
    code, printed, errors = command("monitor", *words)
    assert code == 2
    assert message in printed + errors


def test_monitor_without_training_table_says_what_to_run(workspace, command):
    (workspace.root / "var" / "lake.db").unlink()
    code, _, errors = command("monitor")
    assert code == 2
    assert "run the `data` command first" in errors


def test_report_is_one_small_page_that_loads_nothing(workspace, command):
    ask(workspace, change=lambda row: row | {"remark": "<b>text</b>"})
    path = workspace.root / "reports" / "page.html"
    command("monitor", "--report", str(path))
    page = path.read_text(encoding="utf-8")
    assert len(page) < 1_000_000
    assert "<svg" in page
    assert not any(word in page for word in ("<script", "http://", "https://", "<link", "<b>text"))


@pytest.mark.slow
def test_labels_of_people_and_outcomes_are_read(workspace, command):
    decisions = ask(workspace)
    with workspace.project.ledger() as ledger, ledger.engine.begin() as connection:
        rows = [{"decision_id": each["id"], "answer": each["answer"], "recorded_at": now()} for each in decisions[:100]]
        connection.execute(sa.insert(ledger.tables.outcomes), rows)
        ledger_rows = [
            {"decision_id": each["id"], "reacted_at": now(), "verdict": "accept", "answer": None, "note": ""}
            for each in decisions[100:200]
        ]
        connection.execute(sa.insert(ledger.reactions), ledger_rows)
    found = {each["watch"]: each for each in json.loads(command("monitor", "--json")[1])["watches"]}
    assert found["cost by outcomes"]["evidence"]["rows"] == 100
    assert found["cost by open reviews"]["evidence"]["rows"] == 100
    assert found["cost by blind reviews"]["status"] == "inconclusive"


@pytest.mark.slow
def test_champion_that_does_not_load_is_a_fault_of_the_program(workspace, command):
    ask(workspace)
    project = workspace.project
    entry = project.models.entry("champion")
    project.models.publish("champion", name="new", version="9", digest=entry["digest"], tags=entry["tags"])
    code, printed, _ = command("monitor")
    assert code == 4
    assert "the champion cannot answer" in printed


@pytest.mark.slow
def test_decisions_of_a_version_that_no_alias_names_are_scored_again(workspace, command):
    ask(workspace)
    project = workspace.project
    entry = project.models.entry("champion")
    project.models.add("7", project.models.content(entry["version"]))
    ask(workspace, seed=1, model="old:7")
    ask(workspace, seed=2, model="gone:8")
    found = {each["watch"]: each["status"] for each in json.loads(command("monitor", "--json")[1])["watches"]}
    assert (found["skew.rules:1"], found["skew.old:7"], found["skew.gone:8"]) == ("pass", "pass", "inconclusive")


@pytest.mark.slow
def test_memory_is_read_from_a_running_product(workspace, command, monkeypatch):
    from {{ cookiecutter.__package }}.cli import watching

    ask(workspace)
    text = (
        "# HELP process_resident_memory_bytes x\nprocess_resident_memory_bytes 2.0e9\nprocess_start_time_seconds 1.0\n"
    )
    monkeypatch.setattr(watching, "_fetch", lambda url, project: text)
    code, printed, _ = command("monitor", "--url", "http://127.0.0.1:8000")
    assert code == 4
    assert "memory: 1907 MiB, limit 1024" in printed
