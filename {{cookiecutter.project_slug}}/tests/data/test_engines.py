"""The data wheel gives the same rows on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from postgres import make_schema
from problems import KEY, USUAL
from test_join import DAY, EVENTS, NOW, SECOND, Tables

from {{ cookiecutter.__package }}.core.join import Join, Window
from {{ cookiecutter.__package }}.core.source import SourceColumn
from {{ cookiecutter.__package }}.stores import engines
from {{ cookiecutter.__package }}.stores.lake import open_lake

PROBLEM = USUAL.problem()
NUMBER = next(column.name for column in PROBLEM.inputs if column.high is not None)
TEXT = next(column.name for column in PROBLEM.inputs if column.kind == "text")
GROUP = next(column.name for column in PROBLEM.stored if column.protected)
HOSTILE = "'; \"\\ %s $1 {0} été 😀 \t;\n,"  # what a text may have, and an engine may take for something else
TIMES = {"statistics": "time", "published": "published_at"}  # columns that differ from run to run


def add_faults(path: Path) -> None:
    """Append copies, rows without a key or with a known one, values that do not fit, and a line that is no row."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    rows += [first, rows[1] | {NUMBER: "1.25"}, first | {KEY: ""}, first | {KEY: " late ", NUMBER: "9.5"}]
    rows += [
        first | {KEY: f"fv {place} vf", TEXT: text} for place, text in enumerate((HOSTILE, " x ", "NULL", "é" * 41))
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerows(rows)
        file.write("no row\n")


def record(workspace: Any) -> None:
    """Decide on some cases, with reactions and outcomes."""
    features = {column.name: column.example for column in PROBLEM.columns if not column.personal}
    with workspace.product() as client:
        for place, verdict in enumerate(("accept", "override", "accept", None)):
            case = {"subject": f"s{place % 2}", "reference": f"r{place}"}
            decision = client.post("/v1/decisions", json=features | case).json()
            other = next(answer for answer in PROBLEM.target.categories if answer != decision["answer"])
            if verdict:
                body = {"verdict": verdict} | ({"answer": other} if verdict == "override" else {})
                assert client.post(f"/v1/decisions/{decision['id']}/reaction", json=body).is_success
        outcome = {"reference": "r3", "outcome": PROBLEM.target.categories[1]}
        assert client.post("/v1/outcomes", json=outcome).is_success


def read_tables(url: str) -> dict[str, Any]:
    """Return the rows of every table in one order, without the times of runs."""
    found = {}
    with open_lake(url) as lake:
        for name in [*lake.published(), "published"]:
            frame = lake.read(name).to_pandas().drop(columns=TIMES.get(name, []))
            frame = frame.astype({column: float for column in frame if frame[column].dtype.kind in "iuf"})
            # missing values are None, NaN or NA, by engine
            frame = frame.astype(object).where(frame.notna(), None)
            found[name] = frame.sort_values([*frame.columns], key=lambda column: column.astype(str)).reset_index(
                drop=True
            )
    return found


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        assert [*found[name]] == [*frame], name
        assert len(found[name]) == len(frame), name
        for column in frame:
            pairs = zip(found[name][column], frame[column], strict=True)
            wrong = [
                (a, b) for a, b in pairs if (pytest.approx(b, rel=1e-9, abs=1e-12) if isinstance(b, float) else b) != a
            ]
            assert not wrong, (name, column, wrong[:3])


@pytest.fixture(params=["postgres", "pyspark"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty lake on each engine."""
    if request.param == "pyspark":
        pytest.importorskip("pyspark")
        if not shutil.which("java"):
            pytest.skip("Spark needs Java")
        yield f"pyspark://{tmp_path}/spark lake"
        return
    address, _ = request.getfixturevalue("postgres")
    yield make_schema(address).replace("+psycopg", "")


@pytest.mark.slow
def test_every_command_gives_the_rows_of_duckdb(
    workspace: Any, run_command: Any, monkeypatch: Any, tmp_path: Path, url: str
) -> None:
    workspace.edit_plan("[data]", "[data]\nmax_quarantined_share = 0.1")
    add_faults(workspace.root / "data" / "table.csv")
    lakes = (f"duckdb:///{tmp_path}/duck/lake.db", url)

    def run(*words: str) -> list[str]:
        printed = []
        for lake in lakes:
            monkeypatch.setenv("APP_LAKE_URL", lake)
            code, text, error = run_command(workspace, *words)
            assert (code, error) == (0, ""), (lake, words, text, error)
            printed.append(text)
        return printed

    first, second = run("data")
    assert first == second
    assert_same(*map(read_tables, reversed(lakes)))
    record(workspace)
    run("data")
    before = read_tables(url)
    assert_same(before, read_tables(lakes[0]))
    run("data")  # adds nothing
    after = read_tables(url)
    del before["statistics"], after["statistics"]
    assert_same(after, before)
    run("tables")
    run("explore")
    monkeypatch.setenv("APP_LAKE_URL", url)
    code, _, error = run_command(workspace, "train")
    assert (code in {0, 1}, error) == (True, "")  # a gate may refuse


@pytest.mark.slow
def test_joined_columns_are_those_of_duckdb(tmp_path: Path, url: str) -> None:
    latest = Join(source=EVENTS.model_copy(update={"columns": {"by": SourceColumn(name="amount")}}), columns=("by",))
    window = Window(source=EVENTS, days=2, columns={"having": ("count", ""), "self": ("mean", "amount")})
    found = []
    for name, lake in (("duck", f"duckdb:///{tmp_path}/duck.db"), ("other", url)):
        (tmp_path / name).mkdir()
        tables = Tables(tmp_path / name, lake=lake)
        joined = {*latest.names, *window.names}
        tables.cases = [{key: row[key] for key in row if key not in joined} for row in tables.cases]
        times = [NOW - DAY, NOW - SECOND, NOW, NOW + SECOND, NOW - 3 * DAY]
        every = [(n, place) for n in range(30) for place in range(len(times))]
        events = [{"who": f"w{n}", "at": times[place].isoformat(), "amount": n + place} for n, place in every]
        tables.write("events.csv", events[7:])
        tables.build(latest, window)
        found.append(read_tables(lake))
    del found[0]["deliveries"], found[1]["deliveries"]
    assert_same(*reversed(found))
    training = found[0]["training"].set_index("_subject")
    assert training.loc["w9", ["by", "having", "self"]].tolist() == [10.0, 2.0, 9.5]
    assert training.loc["w0", ["by", "having", "self"]].tolist() == [None, 0.0, None]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param(
            "sqlite:///{}/lake.sqlite",
            "lake: sqlite cannot read Parquet files, in which `data` keeps the rows of sources;",
            marks=pytest.mark.slow,
        ),
        ("postgres://me:secret@127.0.0.1:1/lake", "lake postgres: connection failed"),
        ("pyspark:///{}/spark", "lake pyspark: PySpark is not installed; run `uv add 'ibis-framework[pyspark]'`"),
    ],
)
def test_engine_that_cannot_be_used_is_one_line(
    workspace: Any, run_command: Any, monkeypatch: Any, url: str, says: str
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    monkeypatch.setenv("APP_LAKE_URL", url.format(workspace.root))
    code, printed, error = run_command(workspace, "data")
    assert (code, printed, error.count("\n")) == (2, "", 1)
    assert says in error
    assert "secret" not in error


@pytest.mark.slow
def test_text_that_postgresql_cannot_keep_is_marked(postgres: Any) -> None:
    with open_lake(make_schema(postgres[0]).replace("+psycopg", "")) as lake:
        texts = ["a\x00b", "", None, '"', "\\N", "a\r\nb"]
        lake.publish({"texts": pa.table({"place": range(len(texts)), "text": texts})})
        assert lake.read("texts").order_by("place").to_pyarrow()["text"].to_pylist() == ["a\ufffdb", *texts[1:]]


@pytest.mark.slow
def test_postgresql_replaces_all_tables_or_none(postgres: Any, monkeypatch: Any) -> None:
    with open_lake(make_schema(postgres[0]).replace("+psycopg", "")) as lake:
        first, second = (pa.table({"a": [place]}) for place in range(2))
        lake.publish({"one": first, "two": first})
        # the last of them is not there when it is its turn
        replace = engines.replace_tables
        monkeypatch.setattr(
            engines, "replace_tables", lambda backend, made: replace(backend, made | {"two": "nothing"})
        )
        with pytest.raises(Exception, match="nothing"):
            lake.publish({"one": second, "two": second})
        assert [lake.frame(name)["a"].tolist() for name in ("one", "two")] == [[0], [0]]
        assert lake.names() == ["one", "published", "two"]
        assert {*lake.backend.list_tables()} & {"one", "two", "published"} == {*lake.names()}
