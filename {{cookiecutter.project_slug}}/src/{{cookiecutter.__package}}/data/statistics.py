"""Statistics: the distribution of every column of the training table, so that drift can be seen later."""

from collections.abc import Sequence
from dataclasses import asdict

import ibis
import ibis.expr.types as ir

from ..core.binning import QUANTILES, Bin, make_bins
from ..core.schema import Column

SCHEMA = {
    "column": "string",
    "category": "string",
    "low": "float64",
    "high": "float64",
    "missing": "boolean",
    "share": "float64",
}


def baseline(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return one row for each bin of each column, with its share of the rows; the shares of a column add up to 1."""
    cuts = _find_cuts(table, [column.name for column in columns if column.is_numeric])
    bins = [each for column in columns for each in make_bins(column, cuts.get(column.name, []))]
    counted = table.aggregate(rows=table.count(), **{str(i): _count(table, each) for i, each in enumerate(bins)})
    [counts] = counted.to_pyarrow().to_pylist()
    rows = []
    for place, each in enumerate(bins):
        below = counts[str(place - 1)] if each.low is not None else 0
        rows.append({**asdict(each), "share": (counts[str(place)] - below) / counts["rows"]})
    return ibis.memtable(rows, schema=ibis.schema(SCHEMA))


def _find_cuts(table: ir.Table, names: Sequence[str]) -> dict[str, list[float]]:
    """Return the quantiles of numeric columns; none of a column without values."""
    if not names:
        return {}
    wanted = {name: table[name].cast("float64").quantile(list(QUANTILES)) for name in names}
    [found] = table.aggregate(**wanted).to_pyarrow().to_pylist()
    return {name: cuts or [] for name, cuts in found.items()}


def _count(table: ir.Table, each: Bin) -> ir.IntegerScalar:
    """Return how many rows a bin contains; of an interval, how many values are up to its upper bound."""
    value = table[each.column]
    if each.missing:
        return value.isnull().sum()
    if each.category is not None:
        return (value == each.category).sum().fill_null(0)
    return value.count() if each.high is None else (value <= each.high).sum().fill_null(0)
