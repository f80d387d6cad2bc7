"""The slices gate: a model that costs less on the whole must not cost much more for a part of the rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.plan import Plan
from ...core.result import GateResult, Status
from ..intervals import estimate_means, simultaneous_intervals, single_intervals

ADDED_UNITS = 20  # to the variance of a slice
MAX_PARTS = 20  # of a column; the rows of more categories are too few and their slices too many to judge


def slices_gate(
    table: pd.DataFrame,
    difference: NDArray[Any],
    champion: NDArray[Any],
    plan: Plan,
    *,
    units: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
) -> GateResult:
    """Judge the slice in which a candidate does worst beside the champion.

    `table`: n rows of the columns that are cut into slices; `champion`: cost of each row under the champion;
    `difference`: the candidate's cost minus the champion's; `units`, `weights`: of the rows, as in `mean_interval`.

    It fails only by intervals that hold for all slices at once: the worst of many is bad by chance. It passes when
    each interval by itself is under the limit (the intersection-union principle; Berger, Technometrics 24, 1982).
    """
    cut = list(slices(table, plan.slices.minimum_rows, units))
    return slice_gate(cut, difference, champion, plan, units=units, weights=weights)


def slice_gate(
    cut: list[tuple[str, NDArray[np.bool_]]],
    difference: NDArray[Any],
    champion: NDArray[Any],
    plan: Plan,
    *,
    units: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    names: tuple[str, str] = ("slices", "the champion's cost"),
) -> GateResult:
    """Judge slices by their names and members, as `slices_gate` does.

    `names`: of the gate, and of the cost `champion`.
    """
    gate, usual = names
    limit, blocks = plan.slices.max_cost_increase, plan.slices.inconclusive_blocks
    if not cut:
        message = f"{gate}: none has the {plan.slices.minimum_rows} rows needed (slices.minimum_rows)"
        return GateResult(gate, "inconclusive", message, inconclusive_blocks=blocks)
    found = _increases(cut, difference, champion, plan, units, weights)
    worst = max(found, key=lambda one: (one["low"] > limit, one["high"] > limit, one["increase"]))
    is_worse, is_passed = worst["low"] > limit, all(one["single_high"] <= limit for one in found)
    status: Status = "fail" if is_worse else "pass" if is_passed else "inconclusive"
    message = (
        f"{gate}: of {len(found)}, the worst is {worst['slice']}: {worst['increase']:+.0%} of {usual} there "
        f"({plan.gates.confidence:.0%} interval over all slices {worst['low']:+.0%} to {worst['high']:+.0%}) "
        f"against a limit of {limit:+.0%}"
    )
    evidence = {"limit": limit, "slices": found}
    return GateResult(gate, status, message, evidence, inconclusive_blocks=blocks)


def slices(table: pd.DataFrame, minimum_rows: int, units: Any = None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the members of each slice: one value of a column, or a quarter of its numbers.

    Columns with more than `MAX_PARTS` values that are no numbers are not cut. Rows of one unit count once.
    """
    for column in table:
        values = table[column]
        is_number = pd.api.types.is_numeric_dtype(values)
        if not is_number and values.nunique() > MAX_PARTS:
            continue
        parts = pd.qcut(values, 4, duplicates="drop") if is_number else values
        sizes = parts.value_counts() if units is None else pd.Series(units, table.index).groupby(parts).nunique()
        for part in sorted(sizes[sizes >= max(minimum_rows, 2)].index):
            name = f"{max(part.left, values.min()):g} to {part.right:g}" if is_number else part
            yield f"{column} {name}", (parts == part).to_numpy()


def _increases(
    cut: list[tuple[str, NDArray[np.bool_]]],
    difference: NDArray[Any],
    champion: NDArray[Any],
    plan: Plan,
    units: Any,
    weights: Any,
) -> list[dict[str, Any]]:
    """Return for each slice the increase as a share of the champion's cost, and its bounds.

    The champion's cost in a slice is uncertain too, so that the mean of `difference - limit * champion` is what is
    estimated: it is over zero exactly when the share is over the limit (Fieller, Biometrika 24, 1932).
    """
    limit, members = plan.slices.max_cost_increase, np.stack([rows for _, rows in cut], axis=1)
    weights = np.ones(len(champion)) if weights is None else weights
    overall = float(np.average(champion, weights=weights)) or 1.0
    rows = weights @ members
    usual = (weights * champion) @ members / rows
    means = estimate_means(difference - limit * champion, members, units=units, weights=weights)
    # where the champion makes no mistake, an increase is a share of its cost over all rows
    is_free, usual = usual == 0, np.where(usual == 0, overall, usual)
    whole = estimate_means(difference, units=units, weights=weights)
    # rare mistakes are missing from small slices by chance: some units that vary as all rows do are added
    usual_variance, own_variance = whole.covariance[0, 0] * whole.units[0], means.covariance.diagonal() * means.units
    shrunk = (own_variance * means.units + usual_variance * ADDED_UNITS) / (means.units + ADDED_UNITS)
    means = means.widen(shrunk / means.units)
    bounds = [*simultaneous_intervals(means, plan), *single_intervals(means, plan)]
    low, high, _, single = (limit + (bound - limit * overall * is_free) / usual for bound in bounds)
    increase = (weights * difference) @ members / rows / usual
    columns = zip(cut, increase.tolist(), low.tolist(), high.tolist(), single.tolist(), strict=True)
    return [
        {"slice": name, "increase": mean, "low": lowest, "high": highest, "single_high": alone, "rows": int(rows.sum())}
        for (name, rows), mean, lowest, highest, alone in columns
    ]
