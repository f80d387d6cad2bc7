"""Columns from other tables are as they were known when a row was decided on, and nothing later is used."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import SHAPES

from {{ cookiecutter.__package }}.cli.lake_rows import LakeRows
from {{ cookiecutter.__package }}.cli.simulate import _read_cases
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.join import AnyJoin, Join, Window
from {{ cookiecutter.__package }}.core.problem import Problem, with_source
from {{ cookiecutter.__package }}.core.source import Source, SourceColumn
from {{ cookiecutter.__package }}.data.card import write_card
from {{ cookiecutter.__package }}.data.croissant import write_croissant
from {{ cookiecutter.__package }}.data.describe import describe_table, digest_definition
from {{ cookiecutter.__package }}.data.incremental import KeptRows
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.forgotten import Identifier, list_of
from {{ cookiecutter.__package }}.stores.lake import SUBJECT, open_lake

NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
SOURCE = Source(subject="who", time="decided_at")
EVENTS = Source(place="events.csv", key="who", time="at")


class Tables:
    """A table of cases decided at NOW, and tables beside it."""

    def __init__(self, root: Path, shape: str = "optional numbers", lake: str = "") -> None:
        self.root, self.shape, self.lake = root, SHAPES[shape], lake or root / "lake.db"
        self.joined = next(column.name for column in self.problem.inputs if column.kind == "number")
        self.cases = [
            {**row, "who": f"w{place}", "decided_at": NOW.isoformat()} for place, row in enumerate(self.shape.table(40))
        ]
        for row in self.cases:
            row.pop(self.joined)

    @property
    def problem(self) -> Problem:
        return self.shape.problem()

    def write(self, name: str, rows: list[dict[str, Any]]) -> Path:
        path = self.root / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*rows[0]])
            writer.writeheader()
            writer.writerows(rows)
        return path

    def build(self, *joins: AnyJoin, source: Source = SOURCE, kept: KeptRows | None = None) -> Any:
        places = [(self.root / join.source.place, join) for join in joins]
        problem = with_source(self.problem, source, places)
        plan = self.shape.parsed_plan
        plan = plan.model_copy(update={"data": plan.data.model_copy(update={"max_quarantined_share": 0.99})})
        with open_lake(self.lake) as lake:
            place = self.write("cases.csv", self.cases)
            return build_tables(lake, place, [], problem, plan, kept=kept or KeptRows(self.root / "deliveries"))

    def values(self, name: str = "training") -> dict[str, Any]:
        with open_lake(self.lake) as lake:
            rows = lake.read(name).to_pyarrow().to_pylist()
        return {row[SUBJECT]: row[self.joined] for row in rows}


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def test_nothing_from_the_moment_of_the_decision_on_is_used(tables: Tables) -> None:
    times = {"w0": NOW - SECOND, "w1": NOW, "w2": NOW + SECOND}
    tables.write("events.csv", [{"who": who, "at": at.isoformat(), "amount": "7"} for who, at in times.items()])
    tables.build(Window(source=EVENTS, days=30, columns={tables.joined: ("sum", "amount")}))
    assert [tables.values()[who] for who in ("w0", "w1", "w2", "w3")] == [7.0, 0.0, 0.0, 0.0]


def test_sabotage_planted_future_value_changes_no_feature(tables: Tables) -> None:
    events = [{"who": f"w{n}", "at": (NOW - DAY).isoformat(), "score": f"{n}"} for n in range(40)]
    source = EVENTS.model_copy(update={"columns": {tables.joined: SourceColumn(name="score")}})
    tables.write("events.csv", events)
    tables.build(Join(source=source, columns=(tables.joined,)))
    before = tables.values()
    assert before["w5"] == 5.0
    answers = [{"who": f"w{n}", "at": (NOW + MINUTE).isoformat(), "score": "1e6"} for n in range(40)]
    tables.write("events.csv", answers + events)
    tables.build(Join(source=source, columns=(tables.joined,)))
    assert tables.values() == before


@pytest.mark.slow
def test_window_ends_before_its_days(tables: Tables) -> None:
    times = {"w0": NOW - 2 * DAY, "w1": NOW - 2 * DAY - SECOND}
    tables.write("events.csv", [{"who": who, "at": at.isoformat()} for who, at in times.items()])
    tables.build(Window(source=EVENTS, days=2, columns={tables.joined: ("count", "")}))
    assert [tables.values()[who] for who in ("w0", "w1")] == [1.0, 0.0]


@pytest.mark.slow
def test_time_without_an_offset_is_one_in_utc(tables: Tables) -> None:
    east = (NOW - SECOND).astimezone(timezone(timedelta(hours=9))).isoformat()
    times = {"w0": "2024-03-10 11:59:59", "w1": "2024-03-10 12:00:00", "w2": east, "w3": "2024-03-10"}
    tables.write("events.csv", [{"who": who, "at": at} for who, at in times.items()])
    tables.build(Window(source=EVENTS, days=1, columns={tables.joined: ("count", "")}))
    assert [tables.values()[f"w{n}"] for n in range(4)] == [1.0, 0.0, 1.0, 1.0]


@pytest.mark.slow
def test_rows_about_a_subject_are_found_in_tables_that_are_joined_by_it(tables: Tables) -> None:
    events = [{"who": who, "at": "2024-03-10"} for who in ("w3", "w3", "w4")]
    place, events_file = tables.write("cases.csv", tables.cases), tables.write("events.csv", events)
    forgotten = list_of([Identifier("subject", "w3")])
    for on, expected in (("subject", {place.name: 1, events_file.name: 2}), ("by", {place.name: 1})):
        join = Window(source=EVENTS, on=on, days=9, columns={tables.joined: ("count", "")})
        problem = dataclasses.replace(with_source(tables.problem, SOURCE), joins=((events_file, join),))
        plan, at = SimpleNamespace(data=SimpleNamespace(source=place.name)), SimpleNamespace(root=tables.root)
        project: Any = SimpleNamespace(problem=problem, plan=plan, sources=(), settings=at)
        found = LakeRows(project, None).find_in_sources(forgotten)
        assert {Path(name).name: number for name, number in found.items()} == expected


@pytest.mark.slow
def test_simulated_cases_have_the_joined_columns(tables: Tables) -> None:
    events = [{"who": row["who"], "at": "2024-03-10"} for row in tables.cases]
    events_file = tables.write("events.csv", events)
    join = Window(source=EVENTS, days=9, columns={tables.joined: ("count", "")})
    tables.build(join)
    problem = with_source(tables.problem, SOURCE, [(events_file, join)])
    project: Any = SimpleNamespace(problem=problem, lake=lambda: open_lake(tables.lake))
    cases = _read_cases(project, "", seed=0)
    assert len(cases.rows) == len(tables.cases)
    assert cases.draw(0).features[tables.joined] is not None


@pytest.mark.slow
def test_card_names_the_table_of_a_column_and_croissant_leaves_it_out(tables: Tables) -> None:
    tables.write("events.csv", [{"who": "w0", "at": "2024-03-10"}])
    join = Window(source=EVENTS, days=9, columns={tables.joined: ("count", "")})
    problem = with_source(tables.problem, SOURCE, [(tables.root / "events.csv", join)])
    place, plan = tables.write("cases.csv", tables.cases), tables.shape.parsed_plan
    found = describe_table("cases.csv", place, problem, plan, tables.root)
    card = write_card(found, problem, plan)
    assert "count of rows in the 9 days before the decision, of events.csv, by who = subject" in card
    fields = json.loads(write_croissant(found, problem, plan))["recordSet"][0]["field"]
    names = [field["name"] for field in fields]
    assert set(names) >= {column.name for column in problem.columns} - {tables.joined}
    assert tables.joined not in names
    other = with_source(tables.problem, SOURCE, [(tables.root / "events.csv", join.model_copy(update={"days": 8.0}))])
    assert digest_definition("cases.csv", other, plan, tables.root) != found.definition


HOWS = {
    "count": len,
    "sum": sum,
    "mean": lambda found: sum(found) / len(found) if found else None,
    "min": lambda found: min(found, default=None),
    "max": lambda found: max(found, default=None),
}
EVENT = st.tuples(st.integers(0, 2), st.integers(-5, 5), st.integers(-9, 9))


@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(events=st.lists(EVENT, min_size=1, max_size=12))
def test_aggregates_are_those_of_a_plain_loop(tmp_path_factory: Any, how: Any, events: list[Any]) -> None:
    tables = Tables(tmp_path_factory.mktemp("joined"), "optional numbers")
    moments = [(NOW + timedelta(hours=hours)).isoformat() for _, hours, _ in events]
    rows = [{"who": f"w{who}", "at": at, "of": of} for at, (who, _, of) in zip(moments, events, strict=True)]
    tables.write("events.csv", rows)
    tables.build(Window(source=EVENTS, days=3 / 24, columns={tables.joined: (how, "" if how == "count" else "of")}))
    for who in range(3):
        found = [of for each, hours, of in events if each == who and -3 <= hours < 0]
        assert tables.values()[f"w{who}"] == pytest.approx(HOWS[how](found))


@pytest.mark.slow
def test_table_without_times_gives_the_row_of_each_key_within_the_limits_of_the_contract(tmp_path: Path) -> None:
    tables = Tables(tmp_path, "usual")
    source = Source(place="accounts.csv", key="who", columns={tables.joined: SourceColumn(name="age")})
    ages = {n: 9 if n == 38 else n / 20 for n in range(39)}
    tables.write("accounts.csv", [{"who": f" w{n} ", "age": age, "more": "x"} for n, age in ages.items()])
    counts = tables.build(Join(source=source, columns=(tables.joined,)))
    assert tables.values()["w20"] == 1.0
    assert (counts.usable, counts.quarantined) == (38, 2)
    with open_lake(tmp_path / "lake.db") as lake:
        reasons = {row[SUBJECT]: row["_reason"] for row in lake.read("quarantine").to_pyarrow().to_pylist()}
        names = lake.read("deliveries").to_pyarrow()["name"].to_pylist()
    assert reasons["w39"] == f"{tables.joined} is empty"
    assert reasons["w38"].startswith(f"{tables.joined} is 9.0, expected a number")
    assert [name.rpartition("/")[2] for name in names] == ["cases.csv", "accounts.csv"]


@pytest.mark.slow
def test_files_are_read_once_and_a_change_of_the_other_table_has_its_effect(tables: Tables) -> None:
    join = Window(source=EVENTS, days=9, columns={tables.joined: ("count", "")})
    event = {"who": "w0", "at": (NOW - DAY).isoformat()}
    tables.write("events.csv", [event])
    assert tables.build(join).new == 2
    assert tables.build(join).new == 0
    tables.write("events.csv", [event, event])
    assert tables.build(join).new == 1
    assert tables.values()["w0"] == 2.0


@pytest.mark.slow
def test_forgotten_subject_is_in_nothing_that_was_read_of_another_table(tables: Tables) -> None:
    tables.write("events.csv", [{"who": f"w{n}", "at": "2024-03-10", "amount": n} for n in range(5)])
    kept = KeptRows(tables.root / "deliveries", list_of([Identifier("subject", "w3")]))
    tables.build(Window(source=EVENTS, days=9, columns={tables.joined: ("sum", "amount")}), kept=kept)
    assert "w3" not in tables.values()
    files = [*(tables.root / "deliveries").rglob("*.parquet")]
    assert len(files) == 2
    cells = {cell for path in files for row in pyarrow.parquet.read_table(path).to_pylist() for cell in row.values()}
    assert "w2" in cells
    assert "w3" not in cells


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"who": "w0", "when": "2024-01-01"}], "column at is missing"),
        ([{"who": "w0", "at": "soon", "amount": "1"}], "row 1: at is 'soon', expected a date or time"),
        ([{"who": "w0", "at": "2024-01-01", "amount": "much"}], "row 1: amount is 'much'"),
    ],
)
def test_table_that_cannot_be_used_is_one_line(tables: Tables, rows: list[dict[str, str]], says: str) -> None:
    tables.write("events.csv", rows)
    with pytest.raises(UserError, match=says) as caught:
        tables.build(Window(source=EVENTS, days=9, columns={tables.joined: ("sum", "amount")}))
    assert "events.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_key_that_is_there_twice_needs_times(tables: Tables) -> None:
    source = Source(place="accounts.csv", key="who", columns={tables.joined: SourceColumn(name="age")})
    tables.write("accounts.csv", [{"who": "w1", "age": 1}, {"who": "w1", "age": 2}])
    with pytest.raises(UserError, match="who 'w1' is there 2 times; give `time` of its source, or declare a Window"):
        tables.build(Join(source=source, columns=(tables.joined,)))


@pytest.mark.slow
def test_case_without_a_time_is_in_quarantine(tables: Tables) -> None:
    tables.cases[4]["decided_at"] = "yesterday"
    tables.write("events.csv", [{"who": "w0", "at": "2024-03-10"}])
    assert tables.build(Window(source=EVENTS, days=9, columns={tables.joined: ("count", "")})).quarantined == 1
    assert set(tables.values("quarantine")) == {"w4"}


@pytest.mark.parametrize(
    ("join", "source", "says"),
    [
        (Window(source=EVENTS, days=1, columns={"nothing": ("count", "")}), SOURCE, "nothing is not in contract.py"),
        (Window(source=Source(key="a"), days=1, columns={"by": ("count", "")}), SOURCE, "give `place` of its source"),
        (Window(source=EVENTS, days=1, columns={"by": ("sum", "")}), SOURCE, "others name a column"),
        (Window(source=EVENTS, on="nobody", days=1, columns={"by": ("count", "")}), SOURCE, "on: 'nobody' is neither"),
        (Window(source=EVENTS, days=1, columns={"by": ("count", "")}), Source(), "give `time` of SOURCE"),
    ],
)
def test_declaration_that_does_not_fit_is_one_line(tables: Tables, join: AnyJoin, source: Source, says: str) -> None:
    with pytest.raises(UserError, match=says):
        tables.build(join, source=source)


@pytest.mark.slow
def test_column_that_the_table_has_as_well_is_named(tables: Tables) -> None:
    tables.write("events.csv", [{"who": "w0", "at": "2024-03-10"}])
    for row in tables.cases:
        row[tables.joined] = "1"
    join = Window(source=EVENTS, days=9, columns={tables.joined: ("count", "")})
    with pytest.raises(UserError, match=f"column {tables.joined} comes from JOINS: add it to `ignored`"):
        tables.build(join)
    tables.build(join, source=SOURCE.model_copy(update={"ignored": (tables.joined,)}))
    assert tables.values()["w0"] == 1.0
