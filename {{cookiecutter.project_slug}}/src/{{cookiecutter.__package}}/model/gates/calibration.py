"""The calibration gate: predicted probabilities have to agree with how often events happen."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.objective import Evaluation, Objective
from ...core.plan import Plan
from ...core.result import GateResult, compare_interval

BINS = 5


def calibration_gate(candidate: Evaluation, objective: Objective, plan: Plan) -> GateResult:
    """Judge the calibration error of the worst predicted event, on n rows the model was not trained on."""
    candidate = candidate[0] if isinstance(candidate, tuple) else candidate
    limit, confidence = plan.gates.max_calibration_error, plan.gates.confidence
    pairs = objective.calibration_pairs(candidate.truth, candidate.predictions)
    errors = {event: calibration_error(*pair, confidence=confidence) for event, pair in pairs.items()}
    worst = max(errors, key=lambda event: errors[event][2])
    low, error, high = errors[worst]
    message = (
        f"calibration: {worst!r} is off by {error:.3f} on average ({confidence:.0%} interval {low:.3f} to "
        f"{high:.3f}) against a limit of {limit:g}"
    )
    evidence = {"event": worst, "error": error, "low": low, "high": high, "limit": limit}
    status, blocks = compare_interval(low, high, limit), plan.gates.inconclusive_blocks
    return GateResult("calibration", status, message, evidence, inconclusive_blocks=blocks)


def group_calibration_gate(*_a):
    return []


def calibration_error(
    predicted: NDArray[Any], happened: NDArray[Any], sort_by: NDArray[Any], *, confidence: float
) -> tuple[float, float, float]:
    """Return lower bound, estimate and upper bound of the root mean square calibration error.

    `predicted`: the probability of an event for each of n rows; `happened`: whether it happened, 0 to 1;
    `sort_by`: values by which the rows are sorted into bins of one size.

    In each bin, chance alone moves the observed rate away from the predicted one; that variance is
    subtracted (Kumar, Liang and Ma, "Verified Uncertainty Calibration", NeurIPS 2019). The interval is normal.
    """
    square = variance = 0.0
    for rows in np.array_split(np.argsort(sort_by, kind="stable"), min(BINS, len(sort_by) // 2)):
        difference = predicted[rows] - happened[rows]
        # the sample variance of a bin in which nothing happened is zero, which understates the chance
        spread = max(float(difference.var(ddof=1)), float((predicted[rows] * (1 - predicted[rows])).mean()))
        mean, chance, share = float(difference.mean()), spread / len(difference), len(difference) / len(sort_by)
        square += share * (mean**2 - chance)
        variance += share**2 * (4 * mean**2 * chance + 2 * chance**2)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    low, middle, high = (math.sqrt(max(part, 0.0)) for part in (square - reach, square, square + reach))
    return low, middle, high
