"""The dialect of a CSV file: which delimiter, quote and escape parse it most consistently.

After "Wrangling messy CSV files by detecting row and type patterns" (van den Burg, Nazabal and Sutton, 2019):
in the right dialect, records have the same number of cells, and cells are numbers, dates or plain text.
"""

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'", "")
SAMPLE = 1 << 17  # characters of a file that are parsed in every dialect
LONGEST_CELL = 1 << 22  # characters
MOST_CELLS = 20_000  # whose type is looked at
NUMBER_OR_DATE = re.compile(r"[-+]?[$€£]?[\d.,' \u00a0\u202f]*\d[\d.]*([eE][-+]?\d+)?\s?[%€$£]?|\d[\d/.:T Z+-]*")
# a delimiter of another dialect that nothing explains: no space follows it, as in a sentence
UNEXPLAINED, QUOTED = re.compile(r"[;\t|]|,(?! )"), "'\""
QUOTE_AFTER_SPACE = re.compile(r"[,;\t|] +['\"]")
WORDS_OR_QUOTED = re.compile(r'"[^"]*"|\S+')
LITTLE = 0.1
MOST_LINES_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a record are told apart."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip_spaces: bool = False  # after a delimiter


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file, and the line on which it begins, from 1."""

    line: int
    cells: tuple[str, ...]  # without outer spaces

    @property
    def filled(self) -> int:
        """The number of cells that are not empty."""
        return sum(bool(cell) for cell in self.cells)


def detect_dialect(text: str) -> Dialect:
    """Return the dialect that parses a text best.

    Columns that are separated by one or more spaces have the delimiter " ", and `skip_spaces` if every line has all.
    """
    sample = text if len(text) <= SAMPLE else text[: text.rfind("\n", 0, SAMPLE) + 1] or text[:SAMPLE]
    escapes = ("", "\\") if '\\"' in sample or "\\'" in sample else ("",)
    quotes = [quote for quote in QUOTES if quote != "'" or quote in sample]
    spaces = (False, True) if QUOTE_AFTER_SPACE.search(sample) else (False,)
    # the first of those that are equally good
    dialects = [Dialect(*each) for each in itertools.product(DELIMITERS, quotes, escapes, spaces)]
    scores = [_score(sample, dialect) for dialect in dialects]
    best = dialects[scores.index(max(scores))] if max(scores) else Dialect()
    return _split_at_spaces(sample) if _is_spaced(sample, best, max(scores)) else best


def parse(text: str, dialect: Dialect) -> tuple[list[Record], float]:
    """Return the records of a text up to its first fault, without empty lines, and the share of its lines they have."""
    csv.field_size_limit(LONGEST_CELL)
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        escapechar=dialect.escape or None,
        skipinitialspace=dialect.skip_spaces,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    records, done = [], 0
    with contextlib.suppress(csv.Error):
        for cells in reader:
            if cells:
                records.append(Record(done + 1, tuple(cell.strip() for cell in cells)))
            done = reader.line_num
    return records, done / max(len(lines), 1)


def _score(text: str, dialect: Dialect) -> float:
    """Return from 0 to 1 how consistent the records of a text are, and how many of their cells have a known type."""
    records, done = parse(text, dialect)
    widths = Counter(len(record.cells) for record in records if len(record.cells) > 1)
    if not widths:
        return 0.0
    width, count = widths.most_common(1)[0]
    rows = [record.cells for record in records if len(record.cells) == width]
    cells = list(itertools.islice(itertools.chain.from_iterable(rows), MOST_CELLS))
    if not dialect.quote and any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
        return 0.0
    typed = sum(map(_explain, cells))
    return done * count / len(records) * (width - 1) / width * typed / len(cells)


def _explain(cell: str) -> float:
    """Return 1 for a number, a date or a plain text, little for one with a delimiter, and 0 for one with a quote."""
    if not cell or NUMBER_OR_DATE.fullmatch(cell):
        return 1
    return 0 if cell[0] in QUOTED or cell[-1] in QUOTED else LITTLE if UNEXPLAINED.search(cell) else 1


def _split_at_spaces(text: str) -> Dialect:
    """Return the dialect of columns between spaces, if all lines have as many of them."""
    dialects = [Dialect(" ", quote, skip_spaces=True) for quote in QUOTES]
    widths = [{len(record.cells) for record in parse(text, dialect)[0]} for dialect in dialects]
    scores = [_score(text, dialect) if len(each) == 1 else 0 for dialect, each in zip(dialects, widths, strict=True)]
    return dialects[scores.index(max(scores))] if max(scores) and "\t" not in text else Dialect(" ")


def _is_spaced(text: str, best: Dialect, score: float) -> bool:
    """Return whether spaces separate the columns: all lines have as many words, and no delimiter explains them."""
    lines = [line for line in text.split("\n") if line.strip()]
    words = [WORDS_OR_QUOTED.findall(line) for line in lines]
    width, count = Counter(map(len, words)).most_common(1)[0] if words else (0, 0)
    if width < 2 or count < MOST_LINES_ALIKE * len(lines):  # noqa: PLR2004
        return False
    if score:  # a delimiter within columns of spaces, as between the last two of them
        records, _ = parse(text, best)
        spaced = sum(any("  " in cell for cell in record.cells) for record in records)
        return spaced > MOST_LINES_ALIKE * len(records)
    tokens = list(itertools.chain.from_iterable(words))
    return sum(bool(NUMBER_OR_DATE.fullmatch(word)) for word in tokens) > len(tokens) / 2
