"""Read the columns of a file in the types of the contract, and find what does not fit it, with Arrow."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import INTEGER_LIMIT, NUMBER, checks, missing_words, shorten
from ..core.schema import Column

DIGITS = r"^[-+]?[0-9]{1,19}(\.0*)?$"  # all whole numbers of 64 bits, and some that are larger
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


class Fault(NamedTuple):
    """Why a value of a column cannot be used."""

    row: int  # its position in the chunk, from 0
    reason: str
    contradicts: bool  # unknown category or wrong type: the whole file is refused


def read_column(chunk: pa.RecordBatch, column: Column) -> tuple[pa.Array, list[Fault]]:
    """Return a column in its type, with a null for values that are not of it, and every fault of its values.

    A column that is absent is all null; callers check names.
    """
    if column.name not in chunk.schema.names:
        return pa.nulls(chunk.num_rows, TYPES[column.kind]), []
    given = mark_missing(chunk[column.name], column)
    values = _type_values(given, column)
    fits = pc.is_valid(values)
    for check, limit in checks(column).items():
        fits = pc.and_(fits, pc.fill_null(CHECKS[check](values, limit), fill_value=False))
    wrong = pc.invert(pc.if_else(pc.is_null(given), column.optional, fits))
    faults = []
    for row in pc.indices_nonzero(wrong).to_pylist():
        found = given[row].as_py()
        contradicts = found is not None and (column.kind == "category" or values[row].as_py() is None)
        faults.append(Fault(row, describe(found, column), contradicts))
    return values, faults


def describe(value: Any, column: Column) -> str:
    """Return what is wrong with a value that a column cannot have."""
    if value is None or value == "":
        return f"{column.name} is empty"
    return f"{column.name} is {shorten(value)}, expected {column.expected}"


def mark_missing(given: pa.Array, column: Column) -> pa.Array:
    """Return values in which spellings of a missing value, and NaN, are null; only free text keeps spaces around it."""
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if pa.types.is_floating(given.type):
        return pc.if_else(pc.is_nan(given), None, given)
    if not is_text(given):
        return given
    text = given if column.kind == "text" else pc.utf8_trim_whitespace(given)
    return pc.if_else(pc.is_in(text, pa.array(missing_words(column), text.type)), None, text)


def is_text(values: pa.Array) -> bool:
    """Return whether the values of an array are texts."""
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


def _type_values(given: pa.Array, column: Column) -> pa.Array:
    """Return values in the column's type; null where they are not of it."""
    if not column.is_numeric:
        return given.cast(pa.string()) if is_text(given) else pa.nulls(len(given), pa.string())
    if pa.types.is_decimal(given.type) or given.type == pa.uint64():
        given = given.cast(pa.string())
    if pa.types.is_integer(given.type):
        return given.cast(TYPES[column.kind], safe=False)
    if is_text(given):
        numbers = pc.if_else(pc.match_substring_regex(given, NUMBER), given, None).cast(pa.float64())
    elif pa.types.is_floating(given.type):
        numbers = given.cast(pa.float64())
    else:
        return pa.nulls(len(given), TYPES[column.kind])
    return _type_integers(given, numbers) if column.kind == "integer" else numbers


def _type_integers(given: pa.Array, numbers: pa.Array) -> pa.Array:
    """Return whole numbers; digits do not become floats on the way, which would round those over 2**53."""
    within = pc.and_(pc.greater_equal(numbers, -(2.0**63)), pc.less(numbers, 2.0**63))
    whole = pc.if_else(pc.and_(within, pc.equal(pc.floor(numbers), numbers)), numbers, None).cast(pa.int64())
    if not is_text(given):
        return whole
    digits = pc.if_else(pc.match_substring_regex(given, DIGITS), given, None)
    digits = pc.replace_substring_regex(digits, r"\.0*$", "").cast(pa.decimal128(19))
    within = pc.less_equal(pc.abs(digits), pa.scalar(INTEGER_LIMIT).cast(pa.decimal128(19)))
    return pc.coalesce(pc.if_else(within, digits, None).cast(pa.int64()), whole)
