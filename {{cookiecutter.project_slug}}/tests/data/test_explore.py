"""The page of `explore` has the true figures of every table, is small, loads nothing, and escapes what it shows."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import pandas as pd
import pytest
from problems import SHAPES, USUAL
from pydantic import Field

from {{ cookiecutter.__package }}.core.binning import Bin
from {{ cookiecutter.__package }}.core.schema import PERSONAL
from {{ cookiecutter.__package }}.data import explore, explore_tables
from {{ cookiecutter.__package }}.data.breakdown import Part, explain, join_intervals
from {{ cookiecutter.__package }}.data.explore_page import render
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.lake import WEIGHT

PROBLEM = USUAL.problem()
LABEL = PROBLEM.target.name
GROUP = next(column.name for column in PROBLEM.stored if column.protected)
TEXT = next(column.name for column in PROBLEM.stored if column.kind == "text")
NUMBER = next(column.name for column in PROBLEM.stored if column.is_numeric and column.optional)
SMALL = [name for name, shape in SHAPES.items() if len(shape.features) < 20]
HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
# attributes that make a browser load what they name; a link loads nothing before somebody follows it
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href"}


class Page(HTMLParser):
    """Tables of a page by caption: the cells of each row; what it loads from elsewhere; scripts and handlers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.loaded = re.findall(r"""(?:url\(|@import|import\(|fetch\()\s*["']?((?:https?:)?//[^"')]*)""", text)
        self.scripts: list[str] = []
        self.handlers: list[str] = []  # of events, by attributes
        self.paragraphs: list[str] = []
        self.notes: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        for name, value in attributes:
            is_loaded = name in LOADING or (name == "href" and tag != "a")
            if is_loaded and value and not value.startswith(("data:", "#")):
                self.loaded.append(value)
            self.handlers += [name] if name.startswith("on") else []
        if tag == "caption":
            self._rows: list[list[str]] = []
        elif tag == "tr" and hasattr(self, "_rows"):
            self._rows.append([])
        elif tag in {"th", "td"} and getattr(self, "_rows", None):
            self._rows[-1].append("")

    def handle_data(self, data: str) -> None:
        last = self._inside[-1] if self._inside else ""
        if last == "caption":
            self.tables[data] = self._rows
        elif getattr(self, "_rows", None) and self._rows[-1]:
            self._rows[-1][-1] += data
        else:
            {"script": self.scripts, "p": self.paragraphs, "small": self.notes}.get(last, []).append(data)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._inside and self._inside.pop() != tag:
            pass
        if tag == "table" and hasattr(self, "_rows"):
            del self._rows


