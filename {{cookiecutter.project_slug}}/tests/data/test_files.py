"""Every record of a file is read, or the file is refused with its row; nothing is read as fewer rows."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores import csv_reader, files, regular_csv

SMALL = 300  # cells in a chunk
LONGEST = 1 << 16  # characters of a cell
FILLER = b"".join(b"%d,two,3\n" % place for place in range(2_000))  # many chunks


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "CSV_CELLS", SMALL)
    monkeypatch.setattr(csv_reader, "LONGEST_CELL", LONGEST)
    monkeypatch.setattr(regular_csv, "BLOCK", 8 * SMALL)


def read(path: Path) -> list[list[Any]]:
    return [list(row) for chunk, _ in files.read_rows(path) for row in zip(*chunk.to_pydict().values(), strict=True)]


def write(tmp_path: Path, content: bytes, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


READ: dict[str, tuple[bytes, list[list[Any]]]] = {
    "rows that begin with a hash": (b"a,b\n#1,2\n3,4\n", [["#1", "2"], ["3", "4"]]),
    "a byte-order mark": (b"\xef\xbb\xbfa,b\n1,2\n", [["1", "2"]]),
    "a byte-order mark before a quote": (b'\xef\xbb\xbf"a","b"\n1,2\n', [["1", "2"]]),
    "CRLF": (b"a,b\r\n1,2\r\n3,4\r\n", [["1", "2"], ["3", "4"]]),
    "mixed line ends": (b"a,b\r\n1,2\n3,4\r5,6", [["1", "2"], ["3", "4"], ["5", "6"]]),
    "line breaks, commas and quotes in quotes": (b'a,b\n"x\ny","1,""2"""\n3,4\n', [["x\ny", '1,"2"'], ["3", "4"]]),
    "empty cells": (b'a,b\n,""\n,\n', [[None, None], [None, None]]),
    "empty lines": (b"a,b\n1,2\n\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
    "an empty line of one column": (b"a\n1\n\n2\n", [["1"], [None], ["2"]]),
    "no line end at the end": (b"a,b\n1,2", [["1", "2"]]),
    "backslashes": (b'a,b\n1\\,2\n"\\",4\n', [["1\\", "2"], ["\\", "4"]]),
    "a second header of the same width": (b"a,b\n1,2\na,b\n3,4\n", [["1", "2"], ["a", "b"], ["3", "4"]]),
    "quotes in a cell that does not begin with one": (b'a,b\n5" pipe,x"y"\n', [['5" pipe', 'x"y"']]),
    "a cell longer than a chunk": (b"a,b\n1," + b"x" * 60_000 + b"\n", [["1", "x" * 60_000]]),
    "spaces and leading zeros": (b"a,b\n 01 ,1_0\n", [[" 01 ", "1_0"]]),
}


@pytest.mark.parametrize("case", READ)
def test_every_cell_is_read_as_it_is_written(tmp_path: Path, case: str) -> None:
    content, rows = READ[case]
    assert read(write(tmp_path, content)) == rows


@pytest.mark.parametrize("name", ["t[1].csv", "t*.csv", "t?.csv", "t#1 %20.csv"])
def test_name_with_special_characters_is_a_file_and_no_pattern(tmp_path: Path, name: str) -> None:
    write(tmp_path, b"a,b\nwrong,file\n", "t1.csv")
    assert read(write(tmp_path, b"a,b\nright,file\n", name)) == [["right", "file"]]
    pyarrow.parquet.write_table(pa.table({"a": ["right"]}), tmp_path / f"{name}.parquet")
    assert read(tmp_path / f"{name}.parquet") == [["right"]]


