"""Columns of a file as models take them: the contract's checks, rendered for Arrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import INTEGER_LIMIT, NUMBER, checks, missing_words
from ..core.errors import UserError
from ..core.schema import Column

TYPES = {"number": pa.float64(), "integer": pa.float64(), "category": pa.string(), "text": pa.string()}
CHECKS: dict[str, Callable[[pa.Array, Any], pa.Array]] = {
    "finite": lambda values, _: pc.is_finite(values),
    "whole": lambda values, _: pc.equal(pc.floor(values), values),
    "at_least": pc.greater_equal,
    "at_most": pc.less_equal,
    "one_of": lambda values, limit: pc.is_in(values, pa.array(limit)),
}


def read_column(chunk: pa.RecordBatch, column: Column, where: str, rows_before: int) -> pa.Array:
    """Return a column in the type that models take, after all of its values were checked at once.

    Parameters
    ----------
    where
        The file, for errors.
    rows_before
        How many of its rows came before this chunk.

    Raises
    ------
    UserError
        A value does not fit: its row, its column, and what is expected.
    """
    if column.name not in chunk.schema.names:
        return pa.nulls(chunk.num_rows, TYPES[column.kind])
    given = _mark_missing(chunk[column.name], column)
    values = _type_values(given, column)
    fits = pa.array([True] * chunk.num_rows)
    for check in checks(column):
        fits = pc.and_kleene(fits, CHECKS[check.name](values, check.limit))
    if column.kind == "integer":
        fits = pc.and_kleene(fits, pc.less(pc.abs(values), float(INTEGER_LIMIT)))
    # null is a missing value, or one that is not of the type
    fits = pc.if_else(pc.is_null(values), pc.and_(pc.is_null(given), column.optional), fits)
    if not pc.all(fits).as_py():
        position = pc.index(fits, value=False).as_py()
        found = given[position].as_py()
        what = "is missing" if found is None else f"is {found!r}"
        message = f"{where}: row {rows_before + position + 1}: {column.name} {what}, expected {column.expected}"
        raise UserError(message)
    return values


def _mark_missing(given: pa.Array, column: Column) -> pa.Array:
    """Return values in which spellings of a missing value, and NaN, are null; texts lose the spaces around them."""
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if pa.types.is_floating(given.type):
        return pc.if_else(pc.is_nan(given), None, given)
    if not (pa.types.is_string(given.type) or pa.types.is_large_string(given.type)):
        return given
    text = pc.utf8_trim_whitespace(given)
    return pc.if_else(pc.is_in(text, pa.array(missing_words(column))), None, text)


def _type_values(given: pa.Array, column: Column) -> pa.Array:
    """Return values in the column's type; null where they are not of it."""
    numbers = pa.types.is_integer(given.type) or pa.types.is_floating(given.type)
    wanted = TYPES[column.kind]
    if not column.is_numeric:
        texts = pa.types.is_string(given.type) or pa.types.is_large_string(given.type)
        return given.cast(wanted) if texts else pa.nulls(len(given), wanted)
    if numbers:
        return given.cast(wanted, safe=False)
    if pa.types.is_decimal(given.type):
        return given.cast(wanted)
    if not (pa.types.is_string(given.type) or pa.types.is_large_string(given.type)):
        return pa.nulls(len(given), wanted)
    return pc.if_else(pc.match_substring_regex(given, NUMBER), given, None).cast(wanted)
