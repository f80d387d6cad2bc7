"""Sources are read once: a run reads what is new, and the tables are those of a run that reads everything."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import KEY as KEY_NAME
from problems import SHAPES

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.data.curate import Counts
from {{ cookiecutter.__package }}.data.incremental import KeptRows, collect_sources
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.deliveries import read_ahead
from {{ cookiecutter.__package }}.stores.lake import KEY, ROW, SOURCE, open_lake

SHAPE = SHAPES["usual"]
PROBLEM = SHAPE.problem()
NUMBER = next(column.name for column in PROBLEM.inputs if column.is_numeric and not column.optional)
PLAIN = Source()


class Project:
    """A lake and a folder of deliveries, of which a test changes the files."""

    def __init__(self, root: Path, table: pa.Table) -> None:
        self.root, self.folder, self.table = root, root / "incoming", table
        self.folder.mkdir()
        plan = SHAPE.parsed_plan
        self.plan = plan.model_copy(update={"data": plan.data.model_copy(update={"max_quarantined_share": 0.3})})
        self.seen: list[str] = []

    def put(self, name: str, start: int, stop: int, **changes: str) -> Path:
        """Write some rows of the table as a file, with some columns changed."""
        part = self.table.slice(start, stop - start)
        for column, value in changes.items():
            part = part.set_column(part.schema.get_field_index(column), column, pa.repeat(value, len(part)))
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".parquet":
            pa.parquet.write_table(part, path)
        elif path.suffix == ".jsonl":
            path.write_text("".join(f"{json.dumps(row)}\n" for row in part.to_pylist()))
        else:
            pa.csv.write_csv(part, path, pa.csv.WriteOptions(quoting_style="needed"))
        return path

    def build(self, place: Path | str | None = None, *more: Source, fresh: bool = False) -> Counts:
        """Run the data wheel, without what was read before if it is to be fresh."""
        self.seen = []
        folder = None if fresh else self.root / "deliveries"
        kept = KeptRows(folder, report=lambda name, _share: self.seen.append(name))
        others = [(Path(source.place), source) for source in more]
        with open_lake(self.root / "lake.db") as lake:
            counts = build_tables(lake, place or self.folder, [], PROBLEM, self.plan, others, kept)
            return dataclasses.replace(counts, comparison="")

    def rows(self, name: str = "training") -> list[dict[str, Any]]:
        with open_lake(self.root / "lake.db") as lake:
            return [dict(row) for row in lake.read(name).order_by(KEY).to_pyarrow().to_pylist()]


@pytest.fixture(scope="session")
def table(once: Any, new_workspace: Any) -> pa.Table:
    folder = once("incremental", lambda root: new_workspace(root, SHAPE))
    texts = pa.csv.ConvertOptions(strings_can_be_null=False, column_types=dict.fromkeys(NAMES, pa.string()))
    return pa.csv.read_csv(folder / "data" / "table.csv", convert_options=texts)


NAMES = [KEY_NAME, *(column.name for column in PROBLEM.columns), PROBLEM.target.name]


@pytest.fixture
def project(tmp_path: Path, table: pa.Table) -> Project:
    return Project(tmp_path, table)


def test_second_run_reads_nothing_and_changes_nothing(project: Project) -> None:
    project.put("a.csv", 0, 60)
    project.put("deeper/b.parquet", 60, 90)
    assert project.build() == Counts(usable=90, quarantined=0, incomplete=0, deliveries=2, new=2)
    before = project.rows()
    assert project.build() == Counts(usable=90, quarantined=0, incomplete=0, deliveries=2, new=0)
    assert (project.seen, project.rows()) == ([], before)


@pytest.mark.slow
def test_new_changed_and_removed_files_give_what_reading_everything_gives(project: Project) -> None:
    for place, name in enumerate(("a.csv", "b.csv", "c.csv")):
        project.put(name, place * 20, place * 20 + 25)
    project.build()
    for change, read in (
        (lambda: project.put("bb.csv", 100, 120), ["incoming/bb.csv"]),
        (lambda: project.put("a.csv", 0, 30), ["incoming/a.csv"]),
        ((project.folder / "c.csv").unlink, []),
    ):
        change()
        counts = project.build()
        assert {*project.seen} == {*read}
        found = project.rows(), project.rows("quarantine")
        assert dataclasses.replace(project.build(fresh=True), new=0) == dataclasses.replace(counts, new=0)
        assert (project.rows(), project.rows("quarantine")) == found


@pytest.mark.slow
def test_row_of_a_later_file_replaces_that_of_an_earlier_one(project: Project) -> None:
    project.put("2026-01.csv", 0, 50)
    project.put("2026-02.csv", 40, 60, **{NUMBER: "1"})
    counts = project.build()
    assert (counts.read, counts.usable, counts.duplicates) == (70, 60, 10)
    changed = {row[KEY] for row in project.rows() if row[NUMBER] == 1}
    assert {*project.table[KEY_NAME].slice(40, 20).to_pylist()} <= changed


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.integers(0, 50), st.integers(1, 12), st.booleans(), st.sampled_from(["csv", "jsonl"])),
        min_size=1,
        max_size=4,
    )
)
def test_sabotage_any_mix_of_copies_and_faults_is_counted_to_the_last_row(
    table: pa.Table, tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int, bool, str]]
) -> None:
    project = Project(tmp_path_factory.mktemp("mix"), table)
    written = 0
    for place, (start, size, is_bad, kind) in enumerate(parts):
        path = project.put(f"{place}.{kind}", start, start + size)
        written += size + is_bad
        path.write_text(path.read_text() + "one,two\n" * is_bad)
    project.put("z.csv", 100, 140)
    counts = project.build()
    assert counts.read == written + 40
    assert len(project.rows()) == counts.usable
    assert len(project.rows("quarantine")) == counts.quarantined


def test_line_that_is_no_row_is_quarantined_with_file_and_line(project: Project) -> None:
    path = project.put("a.csv", 0, 20)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], "1,2", *lines[5:], ""]))
    counts = project.build()
    [bad] = project.rows("quarantine")
    assert (counts.usable, counts.quarantined) == (20, 1)
    assert (bad[SOURCE], bad[ROW], bad["_reason"]) == (
        "incoming/a.csv",
        6,
        f"line 6: 2 cells, expected {len(NAMES)} as in the header",
    )


NO_OBJECTS = {
    "1, 2": "Extra data (character 2)",
    "[1]": "[1], expected an object with a value for each column",
    '{"a": 1': "Expecting ',' delimiter (character 9)",
    '{"a": "\\ud83d"}': "not text in UTF-8",
    '{"a":' * 100_000: "lists or objects within more than a thousand others",
}


@pytest.mark.slow
def test_lines_that_are_no_objects_are_quarantined_with_file_and_line(project: Project) -> None:
    path = project.put("a.jsonl", 0, 20)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*NO_OBJECTS, "", *lines, ""]))
    counts = project.build()
    assert (counts.read, counts.usable, counts.quarantined) == (25, 20, 5)
    found = {row[ROW]: (row[SOURCE], row["_reason"]) for row in project.rows("quarantine")}
    assert found == {n: ("incoming/a.jsonl", f"line {n}: {why}") for n, why in enumerate(NO_OBJECTS.values(), 1)}


def test_sabotage_truncated_file_is_refused_and_the_tables_stay(project: Project) -> None:
    path = project.put("a.csv", 0, 20)
    project.build()
    before, text = project.rows(), path.read_text()
    path.write_text(text[: text.rindex(",")][:-4])
    with pytest.raises(UserError, match=r"a\.csv: row \d+ \(line \d+\): .* and the file ends here: is it whole\?"):
        project.build()
    path.unlink()
    path = project.put("a.jsonl", 0, 20)
    path.write_text(path.read_text()[:-4])
    with pytest.raises(UserError, match=r"a\.jsonl: line 20: .* and the file ends here: is it whole\?"):
        project.build()
    assert project.rows() == before


@pytest.mark.slow
def test_run_that_fails_keeps_the_old_tables_and_the_next_one_goes_on(project: Project) -> None:
    project.put("a.csv", 0, 20)
    project.build()
    before = project.rows()
    project.put("b.csv", 20, 40)
    project.put("c.csv", 40, 60, **{NUMBER: "many"})
    with pytest.raises(UserError, match=r"c\.csv: row 1 .*is 'many'"):
        project.build()
    assert project.rows() == before
    project.put("c.csv", 40, 60)
    assert (project.build().usable, {*project.seen}) == (60, {"incoming/c.csv"})
    assert not list((project.root / "deliveries").glob(".*"))


def test_contract_that_has_changed_has_every_file_read_again(project: Project) -> None:
    project.put("a.csv", 0, 20)
    kept = KeptRows(project.root / "deliveries")
    for problem in (PROBLEM, dataclasses.replace(PROBLEM, fingerprint="other")):
        for new in (1, 0):
            with collect_sources([(project.folder, PLAIN)], problem, kept) as collected:
                assert collected.new == new
    assert len(list((project.root / "deliveries").iterdir())) == 1


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("incoming", "no table in this folder"),
        ("incoming/*.csv", "no file has such a name"),
        ("nowhere", "no such file"),
        ("nowhere.csv", "no such file"),
    ],
)
def test_place_without_a_table_is_one_line(project: Project, place: str, says: str) -> None:
    (project.folder / ".hidden.csv").write_text("a")
    (project.folder / "notes.md").write_text("a")
    with pytest.raises(UserError, match=f"{place.replace('*', '.')}: {says}"):
        project.build(project.root / place)


@pytest.mark.slow
def test_pattern_takes_the_files_that_it_names(project: Project) -> None:
    for name in ("a1.csv", "a2.csv", "b.csv"):
        project.put(name, 0, 20)
    counts = project.build(project.folder / "a*.csv")
    assert (counts.deliveries, counts.usable, counts.duplicates) == (2, 20, 20)


@pytest.mark.slow
def test_further_source_is_read_as_it_declares(project: Project) -> None:
    path = project.put("a.csv", 0, 20)
    project.put("b.csv", 20, 40)
    other = project.root / "other.txt"
    shutil.move(project.folder / "b.csv", other)
    other.write_text(other.read_text().replace(",", ";"))
    assert project.build(path, Source(place=str(other), delimiter=";")).usable == 40


@pytest.mark.slow
def test_rows_without_a_key_have_keys_of_their_own_in_every_file(project: Project) -> None:
    project.table = project.table.drop_columns([KEY_NAME])
    for place in range(2):
        project.put(f"{place}.csv", place * 20, place * 20 + 20)
    problem = dataclasses.replace(PROBLEM, source=Source(number_rows=True))
    with open_lake(project.root / "lake.db") as lake:
        assert build_tables(lake, project.folder, [], problem, project.plan).usable == 40


class Warehouse:
    """A table of a database with a column that says when a row changed."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self.path, self.url = path, f"sqlite:///{path}"
        self.source = Source(place=self.url, cursor="changed")
        with sqlite3.connect(path) as database:
            database.execute(f"CREATE TABLE cases ({', '.join(map(repr, NAMES))}, changed TEXT)")
        self.table = table

    def write(self, start: int, stop: int, changed: str, **changes: str) -> None:
        rows = [row | changes for row in self.table.slice(start, stop - start).to_pylist()]
        marks = ", ".join("?" * (len(NAMES) + 1))
        with sqlite3.connect(self.path) as database:
            values = [[*(row[name] for name in NAMES), changed] for row in rows]
            database.executemany(f"INSERT INTO cases VALUES ({marks})", values)  # noqa: S608  # marks alone


