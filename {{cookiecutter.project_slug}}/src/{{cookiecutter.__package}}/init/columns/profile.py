"""What the columns of a table are: kinds, bounds, categories, names and typed values."""

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from ...core.source import Source, SourceColumn
from ..table import Profile
from .cells import Cells, read_cells
from .date_profile import profile_compact_date, profile_date
from .names import describe_name, python_names
from .number_profile import describe_codes, is_code, profile_number
from .text_profile import profile_category, profile_no_yes, profile_text


def profile_table(table: pa.Table, source: Source) -> list[Profile]:
    """Return what each column of a table is, from its raw cells."""
    fields = python_names(table.column_names)
    pairs = zip(table.column_names, fields, strict=True)
    return [profile_column(name, field, table.column(place), source) for place, (name, field) in enumerate(pairs)]


def profile_column(
    name: str,
    field: str,
    column: pa.ChunkedArray,
    source: Source,
    *,
    is_category: bool = False,
    is_number: bool = False,
) -> Profile:
    """Return what one column of a table is, from its raw cells.

    `is_category`: its whole numbers are codes, as of the answer to learn, if it is one of several.
    `is_number`: its 0 and 1 are numbers, and no words for no and yes.
    """
    cells = read_cells(column, source.missing)
    empty = Profile(
        name=name,
        field=field,
        kind="empty",
        source=SourceColumn(name=name),
        values=pa.nulls(len(column), pa.string()),
        rows=len(column),
        missing=len(column),
        description=describe_name(name),
    )
    if not len(cells.texts):
        return empty
    kinds: list[Callable[[], Profile | None]] = [
        lambda: profile_number(empty, cells, source) if is_number else None,
        lambda: profile_no_yes(empty, cells),
        lambda: profile_category(empty, cells, is_forced=True) if is_category or is_code(name, cells) else None,
        lambda: profile_compact_date(empty, cells),
        lambda: profile_number(empty, cells, source),
        lambda: profile_date(empty, cells, source),
        lambda: profile_category(_note_codes(empty, cells, source), cells),
    ]
    found = next(filter(None, (make() for make in kinds)), None)
    return found or profile_text(_note_codes(empty, cells, source), cells)


def _note_codes(empty: Profile, cells: Cells, source: Source) -> Profile:
    note = describe_codes(cells, source)
    return replace(empty, notes=(note,)) if note else empty
