"""Batch scoring decides on every row of a file of any size, or writes nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from problems import USUAL
from rich.console import Console

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.scoring import choose_target, score
from {{ cookiecutter.__package }}.stores import (
    csv_reader,
    other_formats,
    regular_csv,
)
from {{ cookiecutter.__package }}.stores.columns import read_column

INPUTS = USUAL.problem().inputs
NUMBER = next(column for column in INPUTS if column.kind == "number" and not column.optional)
INTEGER = next(column for column in INPUTS if column.kind == "integer")
WORD = next(column for column in INPUTS if column.categories)
TEXT = next(column for column in INPUTS if column.kind == "text")
GROUP = next(column for column in USUAL.problem().columns if column.protected)
ROWS = 500
SMALL = 1_000  # cells of CSV in a chunk
BLOCK = 2_048  # bytes of a regular block
# decides on one chunk, and then waits until it is told to stop
STUCK = f"""
import signal, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from workspaces import Workspace
from pathlib import Path
from {{ cookiecutter.__package }}.cli import composition, main
from {{ cookiecutter.__package }}.core.choice import ChoiceObjective
from {{ cookiecutter.__package }}.stores import csv_reader, regular_csv
csv_reader.CSV_CELLS = {SMALL}
regular_csv.BLOCK = {BLOCK}
predict, calls = ChoiceObjective.predict, []
def wait_after_the_first(*given):
    calls.append(given)
    if len(calls) > 1:
        signal.pause()
    return predict(*given)
