"""Fairness: rates by group, and the gap between groups with its interval, by fairlearn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)

from ..errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ..plan import Plan

RATES = {  # each rate, and the truth of the rows it is counted over
    "false_positive_rate": (false_positive_rate, (0,)),
    "false_negative_rate": (false_negative_rate, (1,)),
    "true_positive_rate": (true_positive_rate, (1,)),
    "selection_rate": (selection_rate, (0, 1)),
}
SEED = 0


def _bootstrap_gap(members: list[NDArray[Any]], plan: Plan) -> tuple[float, float]:
    """Return the interval of the largest gap between the means of groups, each resampled by itself.

    Every rate above is a mean over the rows it is counted on, or one less that mean, so gaps are
    gaps of means. MetricFrame's own bootstrap gives the same interval in a hundred times the time.
    """
    rng = np.random.default_rng(SEED)
    rounds, tail = plan.gates.bootstrap_rounds, (1 - plan.gates.confidence) / 2
    means = [np.array([rng.choice(values, len(values)).mean() for _ in range(rounds)]) for values in members]
    low, high = np.quantile(np.ptp(means, axis=0), [tail, 1 - tail])
    return float(low), float(high)


def gap_interval(
    rate: str, truth: NDArray[Any], chosen: NDArray[Any], group: pd.Series[Any], plan: Plan
) -> dict[str, Any]:
    """Return the rate of each group, the largest gap, its bootstrap interval, and the rows each group has.

    Groups under the plan's minimum size are left out; with fewer than two left there is no gap.
    Differences between small groups are biased upward, which is why there is a minimum.

    Raises
    ------
    UserError
        The plan limits a rate that is not known.
    """
    if rate not in RATES:
        message = f"plan.toml: groups.limits.{rate}: not a known rate; use one of {', '.join(RATES)}"
        raise UserError(message)
    metric, counted = RATES[rate]
    relevant = np.isin(truth, counted)
    sizes = group[relevant].value_counts()
    large = sizes[sizes >= plan.groups.minimum_rows].index
    rows = {str(name): int(count) for name, count in sizes.items()}
    if len(large) < 2:  # noqa: PLR2004
        return {"rows": rows}
    kept = relevant & group.isin(large).to_numpy()
    names = group[kept].to_numpy()
    frame = MetricFrame(metrics=metric, y_true=truth[kept], y_pred=chosen[kept], sensitive_features=names)
    low, high = _bootstrap_gap([chosen[kept][names == name] for name in large], plan)
    return {
        "by_group": {str(name): float(value) for name, value in frame.by_group.items()},
        "gap": float(frame.difference()),
        "low": float(low),
        "high": float(high),
        "rows": rows,
    }
