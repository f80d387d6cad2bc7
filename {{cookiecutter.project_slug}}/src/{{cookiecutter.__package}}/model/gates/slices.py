"""The slices gate: a model that costs less on the whole must not cost much more for a part of the rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.plan import Plan
from ...core.result import GateResult, compare_interval
from ..intervals import mean_interval

MAX_PARTS = 20  # of a column; the rows of more categories are too few and their slices too many to judge


def slices_gate(table: pd.DataFrame, difference: NDArray[Any], champion: NDArray[Any], plan: Plan, *, units: Any = None, weights: Any = None) -> GateResult:
    """Judge the slice in which a candidate does worst beside the champion.

    `table`: n rows of the columns that are cut into slices; `champion`: cost of each row under the champion;
    `difference`: the candidate's cost minus the champion's.
    """
    limit, blocks = plan.slices.max_cost_increase, plan.slices.inconclusive_blocks
    found: list[dict[str, Any]] = []
    for name, members in slices(table, plan.slices.minimum_rows):
        # where the champion makes no mistake, an increase is a share of its cost over all rows
        usual = champion[members].mean() or champion.mean() or 1.0
        low, high = (float(bound / usual) for bound in mean_interval(difference[members], plan))
        increase = float(difference[members].mean() / usual)
        found.append({"slice": name, "increase": increase, "low": low, "high": high, "rows": int(members.sum())})
    if not found:
        message = f"slices: none has the {plan.slices.minimum_rows} rows needed (slices.minimum_rows)"
        return GateResult("slices", "inconclusive", message, inconclusive_blocks=blocks)
    worst = max(found, key=lambda one: (one["low"] > limit, one["high"] > limit, one["increase"]))
    low, high = worst["low"], worst["high"]
    message = (
        f"slices: of {len(found)}, the worst is {worst['slice']}: {worst['increase']:+.0%} of the champion's cost "
        f"there ({plan.gates.confidence:.0%} interval {low:+.0%} to {high:+.0%}) against a limit of {limit:+.0%}"
    )
    evidence = {"limit": limit, "slices": found}
    return GateResult("slices", compare_interval(low, high, limit), message, evidence, inconclusive_blocks=blocks)


def slices(table: pd.DataFrame, minimum_rows: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the members of each slice: one value of a column, or a quarter of its numbers.

    Columns with more than `MAX_PARTS` values that are no numbers are not cut.
    """
    for column in table:
        values = table[column]
        is_number = pd.api.types.is_numeric_dtype(values)
        if not is_number and values.nunique() > MAX_PARTS:
            continue
        parts = pd.qcut(values, 4, duplicates="drop") if is_number else values
        sizes = parts.value_counts()
        for part in sorted(sizes[sizes >= minimum_rows].index):
            name = f"{max(part.left, values.min()):g} to {part.right:g}" if is_number else part
            yield f"{column} {name}", (parts == part).to_numpy()
