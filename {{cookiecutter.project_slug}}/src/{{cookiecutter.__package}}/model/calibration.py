"""Calibration: whether what a model claims comes true as often as it says."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ..verdict import Verdict, interval_status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..objective import Objective
    from ..plan import Plan

BINS = 5


def calibration_gate(truth: NDArray[Any], raw: NDArray[Any], objective: Objective, plan: Plan) -> Verdict:
    """Judge the calibration error of the worst claim that a model makes about n rows it has not seen."""
    limit, sure = plan.gates.max_calibration_error, plan.gates.confidence
    claims = objective.claims(truth, raw)
    errors = {name: calibration_error(*claim, confidence=sure) for name, claim in claims.items()}
    worst = max(errors, key=lambda name: errors[name][2])
    low, error, high = errors[worst]
    message = (
        f"calibration: {worst!r} is off by {error:.3f} on average ({sure:.0%} interval {low:.3f} to {high:.3f}) "
        f"against a limit of {limit:g}"
    )
    evidence = {"claim": worst, "error": error, "low": low, "high": high, "limit": limit}
    return Verdict(
        "calibration",
        interval_status(low, high, limit),
        message,
        evidence,
        inconclusive_blocks=plan.gates.inconclusive_blocks,
    )


def calibration_error(
    stated: NDArray[Any], came_true: NDArray[Any], by: NDArray[Any], *, confidence: float
) -> tuple[float, float, float]:
    """Return lower bound, estimate and upper bound of the root mean square calibration error.

    Parameters
    ----------
    stated
        The probability of a claim about each of n rows.
    came_true
        Whether it came true, as numbers from 0 to 1.
    by
        Values by which the rows are sorted into bins of one size.

    Notes
    -----
    In each bin, chance alone moves what came true away from what was stated; that variance is taken
    off (Kumar, Liang and Ma, "Verified Uncertainty Calibration", NeurIPS 2019). The interval is normal.
    """
    square = variance = 0.0
    for rows in np.array_split(np.argsort(by, kind="stable"), BINS):
        off = stated[rows] - came_true[rows]
        # a bin in which nothing came true looks certain, and is not
        spread = max(float(off.var(ddof=1)), float((stated[rows] * (1 - stated[rows])).mean()))
        mean, chance, share = float(off.mean()), spread / len(off), len(off) / len(by)
        square += share * (mean**2 - chance)
        variance += share**2 * (4 * mean**2 * chance + 2 * chance**2)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    low, middle, high = (math.sqrt(max(part, 0.0)) for part in (square - reach, square, square + reach))
    return low, middle, high
