"""Columns of a file as models take them: every value is held to the contract, and the first that is wrong is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ..errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from ..schema import Column

TYPES = {"number": pa.float64(), "integer": pa.float64(), "category": pa.string(), "text": pa.string()}
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
BLANK = tuple(pyarrow.csv.ConvertOptions().null_values)  # how files spell that there is nothing


def fitting(chunk: pa.RecordBatch, column: Column, where: tuple[Path, int]) -> pa.Array:
    """Return a column in the type that models take, after a look at all of its values at once.

    Parameters
    ----------
    where
        The file, and how many of its rows came before this chunk.

    Raises
    ------
    UserError
        A value does not fit: its row, its column, and what it has to be.
    """
    if column.name not in chunk.schema.names:
        return pa.nulls(chunk.num_rows, TYPES[column.kind])
    given = chunk[column.name]
    if column.optional and column.kind != "text" and pa.types.is_string(given.type):
        blank = [word for word in BLANK if word not in column.categories]
        given = pc.if_else(pc.is_in(given, pa.array(blank)), None, given)
    values = _typed(given, TYPES[column.kind])
    wrong = pa.scalar(value=False)
    if column.categories:
        wrong = pc.invert(pc.is_in(values, pa.array(column.categories)))
    elif column.kind in {"number", "integer"}:
        low = -np.inf if column.low is None else column.low
        high = np.inf if column.high is None else column.high
        inside = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        whole = pc.equal(pc.floor(values), values) if column.kind == "integer" else True
        wrong = pc.invert(pc.and_(pc.and_(inside, pc.is_finite(values)), whole))
    # null is what is missing, and what could not be made a value
    wrong = pc.if_else(pc.is_null(values), True if not column.optional else pc.is_valid(given), wrong)
    if pc.any(wrong).as_py():
        place = pc.index(wrong, value=True).as_py()
        source, before = where
        fault = _fault(given[place].as_py(), column)
        message = f"{source}: row {before + place + 1}: {column.name} {fault}"
        raise UserError(message)
    return values


def _typed(given: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return values in a type; null where they cannot be that."""
    try:
        return given.cast(wanted, safe=False)
    except pa.ArrowNotImplementedError:
        return pa.nulls(len(given), wanted)
    except pa.ArrowInvalid:
        text = pc.utf8_trim_whitespace(given.cast(pa.string(), safe=False))
        return pc.if_else(pc.match_substring_regex(text, NUMBER), text, None).cast(wanted)


def _fault(value: object, column: Column) -> str:
    if value is None or (value in BLANK and column.kind != "text"):
        return "is missing; every row has to have it"
    unit = {"number": "a number", "integer": "a whole number"}.get(column.kind)
    if unit is None:
        return f"has to be {column.expected}"
    return f"has to be {unit}" + ("" if column.low is column.high is None else f", {column.expected}")
