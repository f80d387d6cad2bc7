"""The calibration gate: predicted probabilities have to agree with how often events happen."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.objective import Evaluation, Objective
from ...core.plan import Plan
from ...core.result import GateResult, Status, compare_interval
from ..intervals import SUCCESSES, constant_variance, estimate_means, simultaneous_intervals

BINS = 5

Pairs = Sequence[tuple[NDArray[Any], ...]]  # of one event: predicted, happened and sort key, for each assignment


def calibration_gate(
    candidates: Sequence[Evaluation], objective: Objective, plan: Plan, *, units: Any = None, weights: Any = None
) -> GateResult:
    """Judge the calibration of the worst predicted event, on n rows the model was not trained on.

    `candidates`: one evaluation of the rows for each assignment of rows to folds. Two limits count: of the mean error
    over bins, and of the log-odds of the mean prediction beside those of the observed rate (calibration in the
    large; Cox, Biometrika 45, 1958; Van Calster et al., BMC Medicine 17, 2019). The second is no hurdle for few
    rows: it asks for more of them only when the predictions are shown to be off, and maybe by more than the limit.
    """
    limit, confidence, blocks = plan.gates.max_calibration_error, plan.gates.confidence, plan.gates.inconclusive_blocks
    if len(candidates[0].truth if units is None else np.unique(units)) < 2:  # noqa: PLR2004
        message = "calibration: there is one independent row; at least 2 are needed"
        return GateResult("calibration", "inconclusive", message, {"limit": limit}, inconclusive_blocks=blocks)
    events = predicted_events(candidates, objective)
    errors = {event: mean_calibration_error(pairs, confidence) for event, pairs in events.items()}
    worst = max(errors, key=lambda event: errors[event][2])
    low, error, high = errors[worst]
    message = (
        f"calibration: {worst!r} is off by {error:.3f} on average ({confidence:.0%} interval {low:.3f} to "
        f"{high:.3f}) against a limit of {limit:g}"
    )
    evidence: dict[str, Any] = {"event": worst, "error": error, "low": low, "high": high, "limit": limit}
    status = compare_interval(low, high, limit)
    shift = evidence["shift"] = _worst_shift(events, plan, units, weights)
    if shift["status"] != "pass":
        status = "fail" if "fail" in (status, shift["status"]) else "inconclusive"
        message += (
            f"; {shift['event']!r} happens in {shift['observed']:.3f} of the rows and {shift['predicted']:.3f} are "
            f"predicted, {shift['low']:+.2f} to {shift['high']:+.2f} in log-odds against a limit of {shift['limit']:g}"
        )
    return GateResult("calibration", status, message, evidence, inconclusive_blocks=blocks)


def calibration_error(
    predicted: NDArray[Any], happened: NDArray[Any], sort_by: NDArray[Any], *, confidence: float
) -> tuple[float, float, float]:
    """Return lower bound, estimate and upper bound of the root mean square calibration error.

    `predicted`: the probability of an event for each of n rows; `happened`: whether it happened, 0 to 1;
    `sort_by`: values by which the rows are sorted into bins of one size.

    In each bin, chance alone moves the observed rate away from the predicted one; that variance is
    subtracted (Kumar, Liang and Ma, "Verified Uncertainty Calibration", NeurIPS 2019). The interval is normal.
    """
    return mean_calibration_error([(predicted, happened, sort_by)], confidence)


def mean_calibration_error(pairs: Pairs, confidence: float) -> tuple[float, float, float]:
    """Return the same from the predictions of several assignments: their squares and variances are averaged."""
    square, variance = np.mean([_square_error(*pair) for pair in pairs], axis=0)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    low, middle, high = (math.sqrt(max(float(part), 0.0)) for part in (square - reach, square, square + reach))
    return low, middle, high


def _square_error(predicted: NDArray[Any], happened: NDArray[Any], sort_by: NDArray[Any]) -> tuple[float, float]:
    square = variance = 0.0
    for rows in np.array_split(np.argsort(sort_by, kind="stable"), max(min(BINS, len(sort_by) // 2), 1)):
        difference = predicted[rows] - happened[rows]
        # the sample variance of a bin in which nothing happened is zero, which understates the chance
        spread = float((predicted[rows] * (1 - predicted[rows])).mean())
        spread = max(float(difference.var(ddof=1)), spread) if len(rows) > 1 else 1.0
        mean, chance, share = float(difference.mean()), spread / len(difference), len(difference) / len(sort_by)
        square += share * (mean**2 - chance)
        variance += share**2 * (4 * mean**2 * chance + 2 * chance**2)
    return square, variance


def predicted_events(candidates: Sequence[Evaluation], objective: Objective) -> dict[str, Pairs]:
    """Return for each event its predictions in all assignments."""
    found = [objective.calibration_pairs(candidate.truth, candidate.predictions) for candidate in candidates]
    return {event: [pairs[event] for pairs in found] for event in found[0]}


def both_directions(plan: Plan) -> float:
    """Return the confidence of an interval of which both ends count: half of the plan's doubt for each."""
    return (1 + plan.gates.confidence) / 2


def _worst_shift(events: dict[str, Pairs], plan: Plan, units: Any, weights: Any) -> dict[str, Any]:
    """Return calibration in the large of the event that is worst, by intervals that hold for all events at once."""
    predicted, happened = (
        np.stack([np.mean([pair[part] for pair in pairs], axis=0) for pairs in events.values()], axis=1)
        for part in (0, 1)
    )
    means = estimate_means(happened - predicted, units=units, weights=weights)
    expected = (predicted * (1 - predicted)).mean(axis=0) / means.units
    means = means.widen(np.maximum(expected, constant_variance(means.units)))
    observed, expected = (np.average(part, axis=0, weights=weights) for part in (happened, predicted))
    rates = [(means.units * part + SUCCESSES) / (means.units + 2 * SUCCESSES) for part in (observed, expected)]
    shifts = np.subtract(*(np.log(rate / (1 - rate)) for rate in rates))
    low, high = simultaneous_intervals(means, plan, both_directions(plan))
    reach = (high - low) / 2 / (rates[0] * (1 - rates[0]))  # the delta method
    limit, found = plan.gates.max_log_odds_shift, []
    for place, event in enumerate(events):
        lowest, highest = float(shifts[place] - reach[place]), float(shifts[place] + reach[place])
        is_shown, is_small = low[place] > 0 or high[place] < 0, max(-lowest, highest) <= limit
        status: Status = "pass" if not is_shown or is_small else "inconclusive"
        status = "fail" if max(lowest, -highest) > limit else status
        found.append({"event": event, "status": status, "shift": float(shifts[place]), "low": lowest, "high": highest})
        found[-1] |= {"observed": float(observed[place]), "predicted": float(expected[place]), "limit": limit}
    return max(found, key=lambda one: (one["status"] == "fail", one["status"] != "pass", abs(float(str(one["shift"])))))
