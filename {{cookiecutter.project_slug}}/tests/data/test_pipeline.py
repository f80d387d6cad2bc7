"""One turn of the data wheel: all is published, or nothing changes."""

import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.data.pipeline import FEATURES, LABEL, turn
from {{ cookiecutter.__package }}.data.statistics import baseline
from {{ cookiecutter.__package }}.errors import UserError

NUMBER = next(column for column in FEATURES if column.kind in {"number", "integer"})
CATEGORY = next(column for column in FEATURES if column.categories and not column.protected)


def published(workspace):
    with workspace.lake() as lake:
        return {name: lake.frame(name) for name in ("training", "quarantine", "baseline")}


def turned(workspace, csv, decisions=()):
    with workspace.lake() as lake:
        return turn(lake, csv, decisions, workspace.plan)


def rewritten(workspace, change):
    """Return the example table with its lines changed."""
    source = workspace.root / workspace.plan.data.source
    lines = source.read_text(encoding="utf-8").splitlines()
    made = workspace.root / "changed.csv"
    made.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
    return made


def cell(lines, column, value, row=1):
    """Return the lines with one cell changed."""
    place = lines[0].split(",").index(column)
    cells = lines[row].split(",")
    cells[place] = value
    return [*lines[:row], ",".join(cells), *lines[row + 1 :]]


def test_the_training_table_has_what_the_contract_names(workspace):
    table = published(workspace)["training"]
    wanted = [contract.KEY, "origin", *(c.name for c in FEATURES if not c.personal), LABEL.name, "fold"]
    assert list(table.columns) == wanted
    assert len(table) > 2000
    assert set(table["fold"]) == set(range(workspace.plan.data.folds))
    assert set(table["origin"]) == {"collected"}


def test_a_turn_gives_the_same_tables_again(workspace):
    before = published(workspace)
    turned(workspace, workspace.root / workspace.plan.data.source)
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in ("training", "quarantine"))


def test_one_gap_is_set_aside_and_the_rest_published(workspace):
    before = len(published(workspace)["quarantine"])
    done = turned(workspace, rewritten(workspace, lambda lines: cell(lines, NUMBER.name, "")))
    rows = published(workspace)["quarantine"]
    assert done.quarantined == len(rows) == before + 1
    assert f"{NUMBER.name} is empty" in set(rows["reason"])


BAD = {
    "a text for a number": (lambda lines: cell(lines, NUMBER.name, "plenty"), f"{NUMBER.name} is 'plenty'"),
    "an unknown category": (lambda lines: cell(lines, CATEGORY.name, "maybe"), f"{CATEGORY.name} is 'maybe'"),
    "a missing column": (lambda lines: [line.rpartition(",")[0] for line in lines], f"column {LABEL.name} is missing"),
    "an unknown column": (lambda lines: [f"{line},luck" for line in lines], "column luck is not in contract.py"),
    "no row": (lambda lines: lines[:1], "a header but no row"),
    "an empty file": (lambda lines: [""], "the file is empty"),
    "a row too long": (lambda lines: [*lines, lines[1] + ",more,and,more"], "not a CSV table"),
    "too many gaps": (
        lambda lines: [lines[0], *(cell(lines, NUMBER.name, "", row)[row] for row in range(1, len(lines)))],
        "rows are unusable, the plan allows",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_file_is_refused_in_one_line_and_nothing_changes(workspace, fault):
    change, said = BAD[fault]
    before = published(workspace)
    with pytest.raises(UserError) as refusal:
        turned(workspace, rewritten(workspace, change))
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in before)


def test_a_missing_file_says_what_to_do(workspace):
    with pytest.raises(UserError, match="no such file; put the table there, or name another with --csv"):
        turned(workspace, workspace.root / "nothing.csv")


def test_a_fault_while_publishing_leaves_every_table(workspace, monkeypatch):
    before = published(workspace)
    with workspace.lake() as lake:
        create = lake.backend.create_table

        def until_b(name, *rest):
            if name == "b":
                raise OSError
            return create(name, *rest)

        monkeypatch.setattr(lake.backend, "create_table", until_b)
        with pytest.raises(OSError):  # noqa: PT011
            lake.publish({"training": lake.read("quarantine"), "b": lake.read("baseline")})
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in before)


def test_the_baseline_shares_of_a_column_add_up(workspace):
    with workspace.lake() as lake:
        shares = baseline(lake.read("training"), FEATURES).to_pandas().groupby("column")["share"].sum()
    assert set(shares.index) == {column.name for column in FEATURES if column.kind != "text"}
    assert all(0.999 < share < 1.001 for share in shares)