REFUSED = {
    "a cell too many": (
        b"a,b,c\n" + FILLER + b"1,2,3,4\n",
        "row 2001 (line 2002): 4 cells, expected 3 as in the header",
    ),
    "a cell too few": (b"a,b,c\n" + FILLER + b"1,2\n" + FILLER, "row 2001 (line 2002): 2 cells, expected 3"),
    "rows of an older header": (b"a,b\n1,2\na,b,c\n1,2,3\n", "row 2 (line 3): 3 cells, expected 2 as in the header"),
    "an unclosed quote": (b'a,b,c\n1,"2,3\n' + FILLER, "row 1 (line 2): a quote is never closed"),
    "an unclosed quote at the end": (
        b"a,b,c\n" + FILLER + b'1,2,"3\n',
        "row 2001 (line 2002): a quote is never closed",
    ),
    "an unclosed quote before a closed one": (
        b'a,b,c\n1,2,"x\n1,2,3\n1,2,"3"\n',
        "row 1 (line 2): a quote inside a cell",
    ),
    "text after a quoted cell": (
        b"a,b,c\n" + FILLER + b'1,"5" pipe,3\n',
        "row 2001 (line 2002): a quote inside a cell",
    ),
    "text after a quoted cell of the header": (b'a,"b"c\n1,2\n', "header (line 1): a quote inside a cell"),
    "a quote that never closes in the header": (b'a,"b\n1,2\n', "header (line 1): a quote is never closed"),
    "Latin-1": (b"a,b,c\n" + FILLER + b"caf\xe9,2,3\n", "row 2001 (line 2002): not text in utf-8; .* in cp1252"),
    "Latin-1 in the header": (b"caf\xe9,b\n1,2\n", "header (line 1): not text in utf-8; .* in cp1252"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "header (line 1): not text in utf-8; .* in utf-16"),
    "a NUL byte": (b"a,b,c\n" + FILLER + b"1,\x00,3\n", "row 2001 (line 2002): a NUL byte; .*UTF-8"),
    "semicolons": (
        b"a;b\n1;2\n",
        "header (line 1): one cell, 'a;b'; the file seems to be with semicolons between cells",
    ),
    "semicolons and quotes": (b'"a";"b"\n"1";"2"\n', "header (line 1): .*semicolons between"),
    "tabs": (b"a\tb\n1\t2\n", "header (line 1): .*tabs between"),
    "nothing": (b"", "no rows; "),
    "empty lines only": (b"\n\n", "no rows; "),
    "a header without a line end": (b"a,b", "no rows; "),
    "a header": (b"a,b\n", "no rows; "),
    "a cell that is too long": (
        b"a,b\n1," + b"x" * LONGEST + b"y\n",
        "row 1 (line 2): field larger than field limit",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_file_that_cannot_be_read_whole_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, reason = REFUSED[case]
    reason = reason.replace("(", r"\(").replace(")", r"\)")
    path = write(tmp_path, content)
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: {reason}") as refusal:
        read(path)
    assert "\n" not in str(refusal.value)


def test_error_without_a_text_is_named_by_its_type() -> None:
    refused = files.file_errors(Path("rows.csv"), "try again")
    with pytest.raises(UserError, match=r"^rows\.csv: OSError; try again$"), refused:
        raise OSError


@settings(deadline=None, derandomize=True, database=None, max_examples=60)
@given(rows=st.lists(st.lists(st.text('ab",\n\r\t #;\\é', max_size=6), min_size=2, max_size=2), min_size=1, max_size=9))
def test_whatever_a_csv_writer_writes_is_read_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["first", "second"], *rows])
    assert read(write(tmp_path_factory.mktemp("rows"), text.getvalue().encode())) == [
        [cell or None for cell in row] for row in rows
    ]


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(body=st.text('a",\n', min_size=1, max_size=24))
@pytest.mark.slow
def test_no_quote_makes_one_row_of_two(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    """The strict mode of Python's reader is the oracle: what it refuses is refused, what it reads is read alike."""
    path = write(tmp_path_factory.mktemp("rows"), f"x,y\n{body}".encode())
    try:
        found: Any = [[cell or "" for cell in row] for row in read(path)]
    except UserError:
        return
    wanted = [row for row in csv.reader(io.StringIO(body, newline=""), strict=True) if row]
    assert found == wanted
