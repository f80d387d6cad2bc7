"""Drift is found in the column that drifts, and in no other."""

import pytest

from {{ cookiecutter.__package }}.core.binning import Bin
from {{ cookiecutter.__package }}.operations.drift import input_drift, read_baseline, stability_index
from {{ cookiecutter.__package }}.stores.ledger import new_id, now

ROWS = 300


def read_tables(workspace):
    """Return the baseline as rows, and training rows as if decisions had been asked for them."""
    with workspace.project.lake() as lake:
        baseline = lake.read("baseline").to_pyarrow().to_pylist()
        training = lake.read("training").to_pyarrow().to_pylist()
    names = [column.name for column in workspace.project.problem.stored]
    return baseline, [{name: row[name] for name in names} for row in training[:ROWS]]


def find_statuses(baseline, recent, plan):
    found = input_drift(read_baseline(baseline), recent, plan)
    return {result.evidence["column"]: result.status for result in found}


def test_shares_of_every_column_add_up_to_one(any_workspace):
    baseline, _ = read_tables(any_workspace)
    for column in any_workspace.project.problem.stored:
        shares = [row["share"] for row in baseline if row["column"] == column.name]
        assert sum(shares) == pytest.approx(1)


def test_every_value_is_counted_in_one_bin(any_workspace):
    baseline, recent = read_tables(any_workspace)
    bins = read_baseline(baseline)
    for name in bins:
        for row in recent:
            assert sum(each.contains(row[name]) for each, _ in bins[name]) == 1


def test_training_rows_do_not_drift(any_workspace):
    baseline, recent = read_tables(any_workspace)
    found = find_statuses(baseline, recent, any_workspace.project.plan)
    assert set(found) == {column.name for column in any_workspace.project.problem.stored}
    assert set(found.values()) == {"pass"}


def test_sabotage_shift_of_one_column_is_found_in_that_column_alone(any_workspace):
    project = any_workspace.project
    baseline, recent = read_tables(any_workspace)
    for column in [column for column in project.problem.stored if column.kind != "text"][:4]:
        [value] = {column.categories[0]} if column.categories else {max(row[column.name] or 0 for row in recent)}
        found = find_statuses(baseline, [row | {column.name: value} for row in recent], project.plan)
        assert [name for name, status in found.items() if status == "fail"] == [column.name]


def test_sabotage_column_that_is_always_missing_is_found_in_that_column_alone(any_workspace):
    project = any_workspace.project
    baseline, recent = read_tables(any_workspace)
    for column in project.problem.stored[:4]:
        found = find_statuses(baseline, [row | {column.name: None} for row in recent], project.plan)
        assert [name for name, status in found.items() if status == "fail"] == [column.name]


def test_sabotage_gaps_that_are_filled_are_found(workspace):
    """The rows that have a value are distributed as before: only the share of missing ones changes."""
    project = workspace.project
    baseline, recent = read_tables(workspace)
    column = next(column for column in project.problem.stored if column.optional and not column.protected)
    gap = [row | {column.name: None} for row in recent]
    for row in baseline:
        if row["column"] == column.name:
            row["share"] = 0.6 if row["missing"] else 0.4 * row["share"] / (1 - 0.15)
    assert find_statuses(baseline, recent, project.plan)[column.name] == "fail"
    assert find_statuses(baseline, gap, project.plan)[column.name] == "fail"


def test_too_few_decisions_are_inconclusive(workspace):
    baseline, recent = read_tables(workspace)
    found = list(input_drift(read_baseline(baseline), recent[:20], workspace.project.plan))
    assert {result.status for result in found} == {"inconclusive"}
    assert found[0].message.endswith("20 decisions, 100 are needed to measure drift")


def test_baseline_of_0_2_0_counts_no_missing_values(workspace):
    """It has no bin for them: decisions with a value are compared as they were then, until `data` is run."""
    project = workspace.project
    baseline, recent = read_tables(workspace)
    old = [{name: value for name, value in row.items() if name != "missing"} for row in baseline if not row["missing"]]
    assert set(find_statuses(old, recent, project.plan).values()) == {"pass"}
    column = next(column for column in project.problem.stored if column.is_numeric)
    shifted = [row | {column.name: max(row[column.name] for row in recent)} for row in recent]
    assert find_statuses(old, shifted, project.plan)[column.name] == "fail"


def test_stability_index_is_the_sum_over_bins():
    bins = [(Bin("x", high=1.0), 0.5), (Bin("x", low=1.0), 0.25), (Bin("x", missing=True), 0.25)]
    values = [0.0, 1.0, 2.0, None]
    assert stability_index(bins, values) == pytest.approx(0)
    # (0.25 - 0.5) ln(0.25 / 0.5) + (0.5 - 0.25) ln(0.5 / 0.25)
    assert stability_index(bins, [0.0, 2.0, 2.0, None]) == pytest.approx(0.5 * 0.693147, abs=1e-5)


def test_exit_code_of_monitor_says_whether_inputs_drift(workspace, command):
    project = workspace.project
    _, recent = read_tables(workspace)
    column = next(column for column in project.problem.stored if column.is_numeric)
    rest = {"answer": project.problem.target.categories[0], "score": 0.5, "model": "rules:1"}
    rest |= {"needs_review": False, "fallback": False}
    assert command("monitor")[0] == 0  # no decision yet: inconclusive is not a failure
    with project.ledger() as ledger:
        for change, words in (({}, ()), ({column.name: column.high}, ("--last", str(ROWS)))):
            asked = [{"id": new_id(), "decided_at": now(), "features": row | change} | rest for row in recent]
            ledger.record(asked)
            code, printed, _ = command("monitor", *words)
            assert code == bool(change), printed
    assert f"FAIL  {column.name}: stability index" in printed
