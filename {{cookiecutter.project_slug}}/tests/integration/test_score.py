"""A file of any size gets its decisions, or nothing at all."""

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

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from rich.console import Console

from {{ cookiecutter.__package }} import cli, contract, objective
from {{ cookiecutter.__package }}.commands import product as commands
from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.product import files
from {{ cookiecutter.__package }}.product.fitting import fitting
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.score import score
from {{ cookiecutter.__package }}.schema import Column, columns

SEEN = [c for c in columns(contract.Features) if c.seen_by_models]
NUMBER = next(c for c in SEEN if c.kind in {"number", "integer"})
INTEGER = next(c for c in SEEN if c.kind == "integer")
WORD = next((c for c in SEEN if c.kind == "category"), None)
KIND = type(NUMBER.example)
ROWS = 500
SMALL = 4_000  # bytes of CSV in a chunk; a header has to fit in
# decides on one chunk, and then waits until it is told to stop
STUCK = f"""
import signal
from {files.__name__} import read
import {files.__name__} as files
from {objective.__name__} import Objective
from {cli.__name__} import main
files.BYTES = {SMALL}
raw, asked = Objective.raw, []
def slow(*given):
    asked.append(given)
    if len(asked) > 1:
        signal.pause()
    return raw(*given)
Objective.raw = slow
main()
"""


@pytest.fixture
def predictor(workspace):
    return Predictor(workspace.registry(), workspace.plan.objective)


@pytest.fixture
def scored(predictor):
    """Return a function that scores a file and returns what it yields."""
    return lambda source, target: list(score(source, target, predictor.champion, predictor.objective))


@pytest.fixture(params=["csv", "parquet"])
def file(request, tmp_path, features):
    step = (NUMBER.high - NUMBER.low) / ROWS
    values = [KIND(NUMBER.low + step * place) for place in range(ROWS)]
    rows = [features | {NUMBER.name: value, "reference": f"r{place}"} for place, value in enumerate(values)]
    path = tmp_path / f"rows.{request.param}"
    write = pyarrow.csv.write_csv if request.param == "csv" else pyarrow.parquet.write_table
    write(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(files, "ROWS", 64)
    monkeypatch.setattr(files, "BYTES", SMALL)


def read(path):
    if path.suffix.lower() == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def written(path, features, *rows, more=""):
    """Write a CSV file of rows that are the features, with changes; all cells of it are text."""
    names = list(dict.fromkeys([*features, *(name for row in rows for name in row)]))
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, names, restval="")
        writer.writeheader()
        writer.writerows(features | row for row in rows)
        lines.write(more)
    return path


def left(folder):
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir() if not path.is_dir())


def test_every_row_gets_the_decision_that_the_api_gives(scored, predictor, file, features, small):
    target = file.with_stem("decided")
    done, share = zip(*scored(file, target), strict=True)
    assert len(done) > 3
    assert (done[-1], share[-1]) == (ROWS, 1)
    # what a bar shows: how many rows there will have been, as seen from each chunk
    assert [rows / part for rows, part in zip(done, share, strict=True)] == pytest.approx([ROWS] * len(done), rel=0.3)
    rows = read(target)
    assert [row["reference"] for row in rows] == [f"r{place}" for place in range(ROWS)]
    asked = [features | {NUMBER.name: KIND(float(row[NUMBER.name]))} for row in rows]
    for row, made in zip(rows, predictor.decide(asked), strict=True):
        answer = type(made["answer"])(row["answer"])  # a CSV file holds text
        assert answer == pytest.approx(made["answer"], abs=1e-9)
        assert row["model"] == made["model"]
        assert float(row["score"]) == pytest.approx(made["score"], abs=1e-12)


def test_whoever_stops_half_way_leaves_nothing(predictor, file, small):
    target = file.with_stem("decided")
    target.write_text("what was there")
    chunks = score(file, target, predictor.champion, predictor.objective)
    next(chunks)
    chunks.close()
    assert left(file.parent) == sorted([file.name, target.name])
    assert target.read_text() == "what was there"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_the_command_leaves_nothing(workspace, tmp_path, features, number):
    source = written(tmp_path / "rows.csv", features, *[{}] * 500)
    environment = os.environ | {"APP_ROOT": str(workspace.root)}
    words = [sys.executable, "-c", STUCK, "score", str(source)]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not (tmp_path / ".rows.decisions.csv.part").exists():
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(number)
            said = process.communicate(timeout=60)[1]
        finally:
            process.kill()
    assert (process.returncode, left(tmp_path)) == (128 + number, ["rows.csv"])
    assert "Traceback" not in said


