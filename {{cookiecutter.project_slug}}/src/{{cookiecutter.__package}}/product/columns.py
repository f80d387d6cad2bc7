"""Columns of a file as models take them: the contract's checks, rendered for Arrow."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import INTEGER, INTEGER_LIMIT, NUMBER, checks, missing_words, shorten
from ..core.errors import UserError
from ..core.schema import Column

SHORT = 18  # characters of a whole number that certainly fits into 64 bits
TYPES = {"number": pa.float64(), "integer": pa.int64(), "category": pa.string(), "text": pa.string()}
CHECKS: dict[str, Callable[[pa.Array, Any], pa.Array]] = {
    "finite": lambda values, _: pc.is_finite(values),
    "at_least": pc.greater_equal,
    "at_most": pc.less_equal,
    "one_of": lambda values, limit: pc.is_in(values, pa.array(limit)),
    "no_nul": lambda values, _: pc.invert(pc.match_substring(values, "\x00")),
    "min_length": lambda values, limit: pc.greater_equal(pc.utf8_length(values), limit),
    "max_length": lambda values, limit: pc.less_equal(pc.utf8_length(values), limit),
    "pattern": pc.match_substring_regex,
}


def read_column(chunk: pa.RecordBatch, column: Column, where: str, rows_before: int) -> pa.Array:
    """Return a column in its type, after all of its values were checked at once.

    `where`: the file, for errors.
    `rows_before`: how many of its rows came before this chunk.

    Raises UserError: a value does not fit: its row, its column, and what is expected.
    """
    if column.name not in chunk.schema.names:
        return pa.nulls(chunk.num_rows, TYPES[column.kind])
    given = _mark_missing(chunk[column.name], column)
    values = _type_values(given, column)
    fits = pa.array([True] * chunk.num_rows)
    for name, limit in checks(column).items():
        fits = pc.and_kleene(fits, CHECKS[name](values, limit))
    # null is a missing value, or one that is not of the type
    fits = pc.if_else(pc.is_null(values), pc.and_(pc.is_null(given), column.optional), fits)
    if not pc.all(fits).as_py():
        position = pc.index(fits, value=False).as_py()
        found = given[position].as_py()
        what = "is missing" if found is None else f"is {shorten(found)}"
        message = f"{where}: row {rows_before + position + 1}: {column.name} {what}, expected {column.expected}"
        raise UserError(message)
    return values


def _mark_missing(given: pa.Array, column: Column) -> pa.Array:
    """Return values in which spellings of a missing value, and NaN, are null; only free text keeps spaces around it."""
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if pa.types.is_floating(given.type):
        return pc.if_else(pc.is_nan(given), None, given)
    if not _is_text(given):
        return given
    text = given if column.kind == "text" else pc.ascii_trim_whitespace(given)
    return pc.if_else(pc.is_in(text, pa.array(missing_words(column), text.type)), None, text)


def _type_values(given: pa.Array, column: Column) -> pa.Array:
    """Return values in the column's type; null where they are not of it."""
    if not column.is_numeric:
        return given.cast(pa.string()) if _is_text(given) else pa.nulls(len(given), pa.string())
    if pa.types.is_decimal(given.type):
        given = given.cast(pa.string())
    if given.type == pa.uint64() and column.kind == "integer":
        given = pc.if_else(pc.less_equal(given, pa.scalar(INTEGER_LIMIT, given.type)), given, None)
    if pa.types.is_integer(given.type):
        return given.cast(TYPES[column.kind], safe=False)
    if _is_text(given):
        numbers = pc.if_else(pc.match_substring_regex(given, NUMBER), given, None).cast(pa.float64())
    elif pa.types.is_floating(given.type):
        numbers = given.cast(pa.float64())
    else:
        return pa.nulls(len(given), TYPES[column.kind])
    return _type_integers(given, numbers) if column.kind == "integer" else numbers


def _type_integers(given: pa.Array, numbers: pa.Array) -> pa.Array:
    """Return whole numbers; digits go straight to an integer, because a float would round those over 2**53."""
    limit = float(INTEGER_LIMIT)
    within = pc.and_(pc.greater_equal(numbers, -limit), pc.less(numbers, limit))
    is_whole = pc.and_(within, pc.equal(pc.floor(numbers), numbers))
    whole = pc.if_else(is_whole, numbers, None).cast(pa.int64())
    if not _is_text(given):
        return whole
    digits = pc.if_else(pc.match_substring_regex(given, INTEGER), pc.utf8_ltrim(given, "+"), None)
    if (pc.max(pc.utf8_length(digits)).as_py() or 0) > SHORT:
        integers = [int(text or 0) for text in digits.to_pylist()]
        within = pa.array([abs(number) <= INTEGER_LIMIT for number in integers])
        digits = pc.if_else(within, digits, None)
        whole = pc.if_else(within, whole, None)
    return pc.coalesce(digits.cast(pa.int64()), whole)


def _is_text(values: pa.Array) -> bool:
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))
