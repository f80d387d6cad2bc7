"""Statistics: what the training table looks like, so that drift can be seen later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from ..schema import Column

QUANTILES = (0.2, 0.4, 0.6, 0.8)


def baseline(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return one row for each bin of each column: its bounds or category, and its share of the rows.

    Numbers are cut at their quintiles into bins of `low < value <= high`; a null bound is open.
    """
    numeric = [column for column in columns if column.kind in ("number", "integer")]
    cuts = {
        f"{column.name} {q}": table[column.name].quantile(q).cast("float64") for column in numeric for q in QUANTILES
    }
    edges = table.aggregate(**cuts).to_pyarrow().to_pylist()[0] if cuts else {}
    bins = [bin_ for column in columns for bin_ in _bins(column, edges)]
    counted = table.aggregate(
        rows=table.count(), **{str(i): _within(table[bin_["column"]], bin_).sum() for i, bin_ in enumerate(bins)}
    )
    counts = counted.to_pyarrow().to_pylist()[0]
    rows = [{**bin_, "share": (counts[str(i)] or 0) / counts["rows"]} for i, bin_ in enumerate(bins)]
    return ibis.memtable(rows, schema=ibis.schema(SCHEMA))


SCHEMA = {"column": "string", "category": "string", "low": "float64", "high": "float64", "share": "float64"}


def _bins(column: Column, edges: dict[str, float]) -> Iterator[dict[str, Any]]:
    empty = {"column": column.name, "category": None, "low": None, "high": None}
    if column.categories:
        yield from ({**empty, "category": category} for category in column.categories)
    elif column.kind != "text":
        cuts = sorted({edges[f"{column.name} {q}"] for q in QUANTILES} - {None})
        yield from ({**empty, "low": a, "high": b} for a, b in zip([None, *cuts], [*cuts, None], strict=True))


def _within(value: ir.Column, bin_: dict[str, Any]) -> ir.Column:
    if bin_["category"] is not None:
        return (value == bin_["category"]).cast("int64")
    inside = value.notnull()
    inside = inside if bin_["low"] is None else inside & (value > bin_["low"])
    inside = inside if bin_["high"] is None else inside & (value <= bin_["high"])
    return inside.cast("int64")