def test_what_the_contract_does_not_know_comes_back_as_it_was(scored, tmp_path, features, small):
    ids = [f"{place:03}" for place in range(300)]
    notes = [*[""] * 200, *["late", "two\r\nlines", 'said "no", twice', "NA", " 1.50 "] * 20]
    rows = [
        {"id": place, "note": note, "digits": place if place < "250" else "x"}
        for place, note in zip(ids, notes, strict=True)
    ]
    source = written(tmp_path / "rows.csv", features, *rows)
    before = read(source)
    scored(source, tmp_path / "decided.csv")
    scored(source, tmp_path / "decided.parquet")
    after, typed = read(tmp_path / "decided.csv"), read(tmp_path / "decided.parquet")
    # the contract's own cells as well, to the letter
    assert [{name: row[name] for name in before[0]} for row in after] == before
    outside = ("id", "note", "digits")
    assert [[row[name] or "" for name in outside] for row in typed] == [[row[n] for n in outside] for row in before]
    assert {name: typed[0][name] for name in features} == features


def test_an_empty_cell_and_an_empty_text_stay_apart(scored, tmp_path, features):
    names, cells = ",".join(features), ",".join(map(str, features.values()))
    source = tmp_path / "rows.csv"
    source.write_text(f'{names},a,b\n{cells},,""\n')
    scored(source, tmp_path / "decided.csv")
    kept = (tmp_path / "decided.csv").read_text().splitlines()[1]
    assert ',,"",' in kept


def test_line_breaks_in_quotes_are_read_in_files_of_any_size(scored, tmp_path, features):
    rows = 60_000
    source = written(tmp_path / "rows.csv", features, *[{"note": f"{'a line ' * 20}\nand another"}] * rows)
    assert source.stat().st_size > 2 * files.BYTES
    assert scored(source, tmp_path / "decided.csv")[-1] == (rows, 1)
    assert len(read(tmp_path / "decided.csv")) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_marks_line_ends_quotes_and_names_that_are_there_twice_are_fine(
    scored, tmp_path, features, encoding, end, quote
):
    header = ",".join(f"{quote}{name}{quote}" for name in [*features, "", ""])
    source = tmp_path / "ROWS.CSV"
    source.write_bytes(f"{header}{end}{','.join(map(str, features.values()))},1,2{end}{end}".encode(encoding))
    target = files.destination(source, None)
    assert target.name == "ROWS.decisions.CSV"
    assert scored(source, target) == [(1, 1)]
    with target.open(newline="") as lines:
        names, cells = csv.reader(lines)
    assert names[: len(features) + 2] == [*features, "", ""]
    assert cells[: len(features) + 2] == [*map(str, features.values()), "1", "2"]


@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet", "ROWS.Parquet"])
@pytest.mark.parametrize("target", ["decided.csv", "decided.parquet", "DECIDED.CSV"])
def test_either_kind_becomes_either(scored, tmp_path, features, source, target):
    table = pa.Table.from_pylist([features] * 3)
    write = pyarrow.csv.write_csv if source.endswith("csv") else pyarrow.parquet.write_table
    write(table, tmp_path / source)
    scored(tmp_path / source, tmp_path / target)
    rows = read(tmp_path / target)
    assert len(rows) == 3
    if target.endswith("parquet"):
        assert {name: rows[0][name] for name in features} == features
    else:
        assert {c.name: KIND(rows[0][c.name]) for c in [NUMBER]} == {NUMBER.name: features[NUMBER.name]}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "wrong",
    [
        (NUMBER, NUMBER.high + 1, "has to be a "),
        (NUMBER, None, "is missing; "),
        (NUMBER, float("nan"), "(has to be a |is missing; )"),  # how a CSV file spells what is missing
        (INTEGER, 1.5, f"has to be a whole number, {INTEGER.expected}$"),
        (INTEGER, "abc", f"has to be a whole number, {INTEGER.expected}$"),
        (INTEGER, "", "is missing; "),
        *([(WORD, "no such", f"has to be {WORD.expected}$"), (WORD, "", "is missing; ")] if WORD else []),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_row(scored, tmp_path, features, small, kind, wrong):
    column, value, fault = wrong
    rows = [features | {column.name: value if place == 206 else features[column.name]} for place in range(300)]
    source, target = tmp_path / f"rows.{kind}", tmp_path / "decided.parquet"
    if kind == "csv":
        written(source, features, *rows)
    else:
        table = pa.Table.from_pylist([features] * len(rows)).drop_columns([column.name])
        values = [row[column.name] for row in rows]
        values = list(map(str, values)) if isinstance(value, str) else pa.array(values, pa.float64())
        pyarrow.parquet.write_table(table.append_column(column.name, [values]), source)
    with pytest.raises(UserError, match=f"^{re.escape(str(source))}: row 207: {column.name} {fault}"):
        scored(source, target)
    assert left(tmp_path) == [source.name]


def test_numbers_may_stand_between_spaces_and_what_is_optional_may_be_left_out(tmp_path):
    share = Column("share", "number", "", 1, low=0, high=1, optional=True)
    word = Column("word", "category", "", "NA", categories=("NA", "yes"), optional=True)
    chunk = pa.RecordBatch.from_pydict({"share": [" 0.5 ", "NA", "", None], "word": ["NA", "null", "", "yes"]})
    assert fitting(chunk, share, (tmp_path, 0)).to_pylist() == [0.5, None, None, None]
    assert fitting(chunk, word, (tmp_path, 0)).to_pylist() == ["NA", None, None, "yes"]
    assert fitting(chunk.drop_columns(["share"]), share, (tmp_path, 0)).to_pylist() == [None] * 4
    for wrong in (pa.array(["0.5", "x"]), pa.array([[1], [2]]), pa.array([0.5, float("nan")])):
        with pytest.raises(UserError, match=r"row \d+: share has to be a number, 0 to 1$"):
            fitting(pa.RecordBatch.from_arrays([wrong], ["share"]), share, (tmp_path, 0))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows; "),
        (b"NAMES", "no rows; "),
        (b"NAMES\n", "no rows; "),
        (b"\n\n", "no rows; "),
        (b"a,b\n1,2\n", ".*FIRST.*: missing; "),
        (b"NAMES,FIRST\nCELLS,1\n", "'FIRST': there more than once; "),
        (b"NAMES,answer,model\nCELLS,1,2\n", "answer, model: taken by the decisions "),
        (b"NAMES\nCELLS\nCELLS,1\n", "row 2: .* cells, where the header has "),
        (b"NAMES,x\nCELLS,\xe9\n", "not text in UTF-8; "),
        (b"NAMES,\xe9\nCELLS,1\n", "not text in UTF-8; "),
    ],
)
def test_a_csv_file_that_will_not_do_is_told_why(scored, tmp_path, features, content, said):
    source, first = tmp_path / "rows.csv", next(iter(features))
    for mark, words in (("NAMES", features), ("CELLS", features.values()), ("FIRST", [first])):
        content = content.replace(mark.encode(), ",".join(map(str, words)).encode())
    source.write_bytes(content)
    with pytest.raises(UserError, match=f"^{re.escape(str(source))}: {said.replace('FIRST', first)}") as refused:
        scored(source, tmp_path / "decided.csv")
    assert "\n" not in str(refused.value)
    assert left(tmp_path) == ["rows.csv"]


