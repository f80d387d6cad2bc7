"""Whatever a table looks like, `data` and `score` read the same rows from it, as its source declares."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import math
import re
import sqlite3
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import USUAL
from pydantic import Field, ValidationError

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.problem import make_problem, with_source
from {{ cookiecutter.__package }}.core.schema import PROTECTED, Strict
from {{ cookiecutter.__package }}.core.source import Source, SourceColumn
from {{ cookiecutter.__package }}.data.collect import KEY, REASON, SUBJECT, read_file
from {{ cookiecutter.__package }}.product.scoring import score
from {{ cookiecutter.__package }}.stores import cells, files, other_formats, sql_table
from {{ cookiecutter.__package }}.stores.models import StoredModel


class Features(Strict):
    """A case."""

    amount: Annotated[float | None, Field(ge=-1e6, le=1e6)]
    count: int | None
    kind: Literal["a", "b", "other"] | None
    note: Annotated[str | None, Field(max_length=40)]
    level: Annotated[int | None, PROTECTED] = None


class Label(Strict):
    """What is true."""

    ok: Literal["no", "yes"]


NAMES = ("id", "amount", "count", "kind", "note", "level", "ok")
PROBLEM = make_problem("id", Features, Label, [("kind", "==", "a", 0.9, "a")], 0.1, lambda *_: {}, USUAL.parsed_plan)
ROWS = [("r1", 1234.5, 7, "a", "café, bar", 1, "no"), ("r2", None, -3, "b", None, None, "yes")]
TEXT = 'id,amount,count,kind,note,level,ok\nr1,1234.5,7,a,"café, bar",1,no\nr2,,-3,b,,,yes\n'
TABS = TEXT.replace('"', "").replace(",", "\t").replace("café\t", "café,")
SEMICOLONS = TABS.replace("\t", ";")


class Recorder:
    """A model that keeps what it is asked."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def predict_proba(self, rows: Any) -> Any:
        found = {name: list(rows[name]) for name in ("amount", "count", "kind", "note")}
        self.rows += zip(*([_plain(value) for value in values] for values in found.values()), strict=True)
        return [[0.5, 0.5]] * len(found["amount"])


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def by_data(place: Path | str, source: Source) -> list[tuple[Any, ...]]:
    """Return the rows that the data wheel takes."""
    rows = [row for chunk in read_file(place, with_source(PROBLEM, source)) for row in chunk.to_pylist()]
    assert [row[REASON] for row in rows] == [None] * len(rows)
    return [tuple(row[name] for name in (KEY, *NAMES[1:])) for row in rows]


def by_score(place: Path | str, source: Source, target: Path) -> list[tuple[Any, ...]]:
    """Return the rows that a model is asked to decide on."""
    model = Recorder()
    list(score(place, target, StoredModel(model, "recorder", "1", "", {}), with_source(PROBLEM, source)))
    return model.rows


def check(place: Path | str, source: Source, rows: list[tuple[Any, ...]], target: Path) -> None:
    assert by_data(place, source) == rows
    assert by_score(place, source, target) == [row[1:5] for row in rows]


def renamed(**names: Any) -> dict[str, Any]:
    return {"columns": {name: SourceColumn(**found) for name, found in names.items()}}


