"""What stands below the rows of a CSV file: sums, remarks, and rows without any value."""

import re
from collections.abc import Collection, Sequence

from ...core.checks import MISSING
from .dialect import NUMBER_OR_DATE, Record

MOST_TOTALS = 10  # lines below the rows
MOST_NUMERIC = 0.9
ROUNDED = 1e-4  # a printed sum or mean differs by so much, relative to it
TOTAL = re.compile(
    r"(?:(?:grand|overall) |sub-?)?(?:totals?|totale?|totaal|suma?|sums|summe|gesamt(?:summe)?|insgesamt|somme"
    r"|average|mean|mittelwert|durchschnitt|moyenne)\b",
    re.IGNORECASE,
)


def find_totals(head: Sequence[Record], tail: Sequence[Record], widths: set[int]) -> tuple[str, ...]:
    """Return how the lines below the rows begin, if they are sums or remarks; empty for rows without any value.

    `head` has the records below the header, and `tail` the last ones of a file that `head` does not have all of.
    """
    rows, last = ([record for record in records if record.filled] for records in (head, tail or head))
    totals = _find_lines(rows, last, widths)
    return (*totals, "") if max(widths) > 1 and _ends_empty((*head, *tail), totals) else totals


def first_filled(cells: Sequence[str]) -> str:
    """Return the first cell that is not empty, or an empty text."""
    return next(filter(None, cells), "")


def _find_lines(head: Sequence[Record], last: Sequence[Record], widths: set[int]) -> tuple[str, ...]:
    found: list[str] = []
    for place in range(len(last) - 1, max(len(last) - MOST_TOTALS, 0) - 1, -1):
        record, begin = last[place], first_filled(last[place].cells)
        if not (TOTAL.match(begin) or _is_remark(record, widths)):
            break
        rows = [each.cells for each in (*head, *last[:place]) if each is not record and len(each.cells) in widths]
        is_known = any(first_filled(cells) == begin for cells in rows)
        if is_known or not rows or not _is_apart(record.cells, rows):
            break
        found.append(begin)
    return tuple(dict.fromkeys(reversed(found)))


def _ends_empty(records: Sequence[Record], totals: Collection[str]) -> bool:
    """Return whether rows without any value follow the others, and none is among them."""
    begins = [first_filled(record.cells) for record in records]
    end = next((place for place, begin in enumerate(reversed(begins)) if begin and begin not in totals), len(begins))
    rows = begins[: len(begins) - end]
    return "" not in rows and "" in begins


def _is_apart(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a line has another number of cells than rows, or a cell or a gap that none has in its column."""
    if len(cells) != len(rows[0]):
        return True
    columns = list(zip(*(row for row in rows if len(row) == len(cells)), strict=True))
    place = next(place for place, cell in enumerate(cells) if cell)
    others = [cell for cell in columns[place] if cell not in MISSING]
    numeric = sum(bool(NUMBER_OR_DATE.fullmatch(cell)) for cell in others)
    gaps = any(not cell and all(column) for cell, column in zip(cells, columns, strict=True))
    return gaps or numeric > MOST_NUMERIC * len(others) or any(map(_is_sum, cells, columns))


def _is_sum(cell: str, column: Sequence[str]) -> bool:
    try:
        total, values = float(cell), [float(each) for each in column if each]
    except ValueError:
        return False
    sums = sum(values), sum(values) / max(len(values), 1)
    return len(values) > 1 and total != 0 and any(abs(total - each) < abs(total) * ROUNDED for each in sums)


def _is_remark(record: Record, widths: set[int]) -> bool:
    """Return whether a line is one text with spaces, where rows have several cells; a row that is cut off is none."""
    begin = first_filled(record.cells)
    is_text = bool(re.search(r"[\s:]", begin)) and not NUMBER_OR_DATE.fullmatch(begin)
    return record.filled == 1 < max(widths) and is_text
