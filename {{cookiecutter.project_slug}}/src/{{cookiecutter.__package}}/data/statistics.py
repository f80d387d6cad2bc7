"""Statistics: how many rows each bin of every column has, so that drift can be seen later."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ..core.binning import QUANTILES, Bin, make_bins
from ..core.schema import Column

BIN = {"column": "string", "category": "string", "missing": "boolean", "low": "float64", "high": "float64"}
SCHEMA = ibis.schema({**BIN, "share": "float64"}).to_pyarrow()
CHUNK = 500  # bins that are counted in one query: with thousands of counts by group, DuckDB 2.0 ends the process

Counted = list[tuple[dict[str, Any], list[int]]]  # of each group, as `count_rows` returns it


def baseline(bins: Sequence[Bin], counted: Counted) -> pa.Table:
    """Return one row for each bin, with its share of the rows of all groups that `count_rows` counted.

    The shares of a column add up to 1.
    """
    rows = sum(group["rows"] for group, _ in counted)
    shares = [{**asdict(each), "share": count / rows} for each, count in add_groups(bins, counted).items()]
    return pa.Table.from_pylist(shares, SCHEMA)


def add_groups(bins: Sequence[Bin], counted: Counted) -> dict[Bin, int]:
    """Return how many rows each bin has in all groups that `count_rows` counted."""
    counts = zip(*(counts for _, counts in counted), strict=True)
    return {each: sum(of_bin) for each, of_bin in zip(bins, counts, strict=True)}


def find_bins(table: ir.Table, columns: Sequence[Column]) -> list[Bin]:
    """Return the bins of every column, with cuts at quantiles of the table's numbers."""
    numeric = {str(place): column.name for place, column in enumerate(columns) if column.is_numeric}
    # by place: a column may be called as an argument of Ibis is
    quantiles = {place: table[name].cast("float64").quantile(list(QUANTILES)) for place, name in numeric.items()}
    [cuts] = table.aggregate(rows=table.count(), **quantiles).to_pyarrow().to_pylist()
    # text, categories, and columns without values have no cuts
    return [each for place, column in enumerate(columns) for each in make_bins(column, cuts.get(str(place)) or [])]


def count_rows(table: ir.Table, bins: Sequence[Bin], by: Sequence[str] = ()) -> Counted:
    """Return for each group of rows its values of `by` and its number of `rows`, and how many rows each bin has."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], list[int]]] = {}
    for start in range(0, len(bins) or 1, CHUNK):
        part = bins[start : start + CHUNK]
        counted = {str(place): _count(table[each.column], each) for place, each in enumerate(part)}
        for row in table.aggregate(by=by, rows=table.count(), **counted).to_pyarrow().to_pylist():
            counts = [row.pop(str(place)) or 0 for place in range(len(part))]
            found.setdefault(tuple(row[name] for name in by), (row, []))[1].extend(counts)
    return [(row, _subtract(bins, counts)) for row, counts in found.values()]


def _count(value: ir.Value, each: Bin) -> ir.IntegerScalar:
    """Return how many rows a bin has; of an interval, with those of all bins below it (a smaller expression)."""
    if each.missing:
        return value.isnull().sum()
    if each.category is not None:
        return (value == each.category).sum()
    return value.count() if each.high is None else (value <= each.high).sum()


def _subtract(bins: Sequence[Bin], counts: Sequence[int]) -> list[int]:
    """Return the number of rows of every bin, without those of the bins below it."""
    below = [0, *counts]
    return [count - (below[place] if bins[place].low is not None else 0) for place, count in enumerate(counts)]


def is_in(table: ir.Table, each: Bin) -> ir.BooleanColumn:
    """Return which rows a bin contains."""
    value = table[each.column]
    if each.missing:
        return value.isnull()
    found = value.notnull()
    if each.category is not None:
        found &= value == each.category
    if each.low is not None:
        found &= value > each.low
    if each.high is not None:
        found &= value <= each.high
    return found
