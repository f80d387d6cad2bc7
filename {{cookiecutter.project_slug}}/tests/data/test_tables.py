"""The catalogue of the lake: its tables with rows, age, owner, and a fingerprint of what they hold."""

import itertools
import json

import duckdb
import ibis
import pyarrow as pa
import pytest
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.data.catalogue import (
    TABLES,
    fingerprint_rows,
    list_tables,
)
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.lake import PUBLISHED, open_lake

EACH = ["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual")]
ROWS = {"a": [1.5, None, 3.0], "b": ["x", "", None], "c": [1, 2, 2]}
OF_RUNS = ("deliveries", "statistics")  # they have the fingerprints of files, and the times of runs
CHANGED = {
    "a cell": {"b": ["y", "", None]},
    "a missing cell for an empty text": {"b": ["x", None, None]},
    "a missing cell for a sign": {"b": ["x", "", "-"]},
    "cells of two rows": {"c": [2, 1, 2]},
    "a number for its text": {"c": ["1", "2", "2"]},
}


@pytest.fixture
def workspace(new_workspace, tmp_path):
    """Return a project with nothing but its plan and its table."""
    return new_workspace(tmp_path / "project", USUAL)


@pytest.fixture(scope="module")
def fingerprint():
    """Return a function that gives the fingerprint of rows in DuckDB."""
    backend, names = ibis.duckdb.connect(), itertools.count()
    yield lambda rows: fingerprint_rows(backend.create_table(f"t{next(names)}", pa.table(rows)))
    backend.disconnect()


def build(workspace):
    with workspace.project.lake() as lake:
        build_tables(lake, workspace.root / "data" / "table.csv", [], workspace.project.problem, workspace.project.plan)
        return {entry.name: entry.fingerprint for entry in list_tables(lake) if entry.name not in OF_RUNS}


@pytest.mark.parametrize("name", EACH)
@pytest.mark.slow
def test_every_table_is_listed_with_rows_age_owner_and_fingerprint(new_workspace, run_command, tmp_path, name):
    workspace = new_workspace(tmp_path / "project", SHAPES[name])
    workspace.edit_plan("[data]", '[data]\nowner = "[red]Team"')
    first = build(workspace)
    code, printed, error = run_command(workspace, "tables", "--json")
    assert (code, error) == (0, "")
    found = {row["name"]: row for row in json.loads(printed)}
    assert {name: row["fingerprint"] for name, row in found.items() if name not in OF_RUNS} == first
    columns = 6 + len(workspace.project.problem.stored) + 1
    assert (found["training"]["rows"], found["training"]["columns"]) == (400, columns)
    assert all(0 <= row["age_seconds"] < 600 and len(row["fingerprint"]) == 16 for row in found.values())
    assert {row["owner"] for row in found.values()} == {"[red]Team"}
    code, printed, _ = run_command(workspace, "tables")
    assert code == 0
    assert all(text in printed for text in (*TABLES, found["training"]["fingerprint"], "[red]Team", "seconds"))


@pytest.mark.slow
def test_same_table_has_the_same_fingerprint_and_another_row_another_one(workspace):
    first = build(workspace)
    assert {*first} == {*TABLES}
    path = workspace.root / "data" / "table.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *rows[::-1]]), encoding="utf-8")
    assert build(workspace) == first
    path.write_text("\n".join([header, *rows[1:]]), encoding="utf-8")
    changed = build(workspace)
    assert changed["training"] != first["training"]
    assert changed["quarantine"] == first["quarantine"]


def test_order_of_rows_and_columns_does_not_change_a_fingerprint(fingerprint):
    first = fingerprint(ROWS)
    assert first[0] == 3
    assert fingerprint({name: ROWS[name][::-1] for name in reversed(ROWS)}) == first


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.slow
def test_any_other_cell_changes_a_fingerprint(fingerprint, change):
    assert fingerprint(ROWS | CHANGED[change])[1] != fingerprint(ROWS)[1]


def test_borders_of_cells_repeated_rows_and_names_count(fingerprint):
    assert fingerprint({"a": ["1:x"], "b": ["y"]})[1] != fingerprint({"a": ["1"], "b": ["x1:y"]})[1]
    assert fingerprint({"a": ["x"] * 2})[1] != fingerprint({"a": ["x"] * 4})[1]
    assert fingerprint({"a": ["x"]})[1] != fingerprint({"b": ["x"]})[1]
    empty = fingerprint({"a": pa.array([], pa.string())})
    assert empty == fingerprint({"a": pa.array([], pa.string())})
    assert empty[0] == 0


@pytest.mark.slow
def test_table_of_500_columns_has_a_fingerprint(fingerprint):
    assert fingerprint({f"x{place}": [place, place] for place in range(500)})[0] == 2


@pytest.mark.slow
def test_lake_of_an_older_version_has_tables_of_unknown_age(workspace, run_command):
    with workspace.project.lake() as lake:
        lake.publish({name: ibis.memtable({"x": [1]}) for name in TABLES})
    with duckdb.connect(workspace.project.settings.lake) as database:
        database.execute(f"DROP TABLE {PUBLISHED}")
    code, printed, _ = run_command(workspace, "tables")
    assert code == 0
    assert printed.count("unknown") == len(TABLES)
    assert [row["published_at"] for row in json.loads(run_command(workspace, "tables", "--json")[1])] == [None] * 4


def test_table_that_is_not_published_again_keeps_its_time(tmp_path):
    with open_lake(tmp_path / "lake.db") as lake:
        lake.publish({name: ibis.memtable({"x": [1]}) for name in "ab"})
    with duckdb.connect(tmp_path / "lake.db") as database:
        database.execute("UPDATE published SET published_at = '2020-01-01T00:00:00+00:00'")
    with open_lake(tmp_path / "lake.db") as lake:
        lake.publish({"b": ibis.memtable({"x": [2]})})
        times = lake.published()
    assert times["a"].startswith("2020-")
    assert not times["b"].startswith("2020-")


def test_lake_that_is_not_there_is_not_made(workspace, run_command):
    code, printed, error = run_command(workspace, "tables")
    assert (code, printed) == (2, "")
    assert "there is no lake at " in error
    assert "run the `data` command first" in error
    assert not (workspace.root / "var" / "lake.db").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("duckdb:///{}/empty.db", "the lake (duckdb) has no tables; run the `data` command first"),
        ("sqlite:///{}/empty.db", "the lake (sqlite) has no tables; run the `data` command first"),
        ("oraclelike://me:secret@host/lake", "see that APP_LAKE_URL is right"),
    ],
)
def test_lake_of_another_backend_is_one_line(workspace, run_command, monkeypatch, url, says):
    monkeypatch.setenv("APP_LAKE_URL", url.format(workspace.root))
    code, printed, error = run_command(workspace, "tables", "--json")
    assert (code, printed) == (2, "")
    assert says in error
    assert "secret" not in error


def test_backend_without_md5_still_lists_its_tables(workspace, run_command, monkeypatch):
    url = f"sqlite:///{workspace.root}/lake.db"
    monkeypatch.setenv("APP_LAKE_URL", url)
    with open_lake(url) as lake:
        lake.publish({"training": ibis.memtable({"x": [1, 2]})})
    code, printed, error = run_command(workspace, "tables", "--json")
    assert (code, error) == (0, "")
    [row] = json.loads(printed)
    assert (row["name"], row["rows"], row["fingerprint"]) == ("training", 2, None)
