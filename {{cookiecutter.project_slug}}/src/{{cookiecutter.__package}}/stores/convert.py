"""Bring the cells of a table to the spelling of the contract, as its source declares, so that one check reads all.

A cell that is not spelt as declared stays as it is: the contract then refuses it, and the error shows it.
"""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import NUMBER, missing_words
from ..core.schema import Column
from ..core.source import Part, Source, SourceColumn
from .cells import EXACT, write_cell
from .columns import is_text

EPOCH = date(1970, 1, 1).toordinal()
TAKE_PART: dict[Part, Callable[[datetime], int]] = {
    "days": lambda moment: moment.toordinal() - EPOCH,
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": datetime.isoweekday,
    "hour": lambda moment: moment.hour,
}
ISO = "%Y-%m-%d"  # Python reads formats that begin with it fifty times as fast as others
SPACE = r"[\s\x{a0}\x{202f}]*"
# a negative number of accountants, with or without a unit, and its parts behind a minus
ACCOUNTING = {
    r"^([^()+0-9-]*)\(([^()+-]*[0-9][^()+-]*)\)([^()+0-9-]*)$": r"-\1\2\3",
    r"^([^()+-]*[0-9])-([^()+0-9-]*)$": r"-\1\2",
}
# after a cell with a decimal point, where a comma is declared: as it is, it would be taken for another number
POINT = ", but problem/sources.py says that decimals have a comma"


def convert(chunk: pa.RecordBatch, columns: Sequence[Column], source: Source) -> pa.RecordBatch:
    """Return those columns that are there, under the contract's names and with their cells in its spelling.

    Whole numbers never become floats on the way. Columns of Parquet with a type keep it, unless they are texts or
    categories in the contract.
    """
    found = {}
    for column in columns:
        spec = source.column(column.name)
        if spec.name in chunk.schema.names:
            found[column.name] = _convert(chunk[spec.name], column, spec, source)
    # without columns, a chunk of its own would have no rows either
    return pa.RecordBatch.from_pydict(found) if found else chunk.select([])


def to_text(cells: pa.Array) -> pa.Array:
    """Return typed cells as `cells.write_cell` spells them: lists and structures as JSON."""
    if pa.types.is_null(cells.type) or cells.type == pa.string():
        return cells
    if is_text(cells) or pa.types.is_integer(cells.type) or pa.types.is_boolean(cells.type):
        return cells.cast(pa.string())
    return pa.array([write_cell(cell) for cell in cells.to_pylist()], pa.string())


def has_signs_behind(cells: pa.Array) -> bool:
    """Return whether some texts, but not all, are negative numbers as accountants write them; grades as 2- are none."""
    marked = pc.or_(*(pc.match_substring_regex(cells, pattern) for pattern in ACCOUNTING))
    long = pc.and_(marked, pc.match_substring_regex(cells, r"[0-9].*[0-9]|\("))
    return bool(pc.any(long).as_py() and not pc.all(marked).as_py())


def put_signs_first(cells: pa.Array) -> pa.Array:
    """Return texts in which a minus is in front of what accountants write as (1,234) or 1,234-; others stay."""
    for pattern, parts in ACCOUNTING.items():
        cells = pc.replace_substring_regex(cells, pattern, parts)
    return cells


def _convert(cells: pa.Array, column: Column, spec: SourceColumn, source: Source) -> pa.Array:
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if pa.types.is_duration(cells.type):
        cells = cells.cast(pa.int64())  # in the unit of the file
    if column.is_numeric and pa.types.is_temporal(cells.type):
        return _take_part(cells, spec)
    if spec.values or not column.is_numeric or pa.types.is_binary(cells.type) or pa.types.is_large_binary(cells.type):
        cells = to_text(cells)
    words = [word.strip() for word in (*spec.missing, *source.missing)]
    words = [word for word in words if word in spec.missing or word not in column.categories]
    if not is_text(cells):
        return pc.if_else(pc.is_in(cells, _numbers(words, cells.type)), None, cells) if words else cells
    mapped = _map_values(cells, spec.values)
    if spec.accounting:
        cells = put_signs_first(_trim(cells))
    if words:
        cells = pc.if_else(pc.is_in(_trim(cells), pa.array(words, cells.type)), None, cells)
    if spec.date:
        cells = _take_part(cells, spec)
    elif column.is_numeric:
        cells = _spell_numbers(cells, spec.unit, source)
    cells = cells if mapped is None else pc.coalesce(mapped, cells)
    return _name_others(cells, column, spec.other) if spec.other else cells


