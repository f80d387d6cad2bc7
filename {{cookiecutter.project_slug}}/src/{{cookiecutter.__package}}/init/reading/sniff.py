"""Find out how a table is to be read: a draft of `problem/sources.py` from the bytes of a file."""

from pathlib import Path

from ...core.checks import shorten
from ...core.errors import UserError
from ...core.source import Source
from ...stores.files import file_errors
from ..table import Finding
from .dialect import detect_dialect, parse
from .encoding import Ends, first_non_ascii, read_ends
from .layout import Layout, find_layout
from .missing import find_signs
from .numbers import choose_format

OTHER_SUFFIXES = (".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm")
SPACES = "spaces separate the columns, and not all lines have as many; save it with commas"


def sniff(path: Path | str) -> tuple[Source, list[Finding]]:
    """Return how a table is to be read, and what of it a person should confirm; of other formats than CSV, nothing.

    Raises UserError: the file cannot be read as text, or is laid out in a way that no source can declare.
    """
    if "://" in str(path) or Path(path).suffix.lower() in OTHER_SUFFIXES:
        return Source(), []
    path = Path(path)
    with file_errors(path, "choose another file"):
        ends = read_ends(path)
    if not ends.head.strip():
        raise UserError(f"{path}: the file is empty; it needs a header and at least one row")
    dialect = detect_dialect(ends.head)
    if dialect.delimiter == " " and not dialect.skip_spaces:
        raise UserError(f"{path}: {SPACES}; the first line is {shorten(ends.head.partition(chr(10))[0].strip())}")
    head, tail = parse(ends.head, dialect)[0], parse(ends.tail, dialect)[0]
    layout = find_layout(head, tail)
    if line := layout.unnamed:
        message = f"{path}: line {line.line}: the header has {len(line.cells)} names, and rows have one cell more"
        raise UserError(f"{message}; give every column a name")
    columns = list(zip(*layout.rows, strict=False))
    number, is_certain = choose_format(columns, dialect.delimiter)
    source = Source(
        encoding=ends.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        skip_spaces=dialect.skip_spaces,
        skip_lines=layout.skip_lines,
        header=layout.header,
        trailing_delimiter=layout.trailing_delimiter,
        comment=layout.comment,
        totals=layout.totals,
        decimal=number.decimal,
        thousands=number.thousands,
        missing=tuple(dict.fromkeys(sign for column in columns for sign in find_signs(dict.fromkeys(column)))),
    )
    return source, [*_describe_lines(layout), *_describe_cells(source, ends, is_certain=is_certain)]


def _describe_lines(layout: Layout) -> list[Finding]:
    """Return what of a file is no row, and whether it has no header."""
    found = []
    if layout.skip_lines:
        first = shorten(" ".join(filter(None, layout.skipped[0].cells)))
        found.append(Finding("titles", (), f"{layout.skip_lines} lines above the header, from {first} on", "left out"))
    if layout.comment:
        found.append(Finding("comments", (), f"lines that begin with {layout.comment} are comments", "left out"))
    if lines := ", ".join(shorten(begin) for begin in layout.totals if begin):
        found.append(Finding("totals", (), f"lines below the rows are sums or remarks: {lines}", "left out"))
    if "" in layout.totals:
        found.append(Finding("empty rows", (), "rows without any value", "left out"))
    if sums := ", ".join(shorten(name) for name in layout.sums):
        found.append(Finding("totals", (), f"rows that begin with {sums} may be sums: they are read as rows", "asked"))
    if not layout.header:
        found.append(Finding("no header", (), "the first line has values as the others: columns have numbers", "asked"))
    return found


def _describe_cells(source: Source, ends: Ends, *, is_certain: bool) -> list[Finding]:
    """Return what about encoding and numbers is a guess."""
    found = []
    if source.encoding == "cp1252":
        word = first_non_ascii(ends.head + ends.tail)
        evidence = f"the text is not UTF-8; in Windows-1252 it has the word {word}: check its letters"
        found.append(Finding("encoding", (), evidence, "kept"))
    if not is_certain:
        evidence = f"{source.decimal!r} is read as the decimal sign; the numbers do not tell it from thousands"
        found.append(Finding("decimal sign", (), evidence, "asked"))
    return found