CASES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "plain": (TEXT.encode(), {}),
    "a byte-order mark": (TEXT.encode("utf-8-sig"), {}),
    "UTF-16": (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-16 without a mark": (TEXT.encode("utf-16-be"), {"encoding": "utf-16-be"}),
    "UTF-16 with a mark and an exact name": (b"\xff\xfe" + TEXT.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "Windows-1252": (TEXT.encode("cp1252"), {"encoding": "cp1252"}),
    "Latin-1": (TEXT.encode("latin-1"), {"encoding": "latin-1"}),
    "semicolons": (SEMICOLONS.encode(), {"delimiter": ";"}),
    "tabs": (TABS.encode(), {"delimiter": "\t"}),
    "vertical bars": (TABS.replace("\t", "|").encode(), {"delimiter": "|"}),
    "single quotes": (TEXT.replace('"', "'").encode(), {"quote": "'"}),
    "CRLF": (TEXT.replace("\n", "\r\n").encode(), {}),
    "CR": (TEXT.replace("\n", "\r").encode(), {}),
    "lines above the header": ((f'A "title\n\n{TEXT}').encode(), {"skip_lines": 2}),
    "lines in other characters above the header": (b"\x80 title\n" + TEXT.encode(), {"skip_lines": 1}),
    "no header": (
        TEXT.partition("\n")[2].encode(),
        {"header": False, "key": "column 1"}
        | renamed(**{name: {"name": f"column {place}"} for place, name in enumerate(NAMES[1:], start=2)}),
    ),
    "delimiters at the ends of rows": (
        SEMICOLONS.replace("\n", ";\n").replace("ok;", "ok").encode(),
        {"delimiter": ";", "trailing_delimiter": True},
    ),
    "delimiters at the ends of all lines": (
        SEMICOLONS.replace("\n", ";\n").encode(),
        {"delimiter": ";", "trailing_delimiter": True},
    ),
    "comments": (("# made by hand\n" + TEXT.replace("\n", "\n#, one more\n")).encode(), {"comment": "#"}),
    "a line of totals": ((TEXT + "Total,1234.5\n,sum of all\n").encode(), {"totals": ("Total", "sum of all")}),
    "other spaces around cells": (TEXT.replace(",a,", ",\u00a0a\u2003,").encode(), {}),
    "a padded header": (TEXT.replace("amount", " amount ").replace("id,", " id,").encode(), {}),
    "spaces after delimiters": (TEXT.replace(",", ", ").replace("café,  ", "café, ").encode(), {"skip_spaces": True}),
    "a decimal comma": (SEMICOLONS.replace("1234.5", "1234,5").encode(), {"delimiter": ";", "decimal": ","}),
    "points between thousands": (
        SEMICOLONS.replace("1234.5", "1.234,5").encode(),
        {"delimiter": ";", "decimal": ",", "thousands": "."},
    ),
    "commas between thousands": (TEXT.replace("1234.5", '"1,234.5"').encode(), {"thousands": ","}),
    "spaces between thousands": (TEXT.replace("1234.5", "1\u202f234.5").encode(), {"thousands": "\u202f"}),
    "apostrophes between thousands": (TEXT.replace("1234.5", "1'234.5").encode(), {"thousands": "'"}),
    "a sign of a currency": (
        TEXT.replace("1234.5", "€ 1,234.50".join('""')).encode(),
        {"thousands": ","} | renamed(amount={"name": "amount", "unit": "€"}),
    ),
    "a unit after numbers": (
        TEXT.replace("1234.5", "1234.5\u00a0kg").replace("-3", "-3 %").encode(),
        renamed(amount={"name": "amount", "unit": "kg"}, count={"name": "count", "unit": "%"}),
    ),
    "signs of accountants": (
        TEXT.replace("-3", " (3) ").encode(),
        renamed(count={"name": "count", "accounting": True}),
    ),
    "a minus behind a unit": (
        TEXT.replace("-3", "3-€").encode(),
        renamed(count={"name": "count", "accounting": True, "unit": "€"}),
    ),
    "spellings of missing": (
        TEXT.replace("r2,,-3,b,,,", "r2,-999,-3,b,?,-,").encode(),
        {"missing": ("?", " -")} | renamed(amount={"name": "amount", "missing": ("-999",)}),
    ),
    "codes": (
        TEXT.replace(",a,", ",1,").replace(",b,", ", 02 ,").replace("yes", "J").encode(),
        renamed(kind={"name": "kind", "values": {"1": "a", "02": "b"}}, ok={"name": "ok", "values": {"J": "yes"}}),
    ),
    "names of its own": (
        TEXT.replace("amount", '"Betrag, €"').replace("count", "class").replace("id,", "Größe;nr,").encode(),
        {"key": "Größe;nr"} | renamed(amount={"name": "Betrag, €"}, count={"name": "class"}),
    ),
    "a column twice, and one without a name": (
        TEXT.replace("ok\n", "ok,amount,\n").replace("no\n", "no,5,6\n").replace("yes\n", "yes,7,8\n").encode(),
        {"ignored": ("amount (2)", "column 9")},
    ),
    "the contract's own names and spellings": (
        TEXT.encode(),
        {"delimiter": ";", "decimal": ",", "thousands": ".", "encoding": "cp1252", "key": "Nr"}
        | renamed(amount={"name": "Betrag"}, kind={"name": "Art", "values": {"a": "b"}}),
    ),
    "the contract's own names, where there is no header": (TEXT.encode(), {"header": False}),
}


@pytest.mark.parametrize("case", CASES)
def test_data_and_score_read_the_same_rows_from_every_dialect(tmp_path: Path, case: str) -> None:
    content, declared = CASES[case]
    (tmp_path / "rows.csv").write_bytes(content)
    check(tmp_path / "rows.csv", Source(**declared), ROWS, tmp_path / "out.csv")


@pytest.mark.parametrize("name", ["rows.tsv", "rows.txt", "rows.data", "rows.DAT", "rows.csv.gz", "rows.txt.gz"])
def test_text_under_every_name_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(TABS.encode()) if name.endswith("gz") else TABS.encode())
    check(tmp_path / name, Source(delimiter="\t"), ROWS, tmp_path / "out.csv")


