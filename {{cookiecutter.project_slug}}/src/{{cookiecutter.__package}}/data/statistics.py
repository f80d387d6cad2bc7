"""Statistics: the distribution of every column of the training table, so that drift can be seen later."""

from collections.abc import Sequence
from dataclasses import asdict

import ibis
import ibis.expr.types as ir

from ..core.binning import QUANTILES, Bin, make_bins
from ..core.schema import Column

BOUNDS_AND_SHARE = dict.fromkeys(("low", "high", "share"), "float64")
SCHEMA = {"column": "string", "category": "string", "missing": "boolean", **BOUNDS_AND_SHARE}


def baseline(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return one row for each bin of each column, with its share of the rows; the shares of a column add up to 1."""
    numeric = {str(place): column.name for place, column in enumerate(columns) if column.is_numeric}
    # by place: a column may be called as an argument of Ibis is
    quantiles = {place: table[name].cast("float64").quantile(list(QUANTILES)) for place, name in numeric.items()}
    [cuts] = table.aggregate(rows=table.count(), **quantiles).to_pyarrow().to_pylist()
    # text, categories, and columns without values have no cuts
    bins = [each for place, column in enumerate(columns) for each in make_bins(column, cuts.get(str(place)) or [])]
    counted = {str(place): is_in(table, each).sum() for place, each in enumerate(bins)}
    [counts] = table.aggregate(**counted).to_pyarrow().to_pylist()
    rows = [{**asdict(each), "share": counts[str(place)] / cuts["rows"]} for place, each in enumerate(bins)]
    return ibis.memtable(rows, schema=ibis.schema(SCHEMA))


def is_in(table: ir.Table, each: Bin) -> ir.BooleanColumn:
    """Return which rows a bin contains, as `Bin.contains` does."""
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
