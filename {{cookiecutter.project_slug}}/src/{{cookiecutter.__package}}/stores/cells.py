"""Cells and headers of tables that are read as text: one spelling of every value, and one name for every column."""

import itertools
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ..core.source import Source

HEADER = b"header"  # key of a field's metadata: the name as the table has it, where that is another one
EXACT = 2.0**53  # below it, every whole number is a float of its own


def write_cell(value: Any, decimal: str = ".") -> str | None:
    """Return a typed value as the text that a cell of a CSV file would have; None if it is missing.

    Numbers keep every digit, with the decimal sign of the source; dates are written as ISO 8601 has them.
    """
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _write_number(value).replace(".", decimal)
    if isinstance(value, datetime | date | time | timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, default=str)


def name_columns(header: Sequence[str | None]) -> pa.Schema:
    """Return columns of text under the names of a header, without outer spaces.

    A name that is there again becomes `name (2)`, and an empty one `column 3`, by its place.
    """
    used: dict[str, None] = {}
    taken = {(given or "").strip() for given in header}
    for place, given in enumerate(header, start=1):
        name = (given or "").strip() or f"column {place}"
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        used[name if name not in used else next(new for new in numbered if new not in {*used, *taken})] = None
    return pa.schema(
        pa.field(name, pa.string(), metadata=None if name == given else {HEADER: given or ""})
        for name, given in zip(used, header, strict=True)
    )


def headers(schema: pa.Schema) -> list[str]:
    """Return the names of columns as the table itself has them."""
    return [(field.metadata or {}).get(HEADER, field.name.encode()).decode() for field in schema]


def repeated_names(schema: pa.Schema, source: Source) -> dict[str, str]:
    """Return the columns whose name another one has already, and that name; not those that the source speaks of."""
    declared = {*source.ignored, source.key, *(spec.name for spec in source.columns.values())}
    pairs = zip(schema.names, headers(schema), strict=True)
    return {new: name for new, given in pairs if (name := given.strip()) and name != new and new not in declared}


def is_total(cells: Iterable[str | None], source: Source) -> bool:
    """Return whether a row is a sum of others: its first cell that is not empty says so."""
    return bool(source.totals) and next((cell.strip() for cell in cells if cell and cell.strip()), "") in source.totals


def make_chunk(rows: Iterable[Sequence[str | None]], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows of texts as columns; an empty text is a missing value."""
    columns = [pa.array([cell or None for cell in cells], pa.string()) for cells in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _write_number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(int(value)) if isinstance(value, int) or (value.is_integer() and abs(value) < EXACT) else repr(value)
