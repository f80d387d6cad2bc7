"""Fit: whether recorded rows still are what the contract asks for: no new category, nothing outside of its bounds."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from types import NoneType
from typing import Any

import numpy as np

from ...core.checks import checks, shorten
from ...core.reference import Values
from ...core.result import GateResult
from ...core.schema import Column

NEXT_STEP = "they were recorded under another contract, or not by the API; widen contract.py if they are right"


def contract_fit(columns: Sequence[Column], window: Values) -> Iterator[GateResult]:
    """Compare every recorded value with the contract. One value that does not fit is enough to fail its column."""
    for column in columns:
        values = window[column.name]
        wrong = [value for value in values if not _fits(value, column)] if not _all_fit(values, column) else []
        gate, evidence = f"contract.{column.name}", {"column": column.name, "rows": len(values), "wrong": len(wrong)}
        if not wrong:
            yield GateResult(gate, "pass", f"{column.name}: all {len(values):,} values fit the contract", evidence)
            continue
        most, count = Counter(map(str, wrong)).most_common(1)[0]
        # free text may hold anything about a person
        shown = "" if column.kind == "text" else f", most often {shorten(most)} ({count:,} times)"
        message = f"{column.name}: {len(wrong):,} of {len(values):,} values do not fit the contract{shown}"
        yield GateResult(gate, "fail", f"{message}; expected {column.expected}; {NEXT_STEP}", evidence)


def _all_fit(values: Sequence[Any], column: Column) -> bool:
    """Return whether all values of a number or a category fit, in few passes over all of them."""
    types = {*map(type, values)}
    if (NoneType in types and not column.optional) or column.kind == "text":
        return False
    if column.categories:
        return types <= {str, NoneType} and {*values} <= {*column.categories, None}
    if not types <= {int, float, NoneType}:
        return False
    found = np.array(values, dtype=np.float64)  # None becomes NaN
    known = found[~np.isnan(found)]
    low, high = (limit if limit is not None else sign * np.inf for limit, sign in ((column.low, -1), (column.high, 1)))
    is_whole = column.kind != "integer" or bool((known == np.floor(known)).all())
    is_number = len(known) + values.count(None) == len(values) and np.isfinite(known).all()
    return bool(is_number and ((known >= low) & (known <= high)).all() and is_whole)


def _fits(value: Any, column: Column) -> bool:
    if value is None:
        return column.optional
    if column.is_numeric:
        return _all_fit([value], column)
    if not isinstance(value, str):
        return False
    wanted = checks(column)
    return (
        value in wanted.get("one_of", [value])
        and wanted.get("min_length", 0) <= len(value) <= wanted.get("max_length", len(value))
        and re.search(wanted.get("pattern", ""), value) is not None
    )
