"""The interval around a mean, which most gates judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import bootstrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..plan import Plan

SEED = 0


def mean_interval(values: NDArray[Any], plan: Plan) -> tuple[float, float]:
    """Return the bootstrap interval of the mean of n values, with the plan's confidence."""
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    found = bootstrap(
        (values,),
        np.mean,
        n_resamples=plan.gates.bootstrap_rounds,
        confidence_level=plan.gates.confidence,
        method="percentile",
        batch=100,
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)