def write_workbook(path: Path, rows: list[list[Any]], sheet: str = "Cases") -> None:
    book = openpyxl.Workbook()
    [first] = book.worksheets
    first.title = sheet
    for row in rows:
        first.append(row)
    book.create_sheet("Notes").append(["this is no case"])
    book.save(path)


TYPED = [
    {"id": "r1", "amount": 1234.5, "count": 7, "kind": "a", "note": "café, bar", "level": 1, "ok": "no"},
    {"id": "r2", "amount": None, "count": -3, "kind": "b", "note": None, "level": None, "ok": "yes"},
]


def write_typed(path: Path, rows: list[dict[str, Any]]) -> Path | str:
    """Write rows in the format that the name of a file stands for; return how a command is told of it."""
    cells = [[row[name] for name in NAMES] for row in rows]
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1), encoding="utf-8-sig")
    elif path.suffix in (".jsonl", ".ndjson"):  # what is missing is left out
        objects = [{name: value for name, value in row.items() if value is not None} for row in rows]
        path.write_text("\n\n".join(map(json.dumps, objects)), encoding="utf-8")
    elif path.suffix == ".xlsx":
        write_workbook(path, [list(NAMES), cells[0], [], *cells[1:], [None] * 9])
    elif path.suffix == ".csv":
        lines = [",".join(NAMES), *(",".join("" if cell is None else f"{cell}" for cell in row) for row in cells)]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"CREATE TABLE cases ({', '.join(NAMES)})")
            connection.executemany(f"INSERT INTO cases VALUES ({', '.join('?' * len(NAMES))})", cells)  # noqa: S608
        return f"sqlite:///{path}"
    return path


@pytest.mark.parametrize("name", ["rows.parquet", "rows.json", "rows.jsonl", "rows.ndjson", "rows.xlsx", "rows.db"])
@pytest.mark.parametrize("declared", [{}, {"decimal": ",", "thousands": ".", "delimiter": ";"}])
def test_typed_tables_give_the_same_rows_whatever_the_source_says_of_text(
    tmp_path: Path, name: str, declared: dict[str, Any]
) -> None:
    check(write_typed(tmp_path / name, TYPED), Source(**declared), ROWS, tmp_path / "out.csv")


LARGE = [10**18 + 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1]


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.json", "rows.db"])
def test_whole_numbers_are_exact_from_every_kind_of_table(tmp_path: Path, name: str) -> None:
    rows = [TYPED[0] | {"id": f"r{place}", "count": count, "note": None} for place, count in enumerate(LARGE)]
    place = write_typed(tmp_path / name, rows)
    assert [row[2] for row in by_data(place, Source())] == LARGE


def test_whole_numbers_with_a_point_and_zeros_are_exact(tmp_path: Path) -> None:
    rows = [TYPED[0] | {"id": f"r{place}", "count": f"{count}.0", "note": None} for place, count in enumerate(LARGE)]
    assert [row[2] for row in by_data(write_typed(tmp_path / "rows.csv", rows), Source())] == LARGE


DATES: dict[str, tuple[list[Any], str, str, list[int | None]]] = {
    "days": (["1970-01-02", "2024-02-29", ""], "%Y-%m-%d", "days", [1, 19782, None]),
    "days before 1970": (["31.12.1969"], "%d.%m.%Y", "days", [-1]),
    "year": (["2/29/2024", " 1/1/1999 "], "%m/%d/%Y", "year", [2024, 1999]),
    "month": (["29 Feb 2024"], "%d %b %Y", "month", [2]),
    "day": (["2024-02-29T23:59:59+02:00"], "%Y-%m-%dT%H:%M:%S%z", "day", [29]),
    "hour of a typed time": ([time(7, 30), None], "%H:%M:%S", "hour", [7, None]),
    "weekday": (["2024-02-26", "2024-03-03"], "%Y-%m-%d", "weekday", [1, 7]),
    "hour": (["2024-02-26 17:05:00", "2024-02-26 09:00:00.250"], "%Y-%m-%d %H:%M:%S", "hour", [17, 9]),
    "days without zeros": (["2024-2-9"], "%Y-%m-%d", "days", [19762]),
    "typed dates": ([date(2024, 2, 29), None], "%Y-%m-%d", "days", [19782, None]),
    "typed times": ([datetime(2024, 2, 29, 17, 5)], "%Y-%m-%d %H:%M:%S", "hour", [17]),  # noqa: DTZ001
}