@pytest.fixture
def warehouse(project: Project) -> Warehouse:
    return Warehouse(project.root / "warehouse.db", project.table)


@pytest.mark.slow
def test_cursor_reads_new_and_changed_rows_alone(project: Project, warehouse: Warehouse) -> None:
    path = project.put("a.csv", 100, 120)
    source = warehouse.source

    def build() -> tuple[int, int, int]:
        with open_lake(project.root / "lake.db") as lake:
            kept = KeptRows(project.root / "deliveries")
            found = build_tables(lake, path, [], PROBLEM, project.plan, [(warehouse.url, source)], kept)
        return found.usable, found.duplicates, found.new

    warehouse.write(0, 20, "2026-01-01")
    assert build() == (40, 0, 2)
    assert build() == (40, 0, 0)
    warehouse.write(10, 30, "2026-01-02", **{NUMBER: "1"})
    assert build() == (50, 10 + 20, 1)  # with the first 20 rows, whose value was the newest until then
    changed = {row[KEY] for row in project.rows() if row[NUMBER] == 1}
    assert {*project.table[KEY_NAME].slice(10, 20).to_pylist()} <= changed
    warehouse.write(30, 31, "2026-01-02")  # late, with a value that was the newest already
    warehouse.write(31, 32, "2026-01-03")
    assert build()[0] == 52


