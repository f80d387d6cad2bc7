"""Drift: whether what the product was asked differs from what its model was trained on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.binning import Bin
from ..core.plan import Plan
from ..core.result import GateResult

SMALLEST_SHARE = 1e-4


def read_baseline(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[Bin, float]]]:
    """Return the bins of each column with their shares, from rows of the lake's table `baseline`."""
    found: dict[str, list[tuple[Bin, float]]] = {}
    for row in rows:
        each = Bin(row["column"], row["category"], row["low"], row["high"], bool(row.get("missing")))
        found.setdefault(each.column, []).append((each, row["share"]))
    return found


def input_drift(
    baseline: Mapping[str, Sequence[tuple[Bin, float]]], recent: Sequence[Mapping[str, Any]], plan: Plan
) -> Iterator[GateResult]:
    """Compare each column of the features of recent decisions with the training table.

    The measure is the population stability index (Siddiqi, "Credit Risk Scorecards", 2006): the sum
    over bins of (now - then) * ln(now / then). A value over 0.2 is usually taken for a real change.
    """
    for column, bins in sorted(baseline.items()):
        values, limit, gate = [row.get(column) for row in recent], plan.drift.limit, f"drift.{column}"
        evidence = {"column": column, "rows": len(values), "limit": limit}
        if len(values) < plan.drift.minimum_rows:
            message = f"{column}: {len(values)} decisions, {plan.drift.minimum_rows} are needed to measure drift"
            yield GateResult(gate, "inconclusive", message, evidence)
            continue
        index = stability_index(bins, values)
        message = f"{column}: stability index {index:.3f} over {len(values)} decisions, limit {limit:.2f}"
        yield GateResult(gate, "fail" if index > limit else "pass", message, {**evidence, "index": index})


def stability_index(bins: Sequence[tuple[Bin, float]], values: Sequence[Any]) -> float:
    """Return the population stability index of values against the shares of their bins."""
    index = 0.0
    for each, share in bins:
        now = max(sum(each.contains(value) for value in values) / len(values), SMALLEST_SHARE)
        then = max(share, SMALLEST_SHARE)
        index += (now - then) * math.log(now / then)
    return index
