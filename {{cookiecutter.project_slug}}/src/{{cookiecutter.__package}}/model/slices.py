"""Slices: whether a model that is cheaper on the whole is much dearer for some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..verdict import Verdict, interval_status
from .interval import mean_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from ..plan import Plan
    from .evaluate import Rows

PARTS = 4


def slices_gate(rows: Rows, paired: NDArray[Any], champion: NDArray[Any], plan: Plan) -> Verdict:
    """Judge the slice in which a candidate does worst beside the champion.

    Parameters
    ----------
    paired
        Cost of each of n rows under the candidate less that under the champion.
    champion
        Cost of each of n rows under the champion.
    """
    limit = plan.slices.max_cost_increase
    found: list[dict[str, Any]] = []
    for name, members in slices(pd.concat([rows.features, rows.groups], axis="columns")):
        if members.sum() >= plan.slices.minimum_rows:
            # where the champion makes no mistake, an increase is a share of what it costs everywhere
            usual = champion[members].mean() or champion.mean() or 1.0
            low, high = (float(bound / usual) for bound in mean_interval(paired[members], plan))
            increase = float(paired[members].mean() / usual)
            found.append({"slice": name, "increase": increase, "low": low, "high": high, "rows": int(members.sum())})
    if not found:
        message = f"slices: none has {plan.slices.minimum_rows} rows to judge by (slices.minimum_rows)"
        return Verdict("slices", "inconclusive", message, inconclusive_blocks=plan.slices.inconclusive_blocks)
    worst = max(found, key=lambda one: (one["low"] > limit, one["high"] > limit, one["increase"]))
    message = (
        f"slices: of {len(found)}, the worst is {worst['slice']}: {worst['increase']:+.0%} of what the champion costs "
        f"there ({plan.gates.confidence:.0%} interval {worst['low']:+.0%} to {worst['high']:+.0%}) "
        f"against a limit of {limit:+.0%}"
    )
    status = interval_status(worst["low"], worst["high"], limit)
    evidence = {"limit": limit, "slices": found}
    return Verdict("slices", status, message, evidence, inconclusive_blocks=plan.slices.inconclusive_blocks)


def slices(table: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the members of each slice: a category, or a quarter of the numbers of a column."""
    for column in table:
        values = table[column]
        if pd.api.types.is_numeric_dtype(values):
            least = values.min()
            values = pd.qcut(values, PARTS, duplicates="drop")
            for part in values.cat.categories:
                yield f"{column} {max(part.left, least):g} to {part.right:g}", (values == part).to_numpy()
        else:
            for value in sorted(values.dropna().unique()):
                yield f"{column} {value}", (values == value).to_numpy()
