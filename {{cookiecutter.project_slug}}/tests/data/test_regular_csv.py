"""Text files of rows that Arrow reads have the cells, the faults and the places of faults that `csv` finds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from {{ cookiecutter.__package }}.core.source import PLAIN, Source
from {{ cookiecutter.__package }}.stores import csv_reader, regular_csv

REGULAR = b'a,b\n1,"x, ""y""\n"\n\n,\r\n"",2\n'
PIECES = [
    b'"',
    b'""',
    b'"x"',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"a",
    b" ",
    "é".encode(),
    b"\xff",
    b"\0",
    b"1,2\n",
    b'"a,b",c\n',
]


def read(path: Path, source: Source) -> tuple[list[Any], list[Any], str]:
    """Return the rows, the lines that are none, and the error."""
    rows: list[Any] = []
    rejected: list[Any] = []
    try:
        for chunk, _ in csv_reader.read_csv(path, source, lambda *line: rejected.append(line)):
            rows += zip(*(column.to_pylist() for column in chunk.columns), strict=True)
    except (csv.Error, UnicodeError) as error:
        return rows, rejected, str(error)
    return rows, rejected, ""


def read_both(path: Path, source: Source, block: int) -> tuple[Any, Any, int]:
    """Return what is read with and without Arrow, and how many rows Arrow has read."""
    counts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regular_csv, "BLOCK", block)
        parse = regular_csv._parse

        def count(*words: Any) -> Any:
            found = parse(*words)
            counts.append(0 if found is None else found.num_rows)
            return found

        patch.setattr(regular_csv, "_parse", count)
        fast = read(path, source)
        patch.setattr(csv_reader, "is_plain", lambda *_: False)
        return fast, read(path, source), sum(counts)


@settings(deadline=None)
@given(
    head=st.sampled_from([b"a,b\n", b"a;b\n", b'"a","b"\r\n', b"\xef\xbb\xbfa,b\n", b"a\n", b"\n", b"a,a\n", b""]),
    pieces=st.lists(st.sampled_from(PIECES), max_size=25),
    block=st.sampled_from([1, 5, 16, 1000]),
    delimiter=st.sampled_from(",;"),
)
@example(head=b"a,b\n", pieces=[b'"a,"b,c\n'], block=1000, delimiter=",")  # Arrow alone takes a,b and c
@example(head=b"a,b\n", pieces=[b'"a"x,c\n'], block=1000, delimiter=",")
@example(head=b"a,b\n", pieces=[b"1,2\n", b"1\n", b"3,4"], block=5, delimiter=",")
def test_same_rows_lines_and_errors(
    tmp_path_factory: Any, head: bytes, pieces: list[bytes], block: int, delimiter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "regular.csv"
    path.write_bytes(head + b"".join(pieces))
    fast, careful, _ = read_both(path, PLAIN.model_copy(update={"delimiter": delimiter}), block)
    assert fast[1:] == careful[1:]
    # before an error, other chunks were complete
    assert fast[0] == careful[0] or fast[2]


@pytest.mark.parametrize("block", [8, 1 << 21])
def test_regular_file_is_read_by_arrow_alone(tmp_path: Path, block: int) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(REGULAR + b"3,4\n" * 50)
    fast, careful, by_arrow = read_both(path, PLAIN, block)
    assert fast == careful
    assert by_arrow == len(fast[0]) == 53
    assert fast[0][:3] == [("1", 'x, "y"\n'), (None, None), (None, "2")]


@pytest.mark.parametrize("change", [{"escape": "\\"}, {"comment": "#"}, {"encoding": "latin-1"}, {"header": False}])
def test_other_files_are_not_read_by_arrow(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n")
    fast, careful, by_arrow = read_both(path, PLAIN.model_copy(update=change), 1000)
    assert (fast, by_arrow) == (careful, 0)


def test_line_in_the_middle_that_is_none_has_its_number(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 100 + b"1\n" + b"1,2\n" * 100)
    fast, careful, by_arrow = read_both(path, PLAIN, 64)
    assert fast == careful
    assert fast[1] == [(102, "1 cells, expected 2 as in the header")]
    assert 0 < by_arrow < 100


def test_gzip_is_not_read_by_arrow() -> None:
    assert not regular_csv.is_plain(Path("t.csv.gz"), PLAIN)
    assert regular_csv.is_plain(Path("t.tsv"), PLAIN.model_copy(update={"delimiter": "\t"}))