@pytest.fixture
def new(once: Any, new_workspace: Any, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that makes a project of a shape with its tables, and no models."""

    def build(workspace: Any) -> None:
        project = workspace.project
        with project.lake() as lake:
            build_tables(lake, workspace.root / "data" / "table.csv", [], project.problem, project.plan)

    def make(name: str = "usual") -> Any:
        folder = once(f"built-{name.replace(' ', '-')}", lambda root: build(new_workspace(root, SHAPES[name])))
        shutil.copytree(folder, tmp_path / "project")
        return new_workspace(tmp_path / "project", SHAPES[name])

    return make


def with_features(workspace: Any, **features: Any) -> Any:
    """Return a workspace with other fields of the contract, and the same tables."""
    shape = dataclasses.replace(workspace.shape, features=workspace.shape.features | features, rules=USUAL.rules[:1])
    return dataclasses.replace(workspace, shape=shape)


def draw(workspace: Any) -> Page:
    """Return the page without the table of rows, which takes a second."""
    with workspace.project.lake() as lake:
        return Page(render("?", explore.explore(lake, workspace.project.problem), ""))


@pytest.fixture
def page(run_command: Any) -> Callable[..., Page]:
    """Return a function that runs `explore` on a workspace and reads its page."""

    def read(workspace: Any) -> Page:
        code, out, error = run_command(workspace, "explore")
        path = workspace.root / "var" / "explore.html"
        assert (code, error, out.endswith(f"{path}\n")) == (0, "", True), error
        return Page(path.read_text(encoding="utf-8"))

    return read


def change(workspace: Any, values: dict[str, str], where: str = "true", table: str = "training") -> None:
    """Set columns of a table of the lake to the values of expressions in SQL, in the rows for which `where` is true."""
    settings = ", ".join(f'"{name}" = {value}' for name, value in values.items())
    run_sql(workspace, f"UPDATE {table} SET {settings} WHERE {where}")  # noqa: S608  # texts of this file


def run_sql(workspace: Any, statement: str) -> None:
    with duckdb.connect(workspace.project.settings.lake) as database:
        database.execute(statement)


def read(workspace: Any) -> pd.DataFrame:
    with workspace.project.lake() as lake:
        return lake.frame("training")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_page_of_any_table_is_small_loads_nothing_and_counts_every_row(new: Any, page: Any, name: str) -> None:
    workspace = new(name)
    found, problem = page(workspace), workspace.project.problem
    path = workspace.root / "var" / "explore.html"
    assert path.stat().st_size < 1_500_000
    assert "default-src 'none'" in path.read_text(encoding="utf-8")
    assert (found.loaded, found.handlers) == ([], [])
    overview = {row[0].split()[0]: row[1:] for row in found.tables["all columns"][1:]}
    assert set(overview) == {column.name for column in problem.stored}
    frame = read(workspace)
    for column in problem.stored:
        assert overview[column.name][0] == f"{frame[column.name].isna().mean():.1%}"
        if rows := found.tables.get(f"{problem.target.name} by {column.name}"):
            assert sum(int(row[1].replace(",", "")) for row in rows[1:]) == len(frame)


def test_page_that_loads_something_is_found_out() -> None:
    texts = ['<img src="https://a.example/x">', '<link href="//a.example/x">', "<style>@import 'https://a.example';"]
    texts += ["<p style='background: url(http://a.example/x)'>", "<script>fetch('https://a.example')</script>"]
    assert all(Page(text).loaded for text in texts)
    assert not Page('<a href="https://a.example"><img src="data:,"><svg xmlns="http://www.w3.org/2000/svg">').loaded


@pytest.mark.slow
def test_group_with_another_base_rate_is_shown_with_its_figure(new: Any) -> None:
    workspace = new()
    usual = draw(workspace).tables[f"{LABEL} by {GROUP}"]
    last = PROBLEM.target.categories[-1]
    change(workspace, {LABEL: f"'{last}'"}, f"\"{GROUP}\" = 'b' AND _key[-1] < '9'")
    frame = read(workspace)
    shares = (frame[LABEL] == last).groupby(frame[GROUP].fillna("missing")).mean()
    found = draw(workspace).tables[f"{LABEL} by {GROUP}"]
    assert {row[0]: row[2].split()[0] for row in found[1:]} == {name: f"{share:.1%}" for name, share in shares.items()}
    assert shares["b"] > 0.9
    assert found[1] == usual[1]
    assert found[2] != usual[2]


@pytest.mark.slow
def test_missing_values_of_each_group_are_shown(new: Any) -> None:
    workspace = new()
    change(workspace, {NUMBER: "NULL"}, f"\"{GROUP}\" = 'b'")
    heads, *rows = draw(workspace).tables[f"missing values by {GROUP}"]
    frame = read(workspace)
    assert heads == ["column", "a", "b", "missing"]
    assert rows[0][0] == NUMBER
    assert rows[0][1:3] == [f"{frame[NUMBER].isna()[frame[GROUP] == 'a'].mean():.1%}", "100.0%"]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.slow
def test_column_that_gives_the_answer_away_is_the_first(new: Any, name: str) -> None:
    workspace = new(name)
    problem = workspace.project.problem
    column, target = problem.stored[-1], problem.target
    before = [row[0].split()[0] for row in draw(workspace).tables["all columns"][1:]]
    values = list(column.categories) or [0, 40, 80]
    pairs = zip(target.categories, values, strict=False)
    cases = " ".join(f"WHEN '{answer}' THEN '{value}'" for answer, value in pairs)
    change(workspace, {column.name: f'CASE "{target.name}" {cases} END'})
    rows = draw(workspace).tables["all columns"]
    assert before[0] != column.name
    assert rows[1][0].split()[0] == column.name
    assert float(rows[1][2].rstrip("%")) > 60


@pytest.mark.slow
def test_column_without_values_and_table_of_one_row_have_their_page(new: Any) -> None:
    workspace = new()
    change(workspace, {NUMBER: "NULL", TEXT: "NULL"})
    found = draw(workspace)
    assert found.tables[f"{LABEL} by {NUMBER}"][-1][:2] == ["missing", "400"]
    assert {row[0]: row[1] for row in found.tables["all columns"]}[f"{NUMBER} number"] == "100.0%"
    run_sql(workspace, "DELETE FROM training WHERE _key <> 'c000007'")
    rows = draw(workspace).tables[f"{LABEL} by {NUMBER}"]
    assert rows[-1][:2] == ["missing", "1"]
    assert len(draw(workspace).tables) == len(found.tables)


def test_mean_of_one_number_has_no_interval() -> None:
    target = SHAPES["wide"].problem().target
    assert explore_tables.interval(Part("one", 1, (5.0,), (0.0,)), target) is None
    assert explore_tables.interval(Part("more", 101, (5.0,), (4.0,)), target) == pytest.approx((4.608, 5.392))


def test_hostile_text_is_escaped_everywhere(new: Any, page: Any) -> None:
    grades = Annotated[Literal[HOSTILE, "yes"], Field(description=HOSTILE)]  # type: ignore[valid-type]
    workspace = with_features(new(), insured=(grades, ...))
    workspace.edit_plan('"Will it be refused?"', f"'''{HOSTILE}'''")
    hostile = "'" + HOSTILE.replace("'", "''") + "'"
    change(workspace, {"insured": hostile}, "insured = 'no'")
    change(workspace, {"category": hostile}, "category = 'no'", "baseline")
    change(workspace, {TEXT: hostile})
    change(workspace, {"reason": hostile}, table="labels")
    found, unescaped = page(workspace), Page(HOSTILE)
    assert found.tables[f"{LABEL} by insured"][1][0] == HOSTILE
    assert (found.loaded, found.handlers) == ([], [])
    assert found.scripts
    assert not any("alert(1)" in script for script in found.scripts)
    assert (unescaped.loaded, unescaped.handlers, unescaped.scripts) == (["x"], ["onerror"], ["alert(1)"])


@pytest.mark.slow
def test_column_that_is_personal_now_is_not_in_the_page(new: Any, page: Any) -> None:
    workspace = new()
    change(workspace, {TEXT: "'Ada Lovelace'"})
    path = workspace.root / "var" / "explore.html"
    page(workspace)
    assert "Lovelace" in path.read_text(encoding="utf-8")
    kind, default = USUAL.features[TEXT]
    page(with_features(workspace, **{TEXT: (Annotated[kind, PERSONAL], default)}))
    assert "Lovelace" not in path.read_text(encoding="utf-8")


def test_sample_is_the_same_in_any_order_of_the_rows(new: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "SAMPLE", 50)
    workspace, columns = new(), PROBLEM.stored
    change(workspace, {TEXT: "repeat('x', 5000)"})
    with workspace.project.lake() as lake:
        table = lake.read("training")
        backwards = lake.stage(table.order_by(table["_key"].desc()))
        first, other = (explore.sample_rows(rows, columns) for rows in (table, backwards))
        head = table.order_by("_key").limit(50).select(*first.column_names).to_pyarrow()
    assert first.equals(other)
    assert (first.num_rows, {*first[TEXT].to_pylist()}) == (50, {"x" * explore.MAX_TEXT})
    assert not first.drop([TEXT]).equals(head.drop([TEXT]))


@pytest.mark.slow
def test_page_stays_small_where_many_columns_have_many_long_categories(new: Any, page: Any) -> None:
    names = tuple(f"a category whose name is long, {place:03}" for place in range(150))
    many: Any = {f"c{place}": (Literal[names] | None, None) for place in range(30)}
    workspace = with_features(new(), **many)
    values = ", ".join(f"'{name}'" for name in names)
    for name in many:
        run_sql(workspace, f"ALTER TABLE training ADD COLUMN {name} VARCHAR")
        change(workspace, {name: f"list_extract([{values}], (1 + hash(_key || '{name}') % 150)::BIGINT)"})
        run_sql(workspace, f"INSERT INTO baseline SELECT '{name}', unnest([{values}]), false, NULL, NULL, 1 / 150")
    found = page(workspace)
    assert (workspace.root / "var" / "explore.html").stat().st_size < 1_500_000
    assert len(found.tables[f"{LABEL} by c0"]) == 1 + explore_tables.MAX_ROWS
    assert any(re.fullmatch(r"126 more with [0-9]+ rows", text) for text in found.notes)


@pytest.mark.slow
def test_page_says_how_many_rows_were_read(new: Any, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = new()
    path = workspace.root / "var" / "explore.html"
    for limit, text in ((50, "50 of 400 rows were read for this section, chosen by"), (400, "400 of 400 rows were ")):
        monkeypatch.setattr(explore, "SAMPLE", limit)
        page(workspace)
        assert text in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_runs_are_shown_with_the_column_that_differs_most(new: Any) -> None:
    workspace = new()
    run_sql(workspace, "DROP TABLE statistics")
    assert "the last runs of data" not in draw(workspace).tables
    counts = {1: {"a": (50, 50), "b": (50, 50)}, 2: {"a": (50, 50), "b": (90, 10)}}
    rows = ", ".join(
        f"({run}, '2026-01-0{run}', '{column}', {place}, {count}, {count}, 0, 1)"
        for run, columns in counts.items()
        for column, found in columns.items()
        for place, count in enumerate(found)
    )
    names = 'v(run, time, "column", bin, rows, file, new, reference)'
    run_sql(workspace, f"CREATE TABLE statistics AS SELECT * FROM (VALUES {rows}) {names}")  # noqa: S608
    header, first, second = draw(workspace).tables["the last runs of data"]
    assert header[-2:] == ["differs most", "stability index"]
    assert (first[0], first[2], first[-1]) == ("1", "100", "0.000")
    assert (second[0], second[-2], second[-1]) == ("2", "b", "0.879")


def test_labels_that_are_left_out_are_shown_with_the_reason(new: Any) -> None:
    workspace = new()
    change(workspace, {"_origin": "'accept'", WEIGHT: "0"}, "_key < 'c000100'")
    change(workspace, {"weight": "0", "reason": "'nobody reads'"}, "origin = 'accept'", "labels")
    rows = draw(workspace).tables["the target by origin"]
    assert [row[:2] for row in rows[1:]] == [["from the file", "300"], ["accepts, weight 0", "100"]]
    assert draw(workspace).paragraphs.count("nobody reads.") == 1


@pytest.mark.parametrize(("place", "message"), [(".", "Is a directory"), ("plan.toml/page.html", "; choose another")])
def test_file_that_cannot_be_written_is_refused_before_the_work(
    new: Any, run_command: Any, monkeypatch: pytest.MonkeyPatch, place: str, message: str
) -> None:
    workspace = new()
    monkeypatch.setattr(explore, "explore", lambda *_: pytest.fail("the work began"))
    code, out, error = run_command(workspace, "explore", "--report", str(workspace.root / place))
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith("error: --report: ")
    assert message in error


def test_lake_without_tables_or_of_another_contract_is_one_line_and_the_last_page_stays(
    new: Any, run_command: Any
) -> None:
    workspace = new()
    path, other = workspace.root / "var" / "explore.html", workspace.root / "new" / "page.html"
    path.write_text("the last page")
    run_sql(workspace, f"ALTER TABLE training ALTER {NUMBER} TYPE VARCHAR")
    code, _, error = run_command(workspace, "explore")
    assert (code, error.count("\n")) == (2, 1)
    assert f"error: {NUMBER}: not in the training table as contract.py has it; run the `data` command" in error
    (workspace.root / "var" / "lake.db").unlink()
    code, out, error = run_command(workspace, "explore", "--report", str(other))
    assert (code, out, error) == (2, "", "error: the lake has no table 'training'; run the `data` command first\n")
    assert (path.read_text(), other.exists()) == ("the last page", False)


def test_intervals_are_joined_until_each_has_its_share() -> None:
    cuts = [None, 1.0, 2.0, 3.0, 4.0, None]
    shares = [0.05, 0.05, 0.4, 0.45, 0.05]
    bins = [(Bin("x", low=low, high=high), share) for low, high, share in zip(cuts, cuts[1:], shares, strict=False)]
    joined = [(each.low, each.high) for each in join_intervals(bins, 0.1)]
    assert joined == [(None, 2.0), (2.0, 3.0), (3.0, None)]


def test_parts_by_chance_explain_nothing_and_parts_that_differ_explain_all() -> None:
    whole = Part("all", 100, (0.5,), (0.25,))
    assert explain([Part("a", 50, (0.5,), (0.25,)), Part("b", 50, (0.5,), (0.25,))], whole) == 0
    assert explain([Part("a", 50, (0.0,), (0.0,)), Part("b", 50, (1.0,), (0.0,)), Part("c", 0)], whole) == 1
    assert explain([Part("a", 100, (1.0,), (0.0,))], Part("all", 100, (1.0,), (0.0,))) == 0
