"""One run of the data wheel publishes all tables, or changes nothing."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import KEY, SHAPES
from pydantic import create_model, model_validator
from strategies import features

from {{ cookiecutter.__package }}.data import collect, recorded
from {{ cookiecutter.__package }}.data.collect import ORIGIN, REASON
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.data.statistics import baseline, count_rows, find_bins
from {{ cookiecutter.__package }}.stores.lake import FOLD, WEIGHT, open_lake

PROBLEM = SHAPES["usual"].problem()
NUMBER = next(column for column in PROBLEM.inputs if column.is_numeric and not column.optional)
OPEN = next(column for column in PROBLEM.inputs if column.is_numeric and column.high is None)
CATEGORY = next(column for column in PROBLEM.inputs if column.categories)
LABEL = PROBLEM.target
EACH = ["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual")]
Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def built(once: Any, new_workspace: Any) -> Callable[[str], Path]:
    """Return a function that gives the folder of a shape with its tables, and no models."""

    def folder(name: str) -> Path:
        return Path(once(f"built-{name.replace(' ', '-')}", lambda root: build(new_workspace(root, SHAPES[name]))))

    return folder


@pytest.fixture(params=EACH)
def any_workspace(request: pytest.FixtureRequest, built: Any, new_workspace: Any, tmp_path: Path) -> Any:
    """Return a project of every shape in turn, with tables."""
    shutil.copytree(built(request.param), tmp_path / "project")
    return new_workspace(tmp_path / "project", SHAPES[request.param])


@pytest.fixture
def workspace(built: Any, new_workspace: Any, tmp_path: Path) -> Any:
    """Return a project of the usual shape, with tables."""
    shutil.copytree(built("usual"), tmp_path / "project")
    return new_workspace(tmp_path / "project", SHAPES["usual"])


def published(workspace: Any, *names: str) -> dict[str, Any]:
    with workspace.project.lake() as lake:
        return {name: lake.frame(name) for name in names or ("training", "quarantine", "baseline")}


def build(workspace: Any, source: Path | None = None, decisions: Any = ()) -> Any:
    project = workspace.project
    with project.lake() as lake:
        return build_tables(lake, source or source_of(workspace), decisions, project.problem, project.plan)


def source_of(workspace: Any) -> Path:
    return workspace.root / "data" / "table.csv"


def rewrite(workspace: Any, change: Callable[[Rows], Rows]) -> Path:
    """Write the table anew, with its rows changed."""
    with source_of(workspace).open(newline="", encoding="utf-8") as file:
        rows = change(list(csv.DictReader(file)))
    changed = workspace.root / "changed.csv"
    names = list(rows[0])
    with changed.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *(list(row.values()) for row in rows if row.get(KEY) != "no row")])
    return changed


def set_cell(name: str, value: str) -> Callable[[Rows], Rows]:
    return lambda rows: [rows[0] | {name: value}, *rows[1:]]


def multiply(row: dict[str, str]) -> dict[str, str]:
    return row | {OPEN.name: row[OPEN.name] and str(100 * float(row[OPEN.name]))}


def drop(name: str) -> Callable[[Rows], Rows]:
    return lambda rows: [{key: value for key, value in row.items() if key != name} for row in rows]


def reaction(key: str, answer: Any = None, problem: Any = PROBLEM, **changes: Any) -> dict[str, Any]:
    features = {column.name: column.example for column in problem.stored}
    decision = {"id": key, "features": features, "answer": answer or problem.target.example, "score": 0.5}
    return {**decision, "verdict": "accept", "reaction_answer": None, **changes}


def test_training_table_has_what_the_contract_names(any_workspace: Any) -> None:
    table, problem = published(any_workspace)["training"], any_workspace.project.problem
    columns = (*(column.name for column in problem.stored), problem.target.name)
    names = [collect.KEY, collect.SUBJECT, ORIGIN, collect.TIME, *columns, WEIGHT, FOLD]
    assert list(table.columns) == names
    assert len(table) == 400
    assert set(table[FOLD]) == set(range(any_workspace.project.plan.data.folds))
    assert set(table[ORIGIN]) == {"file"}
    assert table[collect.TIME].isna().all()
    assert set(table[WEIGHT]) == {1.0}


@pytest.mark.slow
def test_second_run_publishes_the_same_tables(workspace: Any) -> None:
    before = published(workspace)
    build(workspace)
    after = published(workspace)
    assert all(before[name].equals(after[name]) for name in before)


def test_personal_columns_are_not_stored(workspace: Any) -> None:
    personal = next(column.name for column in PROBLEM.columns if column.personal)
    build(workspace, rewrite(workspace, lambda rows: [row | {personal: "Ada Lovelace"} for row in rows]))
    with workspace.project.lake() as lake:
        stored = str([lake.read(name).to_pyarrow().to_pydict() for name in ("training", "quarantine", "baseline")])
    assert "Lovelace" not in stored
    assert b"Lovelace" not in (workspace.root / "var" / "lake.db").read_bytes()


def test_row_with_a_gap_is_quarantined_and_the_others_are_published(workspace: Any) -> None:
    workspace.edit_plan("[data]", "[data]\nmax_quarantined_share = 0.01")
    counts = build(workspace, rewrite(workspace, set_cell(NUMBER.name, "")))
    rows = published(workspace)["quarantine"]
    assert (counts.usable, counts.quarantined, len(rows)) == (399, 1, 1)
    assert set(rows[REASON]) == {f"{NUMBER.name} is empty"}


BAD: dict[str, tuple[Callable[[Rows], Rows], str]] = {
    "a text for a number": (set_cell(NUMBER.name, "plenty"), f"{NUMBER.name} is 'plenty', expected"),
    "an unknown category": (set_cell(CATEGORY.name, "maybe"), f"{CATEGORY.name} is 'maybe', expected one of"),
    "a missing column": (drop(LABEL.name), f"column {LABEL.name} is missing"),
    "an unknown column": (lambda rows: [row | {"luck": "1"} for row in rows], "column luck is not in contract.py"),
    "no row": (lambda rows: [rows[0] | {KEY: "no row"}], "no rows; it needs a header and at least one row"),
    "a row too long": (lambda rows: [*rows[:5], rows[5] | {"x": "1"}], "1 of 6 rows are unusable, "),
    "a column times 100": (lambda rows: [*map(multiply, rows)], f"statistics: {OPEN.name}: above "),
    "too many gaps": (lambda rows: [row | {NUMBER.name: ""} for row in rows], "no row is usable"),
}


@pytest.fixture(scope="module")
def tables(make_workspace: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what every workspace has published before a test changes it."""
    fresh = make_workspace(tmp_path_factory.mktemp("fresh") / "project")
    return published(fresh)