def _map_values(cells: pa.Array, values: dict[str, str]) -> pa.Array | None:
    """Return what the source says for each cell, or null."""
    if not values:
        return None
    places = pc.index_in(_trim(cells), pa.array([word.strip() for word in values], cells.type))
    return pa.array([*values.values()], cells.type).take(places)


def _numbers(words: Sequence[str], kind: pa.DataType) -> pa.Array:
    """Return the words that are numbers of a type, in that type."""
    found = [float(word) for word in words if re.match(NUMBER, word)]
    whole = [int(number) for number in found if number.is_integer()]
    if pa.types.is_integer(kind):
        return pa.array([number for number in whole if abs(number) < EXACT], pa.int64()).cast(kind)
    return pa.array(found, pa.float64()).cast(kind, safe=False)


def _name_others(cells: pa.Array, column: Column, other: str) -> pa.Array:
    trimmed = _trim(cells)
    known = pa.array([*column.categories, *missing_words(column)], cells.type)
    return pc.if_else(pc.or_(pc.is_null(trimmed), pc.is_in(trimmed, known)), cells, other)


def _trim(cells: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(cells)


def _spell_numbers(cells: pa.Array, unit: str, source: Source) -> pa.Array:
    """Return numbers with a decimal point, and without unit and thousands separators."""
    point, group = re.escape(source.decimal), re.escape(source.thousands)
    if not unit and source.decimal == "." and not group:
        return cells
    cells = _trim(cells)
    if unit:
        sign = re.escape(unit)
        cells = pc.replace_substring_regex(cells, rf"^([-+]?){SPACE}{sign}{SPACE}|{SPACE}{sign}$", r"\1")
    if group:  # groups that are not of three digits are a fault, or another decimal sign
        is_grouped = pc.match_substring_regex(cells, rf"^[-+]?[0-9]{{1,3}}({group}[0-9]{{3}})+({point}[0-9]*)?$")
        cells = pc.if_else(is_grouped, pc.replace_substring(cells, source.thousands, ""), cells)
    if source.decimal == ",":
        has_point = pc.match_substring_regex(cells, r"^[-+]?[0-9]*\.[0-9]*([eE][-+]?[0-9]+)?$")
        cells = pc.if_else(has_point, pc.binary_join_element_wise(cells, POINT, ""), cells)
        cells = pc.replace_substring_regex(cells, r"^([-+]?[0-9]*),([0-9]+([eE][-+]?[0-9]+)?)$", r"\1.\2")
    return cells


def _take_part(cells: pa.Array, spec: SourceColumn) -> pa.Array:
    """Return a part of each date as a number; texts that are no such dates stay as they are."""
    is_typed = not is_text(cells)
    if pa.types.is_timestamp(cells.type):
        cells = cells.cast(pa.timestamp("us", cells.type.tz), safe=False)
    coded = cells.dictionary_encode()  # a column has far fewer dates than rows
    found = [_read_part(value, spec) for value in coded.dictionary.to_pylist()]
    return pa.array(found, pa.int64() if is_typed else pa.string()).take(coded.indices)


def _read_part(value: Any, spec: SourceColumn) -> int | str | None:
    """Return a part of one date: of a typed one as a number, of a text as a text."""
    if isinstance(value, str):
        moment = _read_date(value.strip(), spec.date)
        return value if moment is None else str(TAKE_PART[spec.part](moment))
    if isinstance(value, time):
        value = datetime.combine(date.min, value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return TAKE_PART[spec.part](value) if isinstance(value, datetime) else None


def _read_date(text: str, form: str) -> datetime | None:
    """Return a date without its time zone: its parts are those of the place where it was written."""
    with contextlib.suppress(ValueError):
        if form.startswith(ISO):
            return datetime.fromisoformat(text)
    with contextlib.suppress(ValueError):
        return datetime.strptime(text, form)  # noqa: DTZ007
    return None