def test_subject_that_is_a_list_is_read_as_text(tmp_path: Path) -> None:
    rows = [row | {"household": [place]} for place, row in enumerate(TYPED)]
    place = write_typed(tmp_path / "rows.parquet", rows)
    assert by_data(place, Source(subject="household")) == ROWS


@pytest.mark.parametrize("case", DATES)
def test_part_of_a_date_is_a_number(tmp_path: Path, case: str) -> None:
    given, form, part, wanted = DATES[case]
    declared = renamed(count={"name": "seen", "date": form, "part": part})
    rows = [{"id": f"r{place}", "seen": value, "ok": "no"} for place, value in enumerate(given)]
    rows = [row | dict.fromkeys(("amount", "kind", "note", "level"), "") for row in rows]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for name in ("rows.parquet", "rows.csv"):
        assert [row[2] for row in by_data(tmp_path / name, Source(**declared))] == wanted


NOT_AS_DECLARED = {
    "groups of two digits": ("12.34", {"decimal": ",", "thousands": "."}, "amount is '12.34, but problem/sources.py"),
    "a point for a comma": ("1.5", {"decimal": ","}, "amount is '1.5, but problem/sources.py says that decimals have"),
    "a comma for a point": ("1,5", {"thousands": ","}, "amount is '1,5', expected a number"),
    "uneven groups": ("1,2345", {"thousands": ","}, "amount is '1,2345', expected a number"),
    "two commas": ("1,5,5", {"decimal": ","}, "amount is '1,5,5', expected a number"),
    "another unit": ("5 $", renamed(amount={"name": "amount", "unit": "€"}), "amount is '5 \\$', expected a number"),
    "another date": (
        *("31.02.2024", renamed(amount={"name": "amount", "date": "%d.%m.%Y"})),
        "amount is '31.02.2024', expected a number",
    ),
}


@pytest.mark.parametrize("case", NOT_AS_DECLARED)
def test_cell_that_is_not_spelt_as_declared_is_refused_with_its_text(tmp_path: Path, case: str) -> None:
    cell, declared, reason = NOT_AS_DECLARED[case]
    (tmp_path / "rows.csv").write_text(TEXT.replace("1234.5", f'"{cell}"'), encoding="utf-8")
    for read in (by_data, lambda *given: by_score(*given, tmp_path / "out.csv")):
        with pytest.raises(UserError, match=rf"rows\.csv: row 1.*: {reason}"):
            read(tmp_path / "rows.csv", Source(**declared))


def test_values_that_the_contract_does_not_have_become_the_other_category_and_missing_ones_stay(tmp_path: Path) -> None:
    cells = ["a", "c", "d ", "NA", "", "other", "?"]
    text = "\n".join([",".join(NAMES), *(f"r{place},,,{cell},,,no" for place, cell in enumerate(cells))])
    (tmp_path / "rows.csv").write_text(text)
    declared = Source(missing=("?",), **renamed(kind={"name": "kind", "other": "other"}))
    found = [row[3] for row in by_data(tmp_path / "rows.csv", declared)]
    assert found == ["a", "other", "other", None, None, "other", None]


