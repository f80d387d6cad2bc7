"""Read a text file of rows: every record is read as its source declares it, or the file is refused with its place.

Records are split by Python's `csv`, which guesses nothing; regular blocks by Arrow, in the same way. Empty lines are
no rows, except of a single column.
"""

import codecs
import contextlib
import csv
import gzip
import io
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

import pyarrow as pa

from ..core.checks import shorten
from ..core.source import PLAIN, Source
from .cells import is_total, make_chunk, name_columns
from .regular_csv import is_plain, read_blocks, read_header

Reject = Callable[[int, str], None]  # takes the number of a line that is no row, and why it is none
CSV_CELLS = 100_000  # in a chunk
LONGEST_CELL = 1 << 22  # characters
BYTE_ORDER_MARK = "\ufeff"
DELIMITERS = r"[,;\t|]"
REASONS = {  # what errors of Python's reader have in them, and what they mean
    "unexpected end of data": "a quote is never closed, so one cell has all the rows after it",
    "expected after": "a quote inside a cell; put the cell in quotes and double it",
}


def read_csv(
    path: Path, source: Source = PLAIN, reject: Reject | None = None
) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield every chunk of rows, and which share of the file is read.

    Raises csv.Error: a record does not fit, and `reject` is not given; the file ends within one; or quotes do not fit.
    """
    size, before = path.stat().st_size, Before()
    with path.open("rb") as binary:
        header = read_header(binary, source.delimiter) if is_plain(path, source) else []
        if header:
            before = Before(1, 1, len(header))
            for chunk, lines in read_blocks(binary, name_columns(header), source.delimiter, LONGEST_CELL):
                before = Before(before.lines + lines, before.records + chunk.num_rows, len(header))
                yield chunk, binary.tell() / size
        else:
            binary.seek(0)
        with open_text(path, binary, source) as file:
            records = _read_records(file, source, reject, before)
            if not header:
                first = next(records, None)
                if first is None:
                    return
                header = first if source.header else [f"column {place}" for place in range(1, len(first) + 1)]
                records = records if source.header else itertools.chain([first], records)
            schema = name_columns(header)
            while rows := list(itertools.islice(records, 1 + CSV_CELLS // len(header))):
                yield make_chunk(rows, schema), binary.tell() / size


@contextlib.contextmanager
def open_text(path: Path, binary: IO[bytes], source: Source) -> Iterator[TextIO]:
    """Open the text of a file, which may be compressed; bytes that are no text become surrogates."""
    is_wide = re.match(r"utf-?(16|32)", codecs.lookup(source.encoding).name)
    errors = "surrogatepass" if is_wide else "surrogateescape"
    unpacked: Any = gzip.GzipFile(fileobj=binary) if path.suffix.lower() == ".gz" else binary
    with unpacked, io.TextIOWrapper(unpacked, source.encoding, errors, newline="") as file:
        yield file


class Before(NamedTuple):
    """How much of a file was read already: lines, records with the header, and cells in each."""

    lines: int = 0
    records: int = 0
    width: int = 0


class _Lines:
    """The lines of a file, all of them text, without those above the header and without comments."""

    def __init__(self, file: TextIO, source: Source, before: int) -> None:
        self.file, self.source, self.before = file, source, before
        self.is_start = True  # of a record: only there can a line be a comment
        self.first = 1  # number of the line that the current record begins with
        self.is_ended = True  # whether the last line that was read has a line break

    def __iter__(self) -> Iterator[str]:
        skipped, comment = self.source.skip_lines, self.source.comment
        for number, found in enumerate(self.file, start=1 + self.before):
            line = found.removeprefix(BYTE_ORDER_MARK) if number == 1 else found
            if number <= skipped or (self.is_start and comment and line.startswith(comment)):
                continue
            if self.is_start:
                self.first, self.is_start = number, False
            if not line.isascii():
                line.encode()  # an error if a byte is no text, which `open_text` has let through
            if "\x00" in line:
                raise csv.Error("a NUL byte")
            self.is_ended = line.endswith(("\n", "\r"))
            yield line


def _read_records(file: TextIO, source: Source, reject: Reject | None, before: Before) -> Iterator[list[str]]:
    """Yield the cells of the header and of every row, after those `before`.

    Raises csv.Error: one does not fit; with its row and line, both counted from 1.
    """
    csv.field_size_limit(LONGEST_CELL)
    lines, width, fault = _Lines(file, source, before.lines), before.width, ""
    row = before.records or int(not source.header)
    has_totals = bool(source.totals)
    try:
        for record in csv.reader(lines, **_dialect(source)):
            lines.is_start = True
            if not record and width != 1:
                continue
            cells = record or [""]
            if source.trailing_delimiter and len(cells) != width and not cells[-1]:
                cells.pop()
            if has_totals and is_total(cells, source):
                continue
            if len(cells) != width:
                fault = _wrong_width(cells, width, source)
                if fault and reject and width and lines.is_ended:
                    reject(lines.first, fault)
                    fault = ""
                    continue
                if fault:
                    fault += "" if lines.is_ended else ", and the file ends here: is it whole?"
                    break
                width = len(cells)
            yield cells
            row += 1
    except (csv.Error, UnicodeError) as error:
        fault = next((words for mark, words in REASONS.items() if mark in str(error)), str(error))
        fault = f"not text in {source.encoding}" if isinstance(error, UnicodeError) else fault
    if fault:
        raise csv.Error(f"{f'row {row}' if row else 'header'} (line {lines.first}): {fault}")


def _dialect(source: Source) -> dict[str, Any]:
    return {
        "delimiter": source.delimiter,
        "quotechar": source.quote or None,
        "quoting": csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
        "escapechar": source.escape or None,
        "skipinitialspace": source.skip_spaces,
        "strict": True,
    }


def _wrong_width(cells: list[str], width: int, source: Source) -> str:
    """Return what is wrong with the number of cells of a record; the first one decides how many there are."""
    if width:
        return f"{len(cells)} cells, expected {width} as in the {'header' if source.header else 'first row'}"
    if len(cells) == 1 and re.search(DELIMITERS, cells[0]):
        return f"one cell, {shorten(cells[0])}"
    return ""
