"""The lines of a CSV file: titles, header, comments, rows, and what stands below the rows."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.checks import MISSING
from .dialect import NUMBER_OR_DATE, Record
from .totals import TOTAL, find_totals, first_filled

COMMENTS = ("#", "//", "--", "%")
MOST_TITLES = 20  # lines above a header
SAMPLE_ROWS = 2000  # that the header is compared with
MOST_NUMERIC = 0.9
NO_NAME = re.compile(r"[\s\d:#]")  # in a title or a remark of several cells
LEAST_LINES = 3  # of which the first one can be above the names
MISSING_CELLS = {"", *MISSING}
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which lines of a file are rows."""

    rows: list[tuple[str, ...]]  # cells, without those of the header
    skipped: list[Record]  # above the header
    skip_lines: int
    header: bool
    trailing_delimiter: bool
    comment: str
    totals: tuple[str, ...]
    sums: tuple[str, ...] = ()  # how rows begin that may be sums
    unnamed: Record | None = None  # a header that lacks the name of the first column


def find_layout(head: Sequence[Record], tail: Sequence[Record]) -> Layout:
    """Return the layout of a file by the records of its first and its last lines (none if `head` has them all)."""
    width = _usual_width(head)
    trailing = width > 1 and not any(record.cells[-1] for record in head if len(record.cells) == width)
    widths = {width, width - 1} if trailing else {width}
    comment = _find_comment(head, widths)
    records = [record for record in head if not (comment and record.cells[0].startswith(comment))]
    place = _find_header(records, widths)
    first, rest = records[place : place + 1], records[place + 1 :]
    rows = [record.cells[: width - trailing] for record in rest if len(record.cells) in widths]
    named = not first or len(first[0].cells) not in widths  # a width of its own: the reader will say so
    header = named or _has_header(first[0].cells, rows[:SAMPLE_ROWS])
    widths_of_two = [len(record.cells) for record in records[place : place + 2]]
    is_unnamed = not trailing and widths_of_two == [width - 1, width] and first[0].filled == width - 1
    totals = find_totals(rest, tail, widths)
    rows = [cells for cells in rows if first_filled(cells) not in totals]
    return Layout(
        rows=rows,
        skipped=records[:place],
        skip_lines=first[0].line - 1 if place else 0,
        header=header,
        trailing_delimiter=trailing,
        comment=comment,
        totals=totals,
        sums=tuple(dict.fromkeys(begin for begin in map(first_filled, rows) if TOTAL.fullmatch(begin))),
        unnamed=first[0] if is_unnamed else None,
    )


def _usual_width(records: Sequence[Record]) -> int:
    widths = Counter(len(record.cells) for record in records)
    several = {width: count for width, count in widths.items() if width > 1} or widths
    return max(several, key=lambda width: (several[width], width), default=1)


def _find_comment(records: Sequence[Record], widths: set[int]) -> str:
    """Return what comments between rows begin with. What begins with it and is as wide as a row is a row."""
    first = next((place for place, record in enumerate(records) if len(record.cells) in widths), 0)
    for sign in COMMENTS:
        marked = [place for place, record in enumerate(records) if record.cells[0].startswith(sign)]
        if marked and marked[-1] > first and not any(len(records[place].cells) in widths for place in marked):
            return sign
    return ""


def _find_header(records: Sequence[Record], widths: set[int]) -> int:
    """Return the position of the header, or of the first row: titles are above it."""
    place = 0
    while place < min(len(records) - 1, MOST_TITLES):
        below = next((record for record in records[place + 1 :] if record.filled), records[place])
        if not _is_title(records[place], below, widths):
            break
        place += 1
    wide = [record for record in records[:place] if record.filled > 1 and not _is_labelled(record.cells[0])]
    shared = any({*record.cells} & {*records[place].cells} - {""} for record in wide)
    # rows above a second header are the rows of another delivery, and no titles
    place = 0 if shared or len({len(record.cells) for record in wide}) < len(wide) else place
    return place + _is_above_names([record.cells for record in records[place : place + SAMPLE_ROWS]])


def _is_above_names(lines: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line groups the names of the second one: it has gaps or repeats itself, they do not.

    These are names, because numbers are below some of them.
    """
    if len(lines) <= LEAST_LINES or len({*lines[0]} - {""}) == len(lines[0]):
        return False
    names, rows = lines[1], [cells for cells in lines[2:] if len(cells) == len(lines[1])]
    if len(lines[0]) != len(names) or len({*names}) < len(names) or any(map(NUMBER_OR_DATE.fullmatch, names)):
        return False
    numeric = (sum(bool(NUMBER_OR_DATE.fullmatch(cell)) for cell in cells) for cells in zip(*rows, strict=True))
    return not {*names} & MISSING_CELLS and any(count > MOST_NUMERIC * len(rows) for count in numeric)


def _is_title(record: Record, below: Record, widths: set[int]) -> bool:
    if len(record.cells) not in widths:
        return record.filled <= 1 or any(map(NO_NAME.search, record.cells))
    if record.filled > 1 or max(widths) == 1:
        return False
    is_header = below.filled == len(below.cells) and not any(map(NUMBER_OR_DATE.fullmatch, below.cells))
    return not record.filled or bool(record.cells[0] and (is_header or below.filled > 1 < max(widths) - 1))


def _is_labelled(cell: str) -> bool:
    return cell.endswith(":") or cell.startswith(COMMENTS)


def _has_header(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> bool:
    """Return whether the first record has names: other cells than those of the columns below it."""
    numbers = [name for name in names if NUMBER_OR_DATE.fullmatch(name)]
    counted = [[str(place) for place in range(start, start + len(numbers))] for start in (0, 1)]
    if not rows or (numbers in counted and len(numbers) >= len(names) - 1 > 0):
        return True
    if not names[0] and all(cells[0] for cells in rows):  # an index, whose name is left out
        return True
    if len(numbers) > 1 and all(map(YEAR.fullmatch, numbers)) and len({*numbers}) == len(numbers) < len(names):
        return True
    votes = sum(_vote(name, cells) for name, cells in zip(names, zip(*rows, strict=True), strict=False))
    return votes > 0 or (votes == 0 and not numbers)


def _vote(name: str, column: Sequence[str]) -> float:
    """Return a positive number if a name is no cell of its column, and a negative one if it is like its cells."""
    cells = [cell for cell in column if cell not in MISSING]
    if name in MISSING or not cells:
        return 0
    if sum(bool(NUMBER_OR_DATE.fullmatch(cell)) for cell in cells) > MOST_NUMERIC * len(cells):
        return -1 if NUMBER_OR_DATE.fullmatch(name) else 1
    if name in cells:
        return -1
    return 0.5 if len({*cells}) < len(cells) / 2 else 0