def test_a_parquet_file_that_will_not_do_is_told_why(scored, tmp_path, features):
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
    pyarrow.parquet.write_table(pa.table([*table.columns, table[0]], [*table.schema.names, "place"]), source)
    with pytest.raises(UserError, match="'place': there more than once; "):
        scored(source, tmp_path / "decided.parquet")
    pyarrow.parquet.write_table(table.append_column("list", pa.array([[1]] * len(table))), source)
    with pytest.raises(UserError, match=r"decided\.csv: Unsupported Type:list"):
        scored(source, tmp_path / "decided.csv")
    assert left(tmp_path) == ["rows.parquet", "whole.parquet"]


def test_what_cannot_be_read_or_written_is_said_before_anything_is(command, tmp_path, features):
    source = written(tmp_path / "rows.csv", features, {})
    before = source.read_bytes()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    (tmp_path / "rows.json").write_text(json.dumps(features))
    (tmp_path / "folder.csv").mkdir()
    for words, said in {
        ("none.csv",): "no such file; ",
        (".",): "not a file; ",
        ("folder.csv",): "not a file; ",
        ("rows.json",): "its name has to end in .csv or .parquet",
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
        assert said.lower() in error.lower()
    assert source.read_bytes() == before
    assert left(tmp_path) == ["hard.csv", "link.csv", "rows.csv", "rows.json"]


def test_a_file_that_may_not_be_read_is_named(scored, tmp_path, features, monkeypatch):
    def refuse(*_given, **_options):
        raise PermissionError(13, "Failed to open local file")

    for name, opened in (("rows.csv", (pyarrow.csv, "open_csv")), ("rows.parquet", (pyarrow.parquet, "ParquetFile"))):
        monkeypatch.setattr(*opened, refuse)
        (tmp_path / name).touch()
        with pytest.raises(UserError, match=f"^{re.escape(str(tmp_path / name))}: Permission denied; "):
            scored(tmp_path / name, tmp_path / f"decided.{name}")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("room", [1, 50_000])
def test_a_disk_that_fills_up_leaves_nothing(scored, tmp_path, features, small, kind, room):
    source = written(tmp_path / "rows.csv", features, *[{"id": os.urandom(90).hex()} for _ in range(2000)])
    target = tmp_path / f"decided.{kind}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(UserError, match=f"^{re.escape(str(target))}: File too large; nothing was written; "):
            scored(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(tmp_path) == ["rows.csv"]


def test_a_person_sees_how_far_it_is(command, file, small, monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=300, _environ={"TERM": "xterm"})
    monkeypatch.setattr(commands, "out", screen)
    assert command("score", str(file))[0] == 0
    said = screen.file.getvalue()
    assert re.findall(r"(\d+/[\d?]+)\s", said)[-1] == f"{ROWS}/{ROWS}"
    assert f"decided on {ROWS} rows: " in said