ChoiceObjective.predict = wait_after_the_first
root = Path(sys.argv.pop(1))
composition.load_project = lambda: Workspace(root).project
main.main()
"""


@pytest.fixture
def predictor(workspace: Any) -> Predictor:
    return Predictor(workspace.project.models, workspace.project.problem)


@pytest.fixture
def scored(predictor: Predictor) -> Callable[[Path, Path], list[tuple[int, float]]]:
    """Return a function that scores a file and returns what it yields."""
    return lambda source, target: list(score(source, target, predictor.champion, predictor.problem))


@pytest.fixture(params=["csv", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path, features: dict[str, Any]) -> Path:
    assert NUMBER.low is not None
    assert NUMBER.high is not None
    step = (NUMBER.high - NUMBER.low) / ROWS
    values = [NUMBER.low + step * place for place in range(ROWS)]
    rows = [features | {NUMBER.name: value, "reference": f"r{place}"} for place, value in enumerate(values)]
    path = tmp_path / f"rows.{request.param}"
    write_rows(path, rows)
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_formats, "PARQUET_ROWS", 64)
    monkeypatch.setattr(csv_reader, "CSV_CELLS", SMALL)
    monkeypatch.setattr(regular_csv, "BLOCK", BLOCK)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    write = pyarrow.csv.write_csv if path.suffix.lower() == ".csv" else pyarrow.parquet.write_table
    write(pa.Table.from_pylist(rows), path)


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix.lower() == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def write_text(path: Path, features: dict[str, Any], *rows: dict[str, Any]) -> Path:
    """Write a CSV file of rows that are the features, with changes; all cells of it are text."""
    names = list(dict.fromkeys([*features, *(name for row in rows for name in row)]))
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, names, restval="")
        writer.writeheader()
        writer.writerows(features | row for row in rows)
    return path


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir() if not path.is_dir())


def test_every_row_gets_the_decision_that_the_product_gives(
    scored: Any, predictor: Predictor, file: Path, features: dict[str, Any], small: None
) -> None:
    target = file.with_stem("decided")
    done, share = zip(*scored(file, target), strict=True)
    assert len(done) > 3
    assert (done[-1], share[-1]) == (ROWS, 1)
    # what a bar shows: how many rows there will have been, as seen from each chunk
    assert [rows / part for rows, part in zip(done, share, strict=True)] == pytest.approx([ROWS] * len(done), rel=0.4)
    rows = read(target)
    assert [row["reference"] for row in rows] == [f"r{place}" for place in range(ROWS)]
    asked = [features | {NUMBER.name: float(float(row[NUMBER.name]))} for row in rows]
    for row, made in zip(rows, predictor.decide(asked), strict=True):
        answer = type(made["answer"])(row["answer"])  # a CSV file holds text
        assert answer == pytest.approx(made["answer"], abs=1e-9)
        assert row["model"] == made["model"]
        assert float(row["score"]) == pytest.approx(made["score"], abs=1e-12)


def test_scoring_that_is_closed_half_way_leaves_nothing(predictor: Predictor, file: Path, small: None) -> None:
    target = file.with_stem("decided")
    target.write_text("what was there")
    chunks = score(file, target, predictor.champion, predictor.problem)
    next(chunks)
    chunks.close()
    assert files_in(file.parent) == sorted([file.name, target.name])
    assert target.read_text() == "what was there"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_that_a_signal_ends_leaves_nothing(
    workspace: Any, tmp_path: Path, features: dict[str, Any], number: signal.Signals
) -> None:
    source = write_text(tmp_path / "rows.csv", features, *[{}] * 500)
    words = [sys.executable, "-c", STUCK, str(workspace.root), "score", str(source)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while not (tmp_path / ".rows.decisions.csv.part").exists():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(number)
            printed = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    assert (process.returncode, files_in(tmp_path)) == (128 + number, ["rows.csv"])
    assert "Traceback" not in printed


def test_cells_are_written_as_they_were_read(
    scored: Any, tmp_path: Path, features: dict[str, Any], small: None
) -> None:
    ids = [f"{place:03}" for place in range(300)]
    notes = [*[""] * 200, *["late", "two\r\nlines", 'said "no", twice', "NA", " 1.50 "] * 20]
    rows = [
        {"id": place, "note": note, "digits": place if place < "250" else "x"}
        for place, note in zip(ids, notes, strict=True)
    ]
    source = write_text(tmp_path / "rows.csv", features, *rows)
    before = read(source)
    scored(source, tmp_path / "decided.csv")
    scored(source, tmp_path / "decided.parquet")
    after, typed = read(tmp_path / "decided.csv"), read(tmp_path / "decided.parquet")
    # the contract's own cells as well, to the letter
    assert [{name: row[name] for name in before[0]} for row in after] == before
    outside = ("id", "note", "digits")
    assert [[row[name] or "" for name in outside] for row in typed] == [[row[n] for n in outside] for row in before]
    inputs = {column.name for column in INPUTS}
    assert {name: typed[0][name] for name in inputs} == {name: features[name] for name in inputs}


@pytest.mark.slow
def test_line_breaks_in_quotes_are_read_in_files_of_many_chunks(
    scored: Any, tmp_path: Path, features: dict[str, Any]
) -> None:
    rows = 60_000
    source = write_text(tmp_path / "rows.csv", features, *[{"note": f"{'a line ' * 20}\nand another"}] * rows)
    assert rows * (len(features) + 1) > 2 * csv_reader.CSV_CELLS
    assert scored(source, tmp_path / "decided.csv")[-1] == (rows, 1)
    assert len(read(tmp_path / "decided.csv")) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_byte_order_mark_line_ends_quotes_and_repeated_empty_names_are_read(
    scored: Any, tmp_path: Path, features: dict[str, Any], encoding: str, end: str, quote: str
) -> None:
    header = ",".join(f"{quote}{name}{quote}" for name in [*features, "", ""])
    source = tmp_path / "ROWS.CSV"
    source.write_bytes(f"{header}{end}{','.join(map(str, features.values()))},1,2{end}{end}".encode(encoding))
    target = choose_target(source, None)
    assert target.name == "ROWS.decisions.CSV"
    assert scored(source, target) == [(1, 1)]
    with target.open(newline="") as lines:
        names, cells = csv.reader(lines)
    assert names[: len(features) + 2] == [*features, "", ""]
    assert cells[: len(features) + 2] == [*map(str, features.values()), "1", "2"]


@pytest.mark.parametrize("target", ["decided.csv", "decided.parquet"])
def test_columns_of_the_table_keep_the_names_that_decisions_have(
    scored: Any, tmp_path: Path, features: dict[str, Any], target: str
) -> None:
    source = write_text(tmp_path / "rows.csv", features, {"model": "T", "answer": "x", "decided_answer": "y"})
    scored(source, tmp_path / target)
    [row] = read(tmp_path / target)
    assert [row[name] for name in ("model", "answer", "decided_answer")] == ["T", "x", "y"]
    assert row["decided_model"].startswith("rules:")
    assert row["decided_decided_answer"] in {"no", "yes"}


@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet", "ROWS.Parquet"])
@pytest.mark.parametrize("target", ["decided.csv", "decided.parquet", "DECIDED.CSV"])
def test_file_of_either_kind_becomes_one_of_either_kind(
    scored: Any, tmp_path: Path, features: dict[str, Any], source: str, target: str
) -> None:
    table = pa.Table.from_pylist([features] * 3)
    write = pyarrow.csv.write_csv if source.endswith("csv") else pyarrow.parquet.write_table
    write(table, tmp_path / source)
    scored(tmp_path / source, tmp_path / target)
    rows = read(tmp_path / target)
    assert len(rows) == 3
    if target.endswith("parquet"):
        assert {name: rows[0][name] for name in features} == features
    else:
        assert {c.name: float(rows[0][c.name]) for c in [NUMBER]} == {NUMBER.name: features[NUMBER.name]}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "wrong",
    [
        (NUMBER, NUMBER.high + 1, f"is .*, expected {NUMBER.expected}$"),
        (NUMBER, None, "is empty$"),
        (NUMBER, float("nan"), "is empty$"),  # a spelling of a missing value in CSV
        (NUMBER, float("inf"), "is .*inf"),
        (INTEGER, 1.5, f"is .*1.5'?, expected {INTEGER.expected}$"),
        (INTEGER, "abc", f"is 'abc', expected {INTEGER.expected}$"),
        (INTEGER, "", "is empty$"),
        (WORD, "no such", f"is 'no such', expected {WORD.expected}$"),
        (WORD, "", "is empty$"),
        (GROUP, "no such", f"is 'no such', expected {GROUP.expected}$"),
        (TEXT, "x" * 1_000, rf"is '{'x' * 59}\.\.\., expected {TEXT.expected}$"),
    ],
)
def test_value_that_does_not_fit_is_named_with_its_row(
    scored: Any, tmp_path: Path, features: dict[str, Any], small: None, kind: str, wrong: tuple[Column, Any, str]
) -> None:
    column, value, fault = wrong
    rows = [features | {column.name: value if place == 206 else features[column.name]} for place in range(300)]
    source, target = tmp_path / f"rows.{kind}", tmp_path / "decided.parquet"
    if kind == "csv":
        write_text(source, features, *rows)
    else:
        table = pa.Table.from_pylist([features] * len(rows)).drop_columns([column.name])
        values = [row[column.name] for row in rows]
        values = list(map(str, values)) if isinstance(value, str) else pa.array(values, pa.float64())
        pyarrow.parquet.write_table(table.append_column(column.name, [values]), source)
    with pytest.raises(UserError, match=f"^{re.escape(str(source))}: row 207: {column.name} {fault}"):
        scored(source, target)
    assert files_in(tmp_path) == [source.name]


def test_numbers_may_have_spaces_around_them_and_optional_columns_may_be_left_out() -> None:
    share = Column("share", "number", "", 1, low=0, high=1, optional=True)
    word = Column("word", "category", "", "NA", categories=("NA", "yes"), optional=True)
    chunk = pa.RecordBatch.from_pydict({"share": [" 0.5 ", "NA", "", None], "word": ["NA", "null", "", "yes"]})
    for given, column, wanted in (
        (chunk, share, [0.5, None, None, None]),
        (chunk, word, ["NA", None, None, "yes"]),
        (chunk.drop_columns(["share"]), share, [None] * 4),
    ):
        values, faults = read_column(given, column)
        assert (values.to_pylist(), faults) == (wanted, [])


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        (
            pa.array(["0.5", "x", "2"]),
            [(1, "share is 'x', expected a number from 0 to 1", True), (2, "is '2', ", False)],
        ),
        (pa.array([[1], [2]]), [(0, "share is [1], expected ", True), (1, "is [2]", True)]),
        (pa.array([0.5, float("inf")]), [(1, "share is inf, ", False)]),
        (pa.array([0.5, None]), [(1, "share is empty", False)]),
    ],
)
def test_fault_says_which_row_and_whether_the_value_contradicts_the_contract(cells: pa.Array, faults: Any) -> None:
    share = Column("share", "number", "", 1, low=0, high=1)
    found = read_column(pa.RecordBatch.from_arrays([cells], ["share"]), share)[1]
    assert [(fault.row, fault.contradicts) for fault in found] == [(row, wrong) for row, _, wrong in faults]
    assert all(reason in fault.reason for fault, (_, reason, _) in zip(found, faults, strict=True))


def test_whole_numbers_of_a_csv_file_are_exact_in_parquet(
    predictor: Predictor, tmp_path: Path, features: dict[str, Any]
) -> None:
    source = write_text(tmp_path / "rows.csv", features, {INTEGER.name: "+2"}, {INTEGER.name: "3.0"})
    list(score(source, tmp_path / "decided.parquet", predictor.champion, predictor.problem))
    column = pyarrow.parquet.read_table(tmp_path / "decided.parquet")[INTEGER.name]
    assert (column.type, column.to_pylist()) == (pa.int64(), [2, 3])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no rows; "),
        (b"NAMES", "no rows; "),
        (b"NAMES\n", "no rows; "),
        (b"\n\n", "no rows; "),
        (b"a,b\n1,2\n", ".*FIRST.*: missing; "),
        (b"NAMES,FIRST\nCELLS,1\n", "'FIRST': there more than once; "),
        (b"NAMES\nCELLS\nCELLS,1\n", r"row 2 \(line 3\): .* cells, expected .* as in the header; is it whole"),
        (b"NAMES,x\nCELLS,\xe9\n", r"row 1 \(line 2\): not text in utf-8; the file seems to be in cp1252: "),
        (b"NAMES,\xe9\nCELLS,1\n", r"header \(line 1\): not text in utf-8; the file seems to be in cp1252: "),
    ],
)
def test_csv_file_that_cannot_be_scored_is_one_line(
    scored: Any, tmp_path: Path, features: dict[str, Any], content: bytes, reason: str
) -> None:
    source, first = tmp_path / "rows.csv", next(iter(features))
    for mark, words in (("NAMES", features), ("CELLS", features.values()), ("FIRST", [first])):
        content = content.replace(mark.encode(), ",".join(map(str, words)).encode())
    source.write_bytes(content)
    with pytest.raises(UserError, match=f"^{re.escape(str(source))}: {reason.replace('FIRST', first)}") as refused:
        scored(source, tmp_path / "decided.csv")
    assert "\n" not in str(refused.value)
    assert files_in(tmp_path) == ["rows.csv"]


def test_parquet_file_that_cannot_be_scored_is_one_line(scored: Any, tmp_path: Path, features: dict[str, Any]) -> None:
    table = pa.Table.from_pylist([features | {"place": place} for place in range(50_000)])
    whole, source = tmp_path / "whole.parquet", tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(table, whole)
    content = whole.read_bytes()
    broken = len(content) // 2
    for wrong in (b"", b"no such thing", content[:broken], content[:999] + b"\xff" * broken + content[999 + broken :]):
        source.write_bytes(wrong)
        with pytest.raises(UserError, match=f"^{re.escape(str(source))}: .*is it whole"):
            scored(source, tmp_path / "decided.parquet")
    pyarrow.parquet.write_table(table.slice(0, 0), source)
    with pytest.raises(UserError, match="no rows; "):
        scored(source, tmp_path / "decided.parquet")
    pyarrow.parquet.write_table(pa.table([*table.columns, table[0]], [*table.schema.names, NUMBER.name]), source)
    with pytest.raises(UserError, match=f"'{NUMBER.name}': there more than once; "):
        scored(source, tmp_path / "decided.parquet")
    pyarrow.parquet.write_table(table.append_column("list", pa.array([[1]] * len(table))), source)
    with pytest.raises(UserError, match=r"decided\.csv: Unsupported Type:list.*write \.parquet if"):
        scored(source, tmp_path / "decided.csv")
    assert files_in(tmp_path) == ["rows.parquet", "whole.parquet"]


def test_paths_that_cannot_be_read_or_written_are_refused_before_anything_is_written(
    command: Any, tmp_path: Path, features: dict[str, Any]
) -> None:
    source = write_text(tmp_path / "rows.csv", features, {})
    before = source.read_bytes()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    (tmp_path / "rows.xls").write_text(json.dumps(features))
    (tmp_path / "folder.csv").mkdir()
    for words, errors in {
        ("none.csv",): "no such file; ",
        (".",): "not a file; ",
        ("folder.csv",): "not a file; ",
        ("rows.xls",): "its name has to end in .csv, .tsv, ",
        ("rows.csv", "--to", "out.txt"): "its name has to end in .csv or .parquet",
        ("rows.csv", "--to", "rows.csv"): "the file that is read; ",
        ("rows.csv", "--to", "folder.csv/../rows.csv"): "the file that is read; ",
        ("rows.csv", "--to", "link.csv"): "the file that is read; ",
        ("rows.csv", "--to", "hard.csv"): "the file that is read; ",
        ("link.csv", "--to", "rows.csv"): "the file that is read; ",
        ("rows.csv", "--to", "folder.csv"): "a folder; ",
        ("rows.csv", "--to", "none/x.csv"): "there is no folder ",
        ("rows.csv", "--to", f"{'x' * 250}.csv"): "name too long; ",
        ("rows.csv", "--to", "rows.csv/x.csv"): "",
    }.items():
        code, printed, error = command("score", *(word if word == "--to" else str(tmp_path / word) for word in words))
        assert (code, printed, error.count("\n")) == (2, "", 1), words
        assert error.startswith(f"error: {tmp_path}")
        assert errors.lower() in error.lower()
    assert source.read_bytes() == before
    assert files_in(tmp_path) == ["hard.csv", "link.csv", "rows.csv", "rows.xls"]


def test_file_without_permission_to_read_is_named(scored: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any, **_options: Any) -> None:
        raise PermissionError(13, "Failed to open local file")

    for name, opened in (("rows.csv", (Path, "open")), ("rows.parquet", (pyarrow.parquet, "ParquetFile"))):
        (tmp_path / name).touch()
        monkeypatch.setattr(*opened, refuse)
        with pytest.raises(UserError, match=f"^{re.escape(str(tmp_path / name))}: Permission denied; "):
            scored(tmp_path / name, tmp_path / f"decided.{name}")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("room", [1, 50_000])
def test_full_disk_leaves_nothing(
    scored: Any, tmp_path: Path, features: dict[str, Any], small: None, kind: str, room: int
) -> None:
    source = write_text(tmp_path / "rows.csv", features, *[{"id": os.urandom(90).hex()} for _ in range(2000)])
    target = tmp_path / f"decided.{kind}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(UserError, match=f"^{re.escape(str(target))}: File too large; nothing was written; "):
            scored(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files_in(tmp_path) == ["rows.csv"]


def test_progress_shows_rows_done_and_expected(
    command: Any, file: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=300, _environ={"TERM": "xterm"})
    monkeypatch.setattr(composition, "out", screen)
    assert command("score", str(file))[0] == 0
    assert isinstance(screen.file, io.StringIO)
    shown = screen.file.getvalue()
    assert re.findall(r"(\d+/[\d?]+)\s", shown)[-1] == f"{ROWS}/{ROWS}"
    assert f"decided on {ROWS} rows: " in shown