# of each way to refuse a file one: by a value, by statistics, and by the share of its rows
FAST = ("a text for a number", "a column times 100", "too many gaps")


@pytest.mark.parametrize(
    "fault", [fault if fault in FAST else pytest.param(fault, marks=pytest.mark.slow) for fault in BAD]
)
def test_bad_file_is_refused_in_one_line_and_nothing_changes(
    workspace: Any, command: Any, tables: dict[str, Any], fault: str
) -> None:
    change, reason = BAD[fault]
    code, out, error = command("data", "--csv", str(rewrite(workspace, change)))
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith("error: ")
    assert reason in error
    after = published(workspace, *tables, "statistics")
    assert all(tables[name].equals(after[name]) for name in tables)
    assert set(after["statistics"]["run"]) == {1}


def test_missing_file_is_one_line(workspace: Any, command: Any) -> None:
    code, _, error = command("data", "--csv", str(workspace.root / "nothing.csv"))
    assert code == 2
    assert "nothing.csv: no such file; " in error


@pytest.mark.slow
def test_table_is_named_by_any_path_or_url(workspace: Any, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = source_of(workspace).rename(workspace.root / "[b]t[1].csv")
    (workspace.root / "t1.csv").write_text("another file")
    monkeypatch.setenv("FOLDER", str(workspace.root))
    planned = ["data/table.csv", wanted.name, str(wanted), "${FOLDER}/[b]t[1].csv"]
    for before, after in itertools.pairwise(planned):
        workspace.edit_plan(f'source = "{before}"', f'source = "{after}"')
        code, out, error = command("data")
        assert (code, error) == (0, "")
        assert "400 rows to learn from" in out
    assert command("data", "--file", str(wanted))[0] == 0
    code, _, error = command("data", "--file", "s3://bucket/rows.parquet")
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith("error: s3://bucket/rows.parquet: files are read from this machine only; ")


@pytest.mark.slow
@pytest.mark.parametrize("any_workspace", EACH, indirect=True)
def test_parquet_file_gives_the_same_tables_as_the_csv_file(any_workspace: Any, run_command: Any) -> None:
    before = published(any_workspace)
    rows = pyarrow.csv.read_csv(source_of(any_workspace), convert_options=_keep_missing())
    parquet = any_workspace.root / "table.parquet"
    pyarrow.parquet.write_table(rows, parquet)
    code, _, error = run_command(any_workspace, "data", "--csv", str(parquet))
    assert (code, error) == (0, "")
    after = published(any_workspace)
    assert all(before[name].equals(after[name]) for name in before)


def _keep_missing() -> Any:
    return pyarrow.csv.ConvertOptions(null_values=[""], strings_can_be_null=True)


@pytest.mark.parametrize("any_workspace", EACH, indirect=True)
def test_reactions_become_labelled_rows_with_their_origin(any_workspace: Any) -> None:
    problem = any_workspace.project.problem
    first, second = problem.target.categories[:2] or (10.0, 20.0)
    override = reaction("two", first, problem, verdict="override", reaction_answer=second)
    before = published(any_workspace)["training"].set_index(collect.KEY)
    build(any_workspace, decisions=[reaction("one", first, problem), override])
    after = published(any_workspace)["training"].set_index(collect.KEY)
    assert after.loc[["one", "two"], problem.target.name].tolist() == [first, second]
    assert after.loc[["one", "two"], ORIGIN].tolist() == ["accept", "override"]
    assert after.drop(["one", "two"])[FOLD].to_dict() == before[FOLD].to_dict()


OUTGROWN = {
    "a category that was removed": ({CATEGORY.name: "perhaps"}, f"{CATEGORY.name} is 'perhaps', expected one of"),
    "a bound that was narrowed": ({NUMBER.name: 99.0}, f"{NUMBER.name} is 99.0, expected a number from"),
    "another type": ({NUMBER.name: "high"}, f"{NUMBER.name} is 'high', expected a number from"),
    "a column that became required": ({NUMBER.name: None}, f"{NUMBER.name} is empty"),
}


@pytest.mark.parametrize("case", OUTGROWN)
@pytest.mark.slow
def test_reaction_that_no_longer_fits_is_quarantined_with_its_reason(workspace: Any, case: str) -> None:
    change, reason = OUTGROWN[case]
    old = [reaction(f"old {place}") for place in range(500)]  # more than the file has rows
    old = [row | {"features": row["features"] | change} for row in old]
    counts = build(workspace, decisions=[reaction("new"), *old])
    assert (counts.usable, counts.quarantined, counts.incomplete) == (401, 500, 0)
    assert all(found.startswith(reason) for found in published(workspace)["quarantine"][REASON])


def test_fault_that_a_validator_of_the_whole_contract_finds_is_a_reason() -> None:
    def refuse(_: Any) -> None:
        raise ValueError("the insured have no such income")

    check: Any = model_validator(mode="after")(refuse)
    checked = create_model("Features", __base__=PROBLEM.features, __validators__={"check": check})
    rows = recorded.read_decisions([reaction("a")], dataclasses.replace(PROBLEM, features=checked), ["reaction"])
    assert rows[REASON].to_pylist() == ["the insured have no such income"]


@pytest.mark.slow
def test_reaction_with_an_answer_that_was_removed_is_quarantined(workspace: Any) -> None:
    counts = build(workspace, decisions=[reaction("old", "perhaps")])
    assert counts.quarantined == 1
    assert published(workspace)["quarantine"][REASON][0].startswith(f"{LABEL.name} is 'perhaps', expected one of")


@pytest.mark.slow
def test_reactions_from_before_a_column_was_added_are_counted_apart(workspace: Any, command: Any) -> None:
    early = reaction("early")
    del early["features"][NUMBER.name]
    record = {"decided_at": "", "score": 0.5, "model": "rules:1", "needs_review": False, "fallback": False}
    with workspace.project.ledger() as ledger:
        key = "0" * 32
        ledger.record([{"id": key, "features": early["features"], "answer": early["answer"], **record}])
        ledger.react(key, {"verdict": "accept", "answer": None, "note": ""})
    code, out, error = command("data")
    assert (code, error) == (0, "")
    assert "1 in quarantine, each with its reason; 1 of them were recorded before a column was added" in out
    assert "\nstatistics: 7 columns compared with run 1, none changed.\n" in out
    rows = published(workspace)["quarantine"]
    assert rows[[ORIGIN, REASON]].to_numpy().tolist() == [["incomplete", f"recorded before {NUMBER.name} was added"]]


def test_optional_column_that_was_added_and_one_that_was_removed_do_not_matter(workspace: Any) -> None:
    optional = next(column.name for column in PROBLEM.stored if column.optional)
    row = reaction("old")
    del row["features"][optional]
    row["features"]["removed"] = 5
    counts = build(workspace, decisions=[row])
    assert (counts.usable, counts.quarantined) == (401, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
@settings(deadline=None, derandomize=True, database=None, max_examples=3)
@given(data=st.data())
def test_whatever_the_product_accepts_can_be_learned_from_unchanged(
    tmp_path_factory: pytest.TempPathFactory, new_workspace: Any, name: str, data: st.DataObject
) -> None:
    shape, root = SHAPES[name], tmp_path_factory.mktemp("project")
    problem = shape.problem()
    asked = data.draw(st.lists(features(problem.stored), min_size=1, max_size=20))
    recorded = [problem.request.model_validate({c.name: c.example for c in problem.columns} | row) for row in asked]
    decisions = [
        reaction(f"{place:03}", problem=problem, features={c.name: getattr(row, c.name) for c in problem.stored})
        for place, row in enumerate(recorded)
    ]
    workspace = new_workspace(root, shape)
    build(workspace, decisions=decisions)
    with workspace.project.lake() as lake:
        table = lake.read("training")
        found = table.filter(table[ORIGIN] == "accept").order_by(collect.KEY).to_pyarrow().to_pylist()
    names = [column.name for column in problem.stored]
    assert [[row[name] for name in names] for row in found] == [[d["features"][n] for n in names] for d in decisions]


@pytest.mark.slow
def test_baseline_shares_of_every_column_add_up_to_one_with_the_missing_values(any_workspace: Any) -> None:
    problem = any_workspace.project.problem
    rows = published(any_workspace)["baseline"]
    training = published(any_workspace)["training"]
    assert set(rows["column"]) == {column.name for column in problem.stored}
    for column in problem.stored:
        of_column = rows[rows["column"] == column.name]
        assert of_column["share"].sum() == pytest.approx(1, abs=1e-9)
        missing = of_column[of_column["missing"]]["share"].tolist()
        assert missing == [pytest.approx(training[column.name].isna().mean())]
        assert (of_column["share"] >= 0).all()


def test_baseline_of_a_column_without_values_has_all_rows_in_the_bin_for_missing_ones() -> None:
    column = next(column for column in PROBLEM.stored if column.optional and column.is_numeric)
    with open_lake("duckdb://") as lake:
        empty = lake.stage(pyarrow.table({column.name: pyarrow.nulls(3, pyarrow.float64())}))
        bins = find_bins(empty, [column])
        rows = baseline(bins, count_rows(empty, bins)).to_pylist()
    assert [row["share"] for row in rows if row["missing"]] == [1.0]
    assert sum(row["share"] for row in rows) == 1.0
