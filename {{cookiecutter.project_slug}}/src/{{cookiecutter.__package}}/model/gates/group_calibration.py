"""Calibration by group: predicted probabilities have to agree with how often events happen in every group."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.objective import Evaluation, Objective
from ...core.plan import Plan
from ...core.result import GateResult, Status, compare_interval
from ..evaluate import Rows
from ..intervals import constant_variance, estimate_means, simultaneous_intervals
from .calibration import Pairs, both_directions, mean_calibration_error, predicted_events

SMALLEST = 1e-3  # a probability nearer to 0 or 1 has the log-odds of this one


def group_calibration_gate(
    rows: Rows,
    candidates: Sequence[Evaluation],
    objective: Objective,
    plan: Plan,
    champion: Sequence[Evaluation] = (),
) -> Iterator[GateResult]:
    """Judge the calibration of the worst group of all protected columns; yield nothing without such a column.

    In each group of the plan's minimum size, predictions may be too low or too high, and their log-odds may be too
    sure or too unsure (the intercept and the slope of Cox, "Two Further Applications of a Model for Binary
    Regression", Biometrika 45, 1958). Both are score tests, which hold at once for all groups and events. A group
    that is shown to be off by them fails if its mean error over bins is over the limit, and is inconclusive if it
    may be.
    """
    if rows.groups.empty:
        return
    limit, blocks, name = plan.gates.max_calibration_error, plan.gates.inconclusive_blocks, "calibration by group"
    groups = _large_groups(rows, plan.groups.minimum_rows)
    if not groups:
        message = f"{name}: no group has the {plan.groups.minimum_rows} rows needed (groups.minimum_rows)"
        yield GateResult(name, "inconclusive", message, {"limit": limit}, inconclusive_blocks=blocks)
        return
    found = _judge_groups(groups, rows, predicted_events(candidates, objective), plan)
    if champion and any(one["status"] != "pass" for one in found):
        usual = _judge_groups(groups, rows, predicted_events(champion, objective), plan)
        found = [_allow_as_much(*pair) for pair in zip(found, usual, strict=True)]
    worst = max(found, key=lambda one: (one["status"] == "fail", one["status"] == "inconclusive", one["deviation"]))
    shown = "is shown to be off" if worst["deviation"] > 1 else "is not shown to be off"
    message = (
        f"{name}: of {len(groups)}, the worst is {worst['group']}: {worst['event']!r} {shown}, by {worst['error']:.3f} "
        f"on average ({plan.gates.confidence:.0%} interval {worst['low']:.3f} to {worst['high']:.3f}) against a limit "
        f"of {limit:g}"
    )
    if "champion" in worst:
        message += f"; the champion is off by {worst['champion']:.3f} there"
    yield GateResult(name, worst["status"], message, {"limit": limit, "groups": found}, inconclusive_blocks=blocks)


def _large_groups(rows: Rows, minimum_rows: int) -> dict[str, NDArray[np.bool_]]:
    """Return the members of each group that has units enough, by its column and name."""
    found = {}
    for column in rows.groups:
        sizes = pd.Series(rows.units).groupby(rows.groups[column].to_numpy()).nunique()
        for group in sizes[sizes >= max(minimum_rows, 2)].index:
            found[f"{column} {group}"] = (rows.groups[column] == group).to_numpy()
    return found


def _judge_groups(
    groups: dict[str, NDArray[np.bool_]], rows: Rows, events: dict[str, Pairs], plan: Plan
) -> list[dict[str, Any]]:
    """Return for each group and event how far it is off: `deviation` is over 1 where chance does not explain it."""
    columns, floors, keys = [], [], []
    for group, members in groups.items():
        for event, pairs in events.items():
            parts = [_scores(pair, members) for pair in pairs]
            columns.extend(np.mean([scores for scores, _ in parts], axis=0))
            floors.extend(np.mean([variances for _, variances in parts], axis=0))
            keys.append((group, event, members, pairs))
    kept = np.stack([members for _, _, members, _ in keys for _ in range(2)], axis=1)
    means = estimate_means(np.stack(columns, axis=1), kept, units=rows.units, weights=rows.weights)
    means = means.widen(np.maximum(np.array(floors) / means.units, constant_variance(means.units)))
    low, high = simultaneous_intervals(means, plan, both_directions(plan))
    deviations = np.abs(2 * means.centres / (high - low)).reshape(-1, 2).max(axis=1).tolist()
    limit, found = plan.gates.max_calibration_error, []
    for (group, event, members, pairs), deviation in zip(keys, deviations, strict=True):
        inside = [tuple(part[members] for part in pair) for pair in pairs]
        bounds = mean_calibration_error(inside, plan.gates.confidence)
        status: Status = compare_interval(bounds[0], bounds[2], limit) if deviation > 1 else "pass"
        one = {"group": group, "event": event, "status": status, "deviation": float(deviation)}
        found.append(one | dict(zip(("low", "error", "high"), bounds, strict=True)) | {"rows": int(members.sum())})
    return found


def _allow_as_much(one: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """Return what was found in a group; it passes if it lies within the interval of the champion's error there."""
    is_as_usual = usual["deviation"] > 1 and one["error"] <= usual["high"]
    return {**one, "status": "pass" if is_as_usual else one["status"], "champion": usual["error"]}


def _scores(pair: tuple[NDArray[Any], ...], members: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return two scores of each row, shape (2, n), whose means are 0 in a calibrated group, and their variances."""
    predicted, happened, sort_by = pair
    position = np.clip(predicted, SMALLEST, 1 - SMALLEST)
    position = np.log(position / (1 - position))
    if np.ptp(position) == 0:  # one probability for all rows, as of a quantile: by how large the answers are
        position = sort_by
    position = position - position[members].mean()
    position = position / (position[members].std() or 1.0)
    residual, variance = happened - predicted, predicted * (1 - predicted)
    variances = np.array([variance[members].mean(), (variance * position**2)[members].mean()])
    return np.stack([residual, residual * position]), variances
