"""How a table is to be read follows from its bytes: hard files, a few lines each, and what is decided."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.init.reading.sniff import sniff
from {{ cookiecutter.__package }}.stores.files import read_rows

SEMICOLONS = {"delimiter": ";"}
GERMAN = {**SEMICOLONS, "decimal": ",", "thousands": "."}
WIDE = "1,2,3,4,5,6,"
HARD = {
    # delimiters
    "commas": ("a,b\n1,x\n2,y\n", {}),
    "semicolons": ("a;b\n1;x\n2;y\n", SEMICOLONS),
    "tabs": ("a\tb\n1\tx, y\n2\tz\n", {"delimiter": "\t"}),
    "vertical bars": ("a|b\n1|x\n2|y\n", {"delimiter": "|"}),
    "spaces": ("a b c\n1 2 3\n4 5 6\n", {"delimiter": " ", "skip_spaces": True}),
    "several spaces": ("  a   b  c\n  1  20  3\n 10   5  6\n", {"delimiter": " ", "skip_spaces": True}),
    "lists in cells": ("t,genres,y\nx,A|B,1\ny,A|B|C,2\nz,A,3\n", {}),
    "commas in sentences": ("a;b\n1;so, well\n2;and, so, on\n", SEMICOLONS),
    "one column": ("a\n1\n2\n", {}),
    "one column of texts": ("city\nNew York\nRome\nSan Jose\nOslo\n", {}),
    # quotes and escapes
    "quoted delimiters": ('a,b\n1,"x, y"\n2,"z; z"\n', {}),
    "doubled quotes": ('a,b\n1,"a ""b"" c"\n2,d\n', {}),
    "quoted line breaks": ('a,b\n1,"x\ny"\n2,z\n', {}),
    "single quotes": ("a,b\n'x, y',2\n'it''s',3\n", {"quote": "'"}),
    "escaped quotes": ('a,b\n"x \\"y\\" z",2\n"q, r",3\n', {"escape": "\\"}),
    "backslash in a path": ('a,b\n"C:\\",2\n"D:\\",3\n', {}),
    "quotes that are inches": ('a,b\n"5 inch,2\n5" pipe,3\n7" pipe,4\n', {"quote": ""}),
    "apostrophes": ("a,b\n't Hooft,1\nO'Neil,2\n's,3\n", {}),
    "spaces before quotes": ('a, b, c\n1, "x, y", 3\n2, "z, w", 4\n', {"skip_spaces": True}),
    "a quote that is never closed": ('a,b\n"x",1\n"y",2\n"z,3\n"w",4\n', {}),
    "an open quote of many columns": (
        "a,b,c,d,e,f,g\n" + (WIDE + '"x"\n') * 2 + WIDE + '"x\n' + (WIDE + '"x"\n') * 9,
        {},
    ),
    # line ends and padding
    "CRLF": ("a,b\r\n1,2\r\n3,4\r\n", {}),
    "CR": ("a,b\r1,2\r3,4\r", {}),
    "empty lines": ("\n\na,b\n1,2\n\n3,4\n", {}),
    "trailing delimiters": ("a,b,\n1,2,\n3,4,\n", {"trailing_delimiter": True}),
    "trailing delimiters of rows": ("a;b\n1;2;\n3;4;\n", {**SEMICOLONS, "trailing_delimiter": True}),
    "an empty last column": ("a,b,c\n1,2,\n3,4,\n", {}),
    # what is no row
    "titles": ("Report of 2020\n\nid;a;b\n1;2;3\n4;5;6\n", {**SEMICOLONS, "skip_lines": 2}),
    "padded titles": ("Report of 2020;;\n;;\nid;a;b\n1;2;3\n4;5;6\n", {**SEMICOLONS, "skip_lines": 2}),
    "a title of two columns": ("Report,\na,b\n1,2\n3,4\n", {"skip_lines": 1}),
    "names and values above": ("Station: Rome, 2020\nUnit: mm\n\nd,r,t\n1,1.5,2\n2,1.5,2\n", {"skip_lines": 3}),
    "names in groups": ("x,x,y\na,b,c\n1,2,u\n3,4,v\n", {"skip_lines": 1}),
    "names in groups with gaps": ("x,,y\na,b,c\n1,2,u\n3,4,v\n", {"skip_lines": 1}),
    "an index above texts": (",a,b\nr,s,t\nu,v,w\n", {}),
    "comments above": ("# by us\n# in 2020\nid,a,b\n1,2,3\n4,5,6\n", {"skip_lines": 2}),
    "comments between rows": ("# by us\nid,a,b\n1,2,3\n# a remark\n4,5,6\n", {"comment": "#"}),
    "rows that begin with #": ("id,answer\n" + "1,yes\n" * 50 + "#7,no\n#8,no\n", {}),
    "errors of a spreadsheet": ("a,b\n#DIV/0!,2\n3,4\n#DIV/0!,5\n", {"missing": ("#DIV/0!",)}),
    "a second header": ("id,a\n1,2\n3,4\nid,a,b\n1,2,3\n4,5,6\n", {}),
    "a brand called Total with a gap": ("brand,b\nTotal,3\nx,6\ny,1\nTotal,\n", {}),
    "a total": ("id,a,b\n1,2,3\n2,5,6\nTotal,7,9\n", {"totals": ("Total",)}),
    "a total after an empty cell": ("id;a;b\n1;2;3\n2;5;6\n;Summe;9\n", {**SEMICOLONS, "totals": ("Summe",)}),
    "a short total and a source": (
        "id,a,b\n1,2,3\n2,5,6\nTotal,7\n\nSource: us\n",
        {"totals": ("Total", "Source: us")},
    ),
    "empty rows at the end": ("a,b,c\n1,2,3\n2,,4\n,,\n,,\n", {"totals": ("",)}),
    "an empty row between others": ("a,b,c\n1,2,3\n,,\n2,,4\n", {}),
    "a total after an empty row": ("a,b,c\n1,2,3\n2,3,4\n,,\nSum,5,\n", {"totals": ("Sum", "")}),
    "subtotals": ("id,v\nA,1\nSubtotal,1\nC,4\nSubtotal,4\n", {}),
    "a line for spreadsheets": ("sep=;\na;b\n1;2\n3;4\n", {**SEMICOLONS, "skip_lines": 1}),
    "a mean": ("id,x\nA,1.5\nB,2.5\nAverage,2.0\n", {"totals": ("Average",)}),
    "a brand called Total": ("id,brand,b\n1,x,3\n2,Total,6\n3,y,6\n4,Total,6\n", {}),
    "a last row that is cut off": ("id,a,b\n1,2,3\n2,5,6\n3,\n", {}),
    # headers
    "no header": ("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n7,3.2,Iris-virginica\n", {"header": False}),
    "no header, texts": ("p,x,s\ne,x,s\np,y,t\ne,x,t\n", {"header": False}),
    "texts only": ("name,city\nAnna,Rome\nBob,Oslo\n", {}),
    "an index without a name": (",a,b\n0,1,2\n1,2,3\n", {}),
    "an index, and names like values": (',T1,"2-9",16.5\nx,1,0.5,3\ny,0,1,4\n', {}),
    "numbers after letters": ("T1,Z2\n1,5\n2,6\n", {}),
    "numbered columns": ("0,1,2\n5,6,x\n7,8,y\n", {}),
    "years as columns": ("country,2010,2011\nx,5,6\ny,7,8\n", {}),
    "a header alone": ("a,b\n", {}),
    # numbers
    "decimal commas": ("a;b\nx;1,5\ny;12,25\n", {**SEMICOLONS, "decimal": ","}),
    "decimal commas in quotes": ('a,b\nx,"1,5"\ny,"12,25"\n', {"decimal": ","}),
    "thousands with points": ("a;b\n1;1.234,5\n2;12.345,00\n", GERMAN),
    "thousands with points, whole": ("a;b\n1,5;1.234\n2,5;12.345.678\n", GERMAN),
    "thousands with commas": ('a,b\n1,"1,234.5"\n2,"12,345"\n3,12\n', {"thousands": ","}),
    "thousands with commas alone": ('a,b\n1,"1,234"\n2,"12,345"\n', {"thousands": ","}),
    "thousands with spaces": ("a;b\n1;1 234,5\n2;22 345,0\n", {**SEMICOLONS, "decimal": ",", "thousands": " "}),
    "thousands with hard spaces": ("a,b\n1,1\u00a0234.5\n2,22\u00a0345\n", {"thousands": "\u00a0"}),
    "thousands with apostrophes": ("a;b\n1;1'234.5\n2;2'345.0\n", {**SEMICOLONS, "thousands": "'"}),
    "units": ("a;b\n12,5 %;€ 1.200\n13 %;€ 13\n4 %;€ 1.000\n", GERMAN),
    "phone numbers": ("a;b\n1;030 123 456\n2;040 123 456\n", SEMICOLONS),
    "dates with points": ("a;b\n01.02.2020;1\n13.12.2021;2\n", SEMICOLONS),
    # missing values
    "missing values": ("a,b\n1,?\n2,-\n3,4\n4,.\n", {"missing": ("?", "-", ".")}),
    "usual missing values": ("a,b\n1,NA\n2,N/A\n3,null\n4,NaN\n", {}),
    "plus and minus": ("a,b\n1,+\n2,-\n3,+\n4,-\n", {}),
}
# what the reader finds: two rows of all others
ROWS = {"lists in cells": 3, "one column of texts": 4, "quotes that are inches": 3, "apostrophes": 3}
ROWS |= {"rows that begin with #": 52, "errors of a spreadsheet": 3, "a brand called Total": 4, "no header": 3}
ROWS |= {"a brand called Total with a gap": 4}
ROWS |= {"no header, texts": 4, "thousands with commas": 3, "units": 3}
ROWS |= {
    "subtotals": 4,
    "an empty row between others": 3,
    "missing values": 4,
    "usual missing values": 4,
    "plus and minus": 4,
}
BROKEN = {
    "an open quote of many columns",
    "a quote that is never closed",
    "a second header",
    "a last row that is cut off",
    "a header alone",
}
ENCODED = {
    "UTF-8": ("Müller €".encode(), {}),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + "Müller".encode(), {}),
    "UTF-16": ("Müller".encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-16 of the other order": (b"\xfe\xff" + "Müller".encode("utf-16-be"), {"encoding": "utf-16"}),
    "UTF-16 without a mark": ("Müller".encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "Windows-1252": ("Müller 5 €".encode("cp1252"), {"encoding": "cp1252"}),
    "Latin-1": ("Müller".encode("latin-1"), {"encoding": "cp1252"}),  # Windows-1252 has all of its letters
}
REFUSED = {
    "empty": (b"", "empty"),
    "spaces and a gap": (b"a b c d e f\n" + b"1 2 3 4 5 6\n" * 10 + b"1 2 3 4  6\n", "spaces separate.*'a b c d e f'"),
    "spaces and a tab": (b'18.0   8   307.0\t"chevrolet"\n15.0   8   350.0\t"buick"\n', "spaces"),
    "two encodings": ("a,b\n1,Müller\n2,Jörg\n".encode() + b"3,\xfcber\n", "line 4: byte 0xfc is not UTF-8"),
    "Cyrillic": ("a,b\n1,Привет\n".encode("cp1251"), "line 2: .* does not seem to be Windows-1252"),
    "Japanese": ("a,b\n1,日本語\n".encode("shift-jis"), "line 2: byte 0x93"),
    "a workbook": (b"PK\x03\x04", "workbook"),
    "Parquet": (b"PAR1", "Parquet"),
    "a second header of more columns": (b"x 1,y\nx 1,y,z\n1,2,3\n4,5,6\n", "line 1: the header has 2 names"),
    "a header without the first name": (b"a,b,c\n1,5.1,3.5,x\n2,4.9,3.0,y\n", "line 1: the header has 3 names"),
}


@pytest.fixture
def sniff_bytes(tmp_path: Any) -> Any:
    """Return a function that says what of a file's source differs from the defaults, and the kinds of findings."""

    def run(content: bytes | str, name: str = "table.csv") -> tuple[dict[str, Any], list[str]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source, findings = sniff(path)
        return source.model_dump(exclude_defaults=True), [finding.kind for finding in findings]

    return run


@pytest.mark.parametrize("case", HARD)
def test_file_is_declared_as_it_is(case: str, sniff_bytes: Any) -> None:
    text, expected = HARD[case]
    assert sniff_bytes(text)[0] == expected


@pytest.mark.parametrize("case", sorted(HARD.keys() - BROKEN))
def test_reader_finds_every_row_by_what_is_declared(case: str, tmp_path: Any) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(HARD[case][0].encode())
    rows = sum(chunk.num_rows for chunk, _ in read_rows(path, sniff(path)[0]))
    assert rows == ROWS.get(case, 2)


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_reader_refuses_what_no_source_can_declare(case: str, tmp_path: Any) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(HARD[case][0].encode())
    with pytest.raises(UserError, match=r"row 3|no rows"):
        list(read_rows(path, sniff(path)[0]))


@pytest.mark.parametrize("case", ENCODED)
def test_encoding_is_found(case: str, sniff_bytes: Any) -> None:
    content, expected = ENCODED[case]
    codec = expected.get("encoding", "utf-8")
    head = "id,name\n1,".encode("utf-16-be" if content.startswith(b"\xfe\xff") else codec)
    mark = next((mark for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") if content.startswith(mark)), b"")
    content = mark + head.removeprefix(mark) + content.removeprefix(mark)
    assert sniff_bytes(content)[0] == expected


@pytest.mark.parametrize("case", REFUSED)
def test_file_that_cannot_be_declared_is_refused_with_its_reason(case: str, sniff_bytes: Any) -> None:
    content, reason = REFUSED[case]
    with pytest.raises(UserError, match=reason) as refused:
        sniff_bytes(content)
    assert "\n" not in str(refused.value)


def test_whole_file_must_fit_the_encoding(sniff_bytes: Any) -> None:
    rows = b"1,abc\n" * 12_000
    assert sniff_bytes(b"a,b\n" + rows + "1,Müller\n".encode("cp1252"))[0] == {"encoding": "cp1252"}


def test_total_at_the_end_of_a_long_file_is_found(sniff_bytes: Any) -> None:
    assert sniff_bytes(b"id,b\n" + b"1,22\n" * 12_000 + b"Total,264000\n")[0] == {"totals": ("Total",)}


def test_compressed_file_is_read(sniff_bytes: Any) -> None:
    assert sniff_bytes(gzip.compress(b"a;b\n1;2\n"), "table.csv.gz")[0] == SEMICOLONS


def test_other_formats_have_a_plain_source(tmp_path: Any) -> None:
    for name in ("sqlite:///table.db", tmp_path / "table.parquet", tmp_path / "table.xlsx", tmp_path / "t.jsonl"):
        assert sniff(name) == (Source(), [])


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("titles", "titles"),
        ("empty rows at the end", "empty rows"),
        ("subtotals", "totals"),
        ("a total", "totals"),
        ("no header", "no header"),
        ("comments between rows", "comments"),
    ],
)
def test_what_is_left_out_is_told(case: str, kind: str, sniff_bytes: Any) -> None:
    assert sniff_bytes(HARD[case][0])[1] == [kind]


def test_guess_of_an_encoding_and_of_a_decimal_sign_is_told(sniff_bytes: Any) -> None:
    assert sniff_bytes("a,b\n1,Müller\n".encode("cp1252"))[1] == ["encoding"]
    assert sniff_bytes("a;b\n1;1,234\n2;2,345\n")[1] == ["decimal sign"]
