"""Statistics: the distribution of every column of the training table, so that drift can be seen later."""

from __future__ import annotations

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
    numeric = [column for column in columns if column.is_numeric]
    quantiles = {
        f"{column.name} {q}": table[column.name].quantile(q).cast("float64") for column in numeric for q in QUANTILES
    }
    found = table.aggregate(**quantiles).to_pyarrow().to_pylist()[0] if quantiles else {}
    bins: list[Bin] = []
    for column in columns:
        cuts = [found.get(f"{column.name} {q}") for q in QUANTILES]
        bins += make_bins(column, [cut for cut in cuts if cut is not None])
    counted = table.aggregate(rows=table.count(), **{str(i): _count(table, each) for i, each in enumerate(bins)})
    counts = counted.to_pyarrow().to_pylist()[0]
    rows = [{**asdict(each), "share": (counts[str(i)] or 0) / counts["rows"]} for i, each in enumerate(bins)]
    return ibis.memtable(rows, schema=ibis.schema(SCHEMA))


def _count(table: ir.Table, each: Bin) -> ir.IntegerScalar:
    """Return how many rows a bin contains: `Bin.contains`, in the engine."""
    value = table[each.column]
    if each.missing:
        inside = value.isnull()
    elif each.category is not None:
        inside = value == each.category
    else:
        inside = value.notnull()
        inside = inside if each.low is None else inside & (value > each.low)
        inside = inside if each.high is None else inside & (value <= each.high)
    return inside.cast("int64").sum()