@pytest.mark.slow
def test_database_without_a_cursor_is_read_whole(project: Project, warehouse: Warehouse) -> None:
    source = Source(ignored=("changed",))
    problem = dataclasses.replace(PROBLEM, source=source)
    counts = []
    for step in range(3):
        if step < 2:
            warehouse.write(step * 20, step * 20 + 20, "")
        with open_lake(project.root / "lake.db") as lake:
            kept = KeptRows(project.root / "deliveries")
            found = build_tables(lake, warehouse.url, [], problem, project.plan, (), kept)
        counts.append((found.usable, found.new))
    assert counts == [(20, 1), (40, 1), (40, 0)]


def test_unknown_cursor_is_one_line(project: Project, warehouse: Warehouse) -> None:
    warehouse.write(0, 20, "2026")
    problem = dataclasses.replace(PROBLEM, source=Source(cursor="when"))
    with (
        open_lake(project.root / "lake.db") as lake,
        pytest.raises(UserError, match="no column 'when'; name one by cursor="),
    ):
        build_tables(lake, warehouse.url, [], problem, project.plan)


@pytest.mark.slow
def test_deliveries_are_listed_with_their_fingerprints(project: Project) -> None:
    project.put("a.csv", 0, 20)
    project.put("b.csv", 20, 40)
    project.build()
    with open_lake(project.root / "lake.db") as lake:
        found = lake.frame("deliveries")
    assert found["name"].tolist() == ["incoming/a.csv", "incoming/b.csv"]
    assert found["rows"].tolist() == [20, 20]
    assert all(len(digest) == 64 for digest in found["fingerprint"])
    assert pc.count_distinct(pa.array(found["fingerprint"])).as_py() == 2


def test_items_that_are_read_ahead_come_in_their_order_until_one_fails() -> None:
    def make() -> Any:
        yield from range(3)
        raise UserError("the fourth")

    items = read_ahead(make())
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UserError, match="the fourth"):
        next(items)
    assert list(read_ahead([])) == []


def test_what_reads_ahead_stops_with_its_reader() -> None:
    made: list[int] = []
    for item in read_ahead(made.append(number) or number for number in range(1, 100)):  # type: ignore[func-returns-value]
        if item == 3:
            break
    assert made in ([1, 2, 3], [1, 2, 3, 4])
