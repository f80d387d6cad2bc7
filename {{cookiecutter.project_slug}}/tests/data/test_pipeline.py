"""One turn of the data wheel: all is published, or nothing changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import features

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.data import collect, curate
from {{ cookiecutter.__package }}.data.pipeline import FEATURES, LABEL, turn
from {{ cookiecutter.__package }}.data.statistics import baseline

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


def registered(workspace):
    registry = workspace.registry()
    return {alias: registry.version(alias) for alias in ("champion", "challenger", "fallback", "previous")}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_file_is_refused_in_one_line_and_nothing_changes(workspace, command, fault):
    change, said = BAD[fault]
    before, models = published(workspace), registered(workspace)
    code, out, error = command("data", "--csv", str(rewritten(workspace, change)))
    assert (code, out) == (2, "")
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in before)
    assert registered(workspace) == models


def test_a_missing_file_says_what_to_do(workspace, command):
    before = published(workspace)
    code, _, error = command("data", "--csv", str(workspace.root / "nothing.csv"))
    assert code == 2
    assert "no such file; put the table there, or name another with --csv" in error
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in before)


def reacted(key, answer, **reaction):
    features = {column.name: column.example for column in FEATURES}
    made = {"id": key, "features": features, "answer": answer, "verdict": "accept", "reaction_answer": None}
    return made | reaction


def test_reactions_become_labelled_rows_with_their_origin(workspace):
    first, second = LABEL.categories[:2] or (10.0, 20.0)
    override = reacted("two", first, verdict="override", reaction_answer=second)
    before = published(workspace)["training"].set_index(contract.KEY)
    source = workspace.root / workspace.plan.data.source
    done = turned(workspace, source, [reacted("one", first), override])
    after = published(workspace)["training"].set_index(contract.KEY)
    assert done.reactions == 2
    assert after.loc[["one", "two"], LABEL.name].tolist() == [first, second]
    assert set(after.loc[["one", "two"], "origin"]) == {"reaction"}
    assert after.drop(["one", "two"])["fold"].to_dict() == before["fold"].to_dict()


def lacking(key, column):
    decision = reacted(key, LABEL.categories[0] if LABEL.categories else 10.0)
    return decision | {"features": {name: value for name, value in decision["features"].items() if name != column.name}}


def test_reactions_from_before_a_column_was_are_set_aside_and_hold_up_nobody(workspace, command):
    before = published(workspace)
    count = len(before["training"])
    with workspace.ledger() as ledger:
        for place in range(count):
            made = lacking(f"early {place}", NUMBER)
            rest = {"decided_at": "", "score": 0.5, "model": "rules:1", "needs_review": False, "fallback": False}
            ledger.record([{name: made[name] for name in ("id", "features", "answer")} | rest])
            ledger.react(made["id"], {"verdict": "accept", "answer": None, "note": ""})
    code, out, error = command("data")
    assert (code, error) == (0, "")
    assert f"{count} of them were asked before a column of today was" in out
    after = published(workspace)
    assert after["training"].equals(before["training"])
    early = after["quarantine"].query("origin == 'early'")
    assert len(early) == count
    assert set(early["reason"]) == {f"was asked before {NUMBER.name} was"}


def test_reactions_are_judged_as_before_when_no_needed_column_is_lacking(workspace):
    source, optional = workspace.root / workspace.plan.data.source, next(c for c in FEATURES if c.optional)
    gap = lacking("gap", NUMBER)
    gap["features"][NUMBER.name] = None
    before = len(published(workspace)["quarantine"])
    done = turned(workspace, source, [lacking("without", optional), gap])
    assert (done.reactions, done.quarantined, done.early) == (1, before + 1, 0)
    reasons = published(workspace)["quarantine"].set_index(contract.KEY)["reason"]
    assert reasons["gap"] == f"{NUMBER.name} is empty"


@settings(deadline=None, derandomize=True, database=None, max_examples=8)
@given(asked=st.lists(features(), min_size=1, max_size=30))
def test_whatever_the_product_accepts_can_be_learned_from_unchanged(asked):
    names = [contract.KEY, *(column.name for column in FEATURES), LABEL.name]
    answer = LABEL.categories[0] if LABEL.categories else 10.0
    decisions = [reacted(f"{place:03}", answer) | {"features": row} for place, row in enumerate(asked)]
    collected = collect.from_reactions(decisions, names, key=contract.KEY, target=LABEL.name)
    typed = curate.type_columns(collected, (*FEATURES, LABEL), key=contract.KEY)
    judged = curate.judge(typed, (*FEATURES, LABEL), key=contract.KEY).order_by(contract.KEY).to_pyarrow().to_pylist()
    assert {row["reason"] for row in judged} == {""}
    kept = [column.name for column in FEATURES if not column.personal]
    learned, wanted = ([{name: row[name] for name in kept} for row in table] for table in (judged, asked))
    assert learned == wanted


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