def test_rows_are_numbered_where_no_column_identifies_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_formats, "TEXT_ROWS", 2)
    rows = [{name: value for name, value in TYPED[place % 2].items() if name != "id"} for place in range(5)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert [row[0] for row in by_data(tmp_path / "rows.json", Source(number_rows=True))] == ["1", "2", "3", "4", "5"]
    url = write_typed(tmp_path / "rows.db", TYPED)
    with pytest.raises(UserError, match="rows of a database have no order; give `key` in"):
        by_data(url, Source(number_rows=True, ignored=("id",)))


def test_column_that_only_the_last_object_has_is_read(tmp_path: Path) -> None:
    first, last = {"id": "r1", "ok": "no"}, TYPED[0] | {"id": "r2"}
    (tmp_path / "rows.jsonl").write_text(f"{json.dumps(first)}\n{json.dumps(last)}\n")
    assert by_data(tmp_path / "rows.jsonl", Source())[1] == ("r2", *ROWS[0][1:])


@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
def test_columns_of_the_table_are_written_with_their_own_names_and_cells(tmp_path: Path, target: str) -> None:
    header, row = [" Betrag", "Art", "count", "x", "x", "", "level"], ["1.234,50 €", "01", "7", "a", "b", "c", "03"]
    (tmp_path / "rows.csv").write_text(";".join(header) + "\n" + ";".join(row) + "\n", encoding="utf-8")
    declared = renamed(amount={"name": "Betrag", "unit": "€"}, kind={"name": "Art", "values": {"01": "a"}})
    source = Source(delimiter=";", decimal=",", thousands=".", **declared)
    assert by_score(tmp_path / "rows.csv", source, tmp_path / target) == [(1234.5, 7, "a", None)]
    if target == "out.csv":
        with (tmp_path / target).open(newline="", encoding="utf-8") as file:
            assert [found[:7] for found in csv.reader(file)] == [header, row]
    else:
        table = pyarrow.parquet.read_table(tmp_path / target)
        names = ["Betrag", "Art", "count", "x", "x (2)", "column 6", "level"]
        assert table.schema.names[:7] == names
        # a whole number of the contract is one in Parquet too, protected or not; a code stays what it is
        assert [table[name][0].as_py() for name in names] == ["1.234,50 €", "01", 7, "a", "b", "c", 3]


SEEMS = {
    "semicolons": (SEMICOLONS.encode(), "the file seems to be with semicolons between cells: declare that in problem"),
    "Latin-1": (TEXT.encode("latin-1"), "row 1 .*not text in utf-8; the file seems to be in cp1252: declare"),
    "Windows-1252": (TEXT.replace("bar", "\u20ac").encode("cp1252"), "the file seems to be in cp1252: declare"),
    "UTF-16": (TEXT.encode("utf-16"), "the file seems to be in utf-16: declare"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "the file seems to be in utf-16-le: declare"),
    "no header": (TEXT.partition("\n")[2].encode(), "column id is missing.*; the file seems to be without a header: "),
    "all of them": (
        SEMICOLONS.partition("\n")[2].encode("latin-1"),
        "the file seems to be in cp1252, with semicolons between cells, without a header: declare that",
    ),
}


@pytest.mark.parametrize("case", SEEMS)
def test_file_that_is_read_in_the_wrong_way_is_refused_with_what_it_seems_to_be(tmp_path: Path, case: str) -> None:
    content, reason = SEEMS[case]
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(UserError, match=reason) as refused:
        by_data(tmp_path / "rows.csv", Source())
    assert "init" in str(refused.value)
    with pytest.raises(UserError, match=reason.replace("column id is missing", "amount, count")):
        by_score(tmp_path / "rows.csv", Source(), tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


BROKEN = {
    "rows.json": (b'[{"id": 1}, 5]', "row 2: 5, expected an object"),
    "list.json": (b'[{"id": 1}', "the list: Expecting ',' delimiter"),
    "deep.json": (b"[" * 100_000, "the list: lists or objects within more than a thousand others"),
    "rows.jsonl": (b'{"id": 1}\n{"id": 2', "line 2: Expecting ',' delimiter .* ends here.*; give one object a line"),
    "one.jsonl": (b'{\n"id": 1\n}\n', "line 1: Expecting property name .*; give one object a line"),
    "twice.jsonl": (b'{"id": 1, "id": 2}\n', "line 1: 'id' is there twice in one object"),
    "latin.jsonl": (b'{"id": "\xe9"}', "line 1: not text in UTF-8"),
    "empty.json": (b"[]", "no rows; "),
    "rows.xlsx": (b"PK no workbook", ".*; is it whole"),
    "rows.csv.gz": (gzip.compress(TEXT.encode())[:-9], "Compressed file ended before"),
    "plain.csv.gz": (TEXT.encode(), "Not a gzipped file"),
    "rows.xls": (b"", "its name has to end in .csv, .tsv, .*, .xlsx or .xlsm; convert it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_table_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, reason = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: {reason}") as refused:
        by_data(path, Source())
    assert "\n" not in str(refused.value)


def test_sheet_of_a_workbook_is_the_first_or_the_named_one_and_no_cell_is_lost(tmp_path: Path) -> None:
    write_workbook(tmp_path / "rows.xlsx", [["title"], list(NAMES), list(ROWS[0]), [*ROWS[1], "", "more"]])
    with pytest.raises(UserError, match=r"rows\.xlsx: row 2: 9 cells, expected 7"):
        by_data(tmp_path / "rows.xlsx", Source(skip_lines=1))
    with pytest.raises(UserError, match=r"no sheet 'Fälle'; name one by .*: Cases, Notes$"):
        by_data(tmp_path / "rows.xlsx", Source(table="Fälle"))
    with pytest.raises(UserError, match=r"sheet 'Notes' has no rows; name another by .*: Cases$"):
        by_data(tmp_path / "rows.xlsx", Source(table="Notes"))


def test_workbook_that_states_a_wrong_size_is_read_whole(tmp_path: Path) -> None:
    place = write_typed(tmp_path / "right.xlsx", TYPED)
    with zipfile.ZipFile(place) as right, zipfile.ZipFile(tmp_path / "wrong.xlsx", "w") as wrong:
        for name in right.namelist():
            wrong.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', right.read(name)))
    assert by_data(tmp_path / "wrong.xlsx", Source()) == ROWS


def test_database_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = write_typed(tmp_path / "rows.db", TYPED)
    monkeypatch.setenv("FOLDER", str(tmp_path))
    monkeypatch.setenv("WHOLE_URL", str(url))
    assert by_data(files.find_table("${WHOLE_URL}"), Source()) == ROWS
    assert files.find_table("${FOLDER}/rows.csv", Path("data")) == tmp_path / "rows.csv"
    monkeypatch.setenv("PASSWORD", "p@ss/w:rd?")
    assert (
        sql_table.expand_variables("postgresql://me:${PASSWORD}@host/x") == "postgresql://me:p%40ss%2Fw%3Ard%3F@host/x"
    )
    for place, reason in {
        "postgresql+psycopg://me:p@ss@127.0.0.1:9/cases": r"postgresql\+psycopg://127.0.0.1:9/cases: .*; check the URL",
        "postgresql+psycopg://me:${PASSWORD}@127.0.0.1:9/cases": r"postgresql\+psycopg://127.0.0.1:9/cases: ",
        "postgresql+psycopg://me:${NOT_SET}@host/cases": "//host/cases: the environment variable NOT_SET is not set",
        "s3://bucket/rows.parquet": "^s3://bucket/rows.parquet: files are read from this machine only; fetch it",
        "nonsense://x": "^nonsense://x: .*; check the URL",
        f"sqlite:///{tmp_path}/none.db": "none.db: no such file; ",
    }.items():
        found = files.find_table(place)
        with pytest.raises(UserError, match=reason) as refused:
            by_data(found, Source())
        assert "p@ss" not in str(refused.value)
        assert "ss/w" not in str(refused.value)
    assert not (tmp_path / "none.db").exists()


def test_table_of_a_database_is_named_where_there_are_several(tmp_path: Path) -> None:
    url = str(write_typed(tmp_path / "rows.db", TYPED))
    with contextlib.closing(sqlite3.connect(tmp_path / "rows.db")) as connection, connection:
        connection.execute("CREATE VIEW \"the 'yes' cases\" AS SELECT * FROM cases WHERE ok = 'yes'")
    with pytest.raises(UserError, match=r"several tables; name one by `init --sheet`, or table=.*: cases, the "):
        by_data(url, Source())
    with pytest.raises(UserError, match="no table 'none'; "):
        by_data(url, Source(table="none"))
    assert by_data(url, Source(table="the 'yes' cases")) == ROWS[1:]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (renamed(amounts={"name": "x"}), "sources.py: columns: amounts is not in contract.py; it has amount, count"),
        (
            renamed(kind={"name": "x", "values": {"1": "c"}}),
            "columns: kind: 'c' is no category of contract.py; use one",
        ),
        (renamed(kind={"name": "x", "other": "c"}), "columns: kind: 'c' is no category"),
        (renamed(note={"name": "x", "other": "c"}), "columns: note: `other` is for categories"),
        (renamed(note={"name": "x", "date": "%Y"}), "columns: note: `date`, `unit` and `accounting` are for numbers"),
    ],
)
def test_source_that_does_not_fit_the_contract_is_refused(declared: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        with_source(PROBLEM, Source(**declared))


@pytest.mark.parametrize(
    "declared",
    [
        {"encoding": "utf-7.5"},
        {"encoding": "rot13"},
        {"delimiter": '"'},
        {"delimiter": "\n"},
        {"delimiter": ""},
        {"decimal": ",", "thousands": ","},
        {"key": "a", "number_rows": True},
        {"quotes": "'"},
    ],
)
def test_source_that_contradicts_itself_is_refused(declared: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Source(**declared)


def test_line_in_a_cell_is_no_comment(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(TEXT.replace("bar", "\n# bar"), encoding="utf-8")
    assert by_data(tmp_path / "rows.csv", Source(comment="#"))[0][4] == "café, \n# bar"


def test_typed_values_are_spelt_as_cells_of_text_are() -> None:
    values = [True, 13.0, 0.1, 1e300, 10**18 + 1, Decimal("1.50"), date(2024, 2, 29), "", math.nan, b"\xff", ["é", 1]]
    wanted = ["true", "13", "0.1", "1e+300", "1000000000000000001", "1.50", "2024-02-29", None, None, "ff", '["é", 1]']
    assert [cells.write_cell(value) for value in values] == wanted


def test_names_are_clean_and_each_is_there_once() -> None:
    given = [" a ", "a", "", "a (2)", None, "column 3", "a"]
    schema = cells.name_columns(given)
    assert schema.names == ["a", "a (3)", "column 3", "a (2)", "column 5", "column 3 (2)", "a (4)"]
    assert cells.headers(schema) == [" a ", "a", "", "a (2)", "", "column 3", "a"]
    assert cells.repeated_names(schema, Source(ignored=("a (3)",))) == {"column 3 (2)": "column 3", "a (4)": "a"}


SIGNS = st.sampled_from([",", ";", "\t", "|", ":", " ", "~"])


def test_subject_of_a_row_is_read_as_text_and_is_no_column_of_models(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text(TEXT.replace("\n", ",007\n").replace("ok,007", "ok,patient", 1), encoding="utf-8")
    problem = with_source(PROBLEM, Source(subject="patient"))
    rows = [row for chunk in read_file(path, problem) for row in chunk.to_pylist()]
    assert [(row[SUBJECT], row[REASON]) for row in rows] == [("007", None)] * 2
    assert by_score(path, Source(subject="patient"), tmp_path / "scored.csv") == [row[1:5] for row in ROWS]
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(UserError, match="column patient is missing"):
        list(read_file(path, problem))


@settings(deadline=None, derandomize=True, database=None, max_examples=60)
@given(
    rows=st.lists(
        st.lists(st.text("ab,;\t|'\"\\\n\r #é~", max_size=5), min_size=2, max_size=2), min_size=1, max_size=8
    ),
    delimiter=SIGNS,
    quote=st.sampled_from(['"', "'"]),
    escape=st.sampled_from(["", "\\"]),
    encoding=st.sampled_from(["utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-16-be"]),
    comment=st.sampled_from(["", "#", "%"]),
    skipped=st.integers(0, 2),
    trailing=st.booleans(),
)
def test_whatever_rows_are_written_in_a_dialect_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], **dialect: Any
) -> None:
    text = io.StringIO()
    end = dialect["delimiter"] if dialect["trailing"] else ""
    writer = csv.writer(
        text,
        delimiter=dialect["delimiter"],
        quotechar=dialect["quote"],
        escapechar=dialect["escape"] or None,
        doublequote=not dialect["escape"],
        quoting=csv.QUOTE_ALL,
        lineterminator=f"{end}\n",
    )
    for row in [["first", "second"], *rows]:
        text.write(f"{dialect['comment']} said by hand, and no row\n" if dialect["comment"] else "")
        writer.writerow(row)
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    title = "a title\n" * dialect["skipped"]
    path.write_bytes((title + text.getvalue()).encode(dialect["encoding"]))
    names = ("delimiter", "quote", "escape", "encoding", "comment")
    declared = {name: dialect[name] for name in names}
    source = Source(skip_lines=dialect["skipped"], trailing_delimiter=dialect["trailing"], **declared)
    found = [
        list(row) for chunk, _ in files.read_rows(path, source) for row in zip(*chunk.to_pydict().values(), strict=True)
    ]
    assert found == [[cell or None for cell in row] for row in rows]
