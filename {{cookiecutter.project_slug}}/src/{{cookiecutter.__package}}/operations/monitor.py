"""Monitor: watches over what the product sees. Each watch is a verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..verdict import Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from ..plan import Plan

LEAST_SHARE = 1e-4


def input_drift(baseline: pd.DataFrame, seen: Sequence[Mapping[str, Any]], plan: Plan) -> Iterator[Verdict]:
    """Compare each column of recent features with the training table.

    Parameters
    ----------
    baseline
        One row for each bin of each column: column, category, low, high, share.
    seen
        Features of recent decisions, newest first.

    Notes
    -----
    The measure is the population stability index (Siddiqi, "Credit Risk Scorecards", 2006): the sum
    over bins of (now - then) * ln(now / then); over 0.2 is usually taken for a real change.
    """
    for column, bins in baseline.groupby("column", sort=True):
        values = [row.get(str(column)) for row in seen]
        present = [value for value in values if value is not None]
        evidence = {"column": column, "rows": len(present), "limit": plan.drift.limit}
        gate = f"drift.{column}"
        if len(present) < plan.drift.minimum_rows:
            message = f"{column}: {len(present)} decisions, {plan.drift.minimum_rows} are needed to judge drift"
            yield Verdict(gate, "inconclusive", message, evidence)
            continue
        index = stability_index(bins.to_dict("records"), present)
        status: Status = "fail" if index > plan.drift.limit else "pass"
        message = f"{column}: stability index {index:.3f} over {len(present)} decisions, limit {plan.drift.limit:.2f}"
        yield Verdict(gate, status, message, {**evidence, "index": index})


def stability_index(bins: Sequence[Mapping[Any, Any]], values: Sequence[Any]) -> float:
    """Return the population stability index of values against the shares of their bins."""
    index = 0.0
    for bin_ in bins:
        now = max(sum(_within(value, bin_) for value in values) / len(values), LEAST_SHARE)
        then = max(float(bin_["share"]), LEAST_SHARE)
        index += (now - then) * math.log(now / then)
    return index


def _within(value: Any, bin_: Mapping[Any, Any]) -> bool:
    if isinstance(bin_["category"], str):
        return bool(value == bin_["category"])
    low, high = float(bin_["low"]), float(bin_["high"])
    # a bound that is missing, NaN here, is open
    return (math.isnan(low) or value > low) and (math.isnan(high) or value <= high)
