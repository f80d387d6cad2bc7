"""Staleness: what it costs that a model grows old, from models that were fitted to earlier and to later rows."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...core.objective import evaluate
from ...core.result import Finding, GateResult, fail_if
from ..evaluate import fit
from ..intervals import mean_interval
from .candidate import DAYS, Candidate

BLOCKS = 6  # consecutive parts of the rows, by time
MINIMUM_ROWS = 50  # of a block


def measure_staleness(candidate: Candidate) -> Iterator[GateResult | Finding]:
    """Yield by how much the cost of a decision grows with the age of a model, and which age the plan allows.

    Rows are cut into blocks by time. Each block is predicted by models that were fitted to one earlier block: the one
    just before it, which is as fresh as can be, and older ones. The increase beside the freshest is averaged over
    blocks for each age. The oldest age of at most `monitor.max_age_days` must not cost more than
    `slices.max_cost_increase` of what the freshest model costs, by its whole interval.
    """
    known = np.isfinite(candidate.times)
    if known.sum() < BLOCKS * MINIMUM_ROWS:
        message = (
            f"age: {int(known.sum()):,} rows have a time, and {BLOCKS * MINIMUM_ROWS} are needed: name the column of "
            "the contract with it in data.time, or let the ledger record decisions"
        )
        yield Finding("age", message, {"rows": int(known.sum())})
        return
    places = np.flatnonzero(known)
    blocks = np.array_split(places[np.argsort(candidate.times[places], kind="stable")], BLOCKS)
    costs = _evaluate_blocks(candidate, blocks)
    centres = [float(np.mean(candidate.times[block])) for block in blocks]
    points = [_measure_age(lag, blocks, costs, centres, candidate) for lag in range(1, BLOCKS - 1)]
    usual = float(np.mean([costs[before, before + 1].mean() for before in range(BLOCKS - 1)]))
    limit, max_age = candidate.plan.slices.max_cost_increase * usual, candidate.plan.monitor.max_age_days
    oldest, unit = max(points, key=lambda point: point["age"]), candidate.time_unit
    message = (
        f"age: a model that is {oldest['age']:.4g} {unit} older costs {oldest['increase']:+.4f} more a decision "
        f"({candidate.plan.gates.confidence:.0%} interval {oldest['low']:+.4f} to {oldest['high']:+.4f}; limit "
        f"{limit:+.4f})"
    )
    evidence = {"points": points, "limit": limit, "usual": usual, "max_age": max_age, "unit": unit}
    if unit != DAYS:  # what the plan limits is in days
        yield Finding("age", message, evidence)
        return
    is_over = any(point["low"] > limit and point["age"] <= max_age for point in points)
    if is_over:
        fresh = max((point["age"] for point in points if point["low"] <= limit), default=0.0)
        message += f"; monitor.max_age_days is {max_age:g}: lower it to {fresh:.4g}, up to which the limit is kept"
    yield GateResult("age", fail_if(is_over), message, evidence)


def _evaluate_blocks(
    candidate: Candidate, blocks: list[NDArray[np.intp]]
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return the cost of each row of a later block, by a model fitted to an earlier one."""
    rows, objective, found = candidate.rows, candidate.problem.objective, {}
    for before in range(BLOCKS - 1):
        candidate.report(f"fitting the rows of period {before + 1} of {BLOCKS}")
        chosen = np.zeros(len(rows.truth), dtype=bool)
        chosen[blocks[before]] = True
        model = fit(candidate.model, rows, chosen)
        for after in range(before + 1, BLOCKS):
            predictions = objective.predict(model, rows.features.iloc[blocks[after]])
            found[before, after] = evaluate(objective, rows.truth[blocks[after]], predictions).cost
    return found


def _measure_age(
    lag: int,
    blocks: list[NDArray[np.intp]],
    costs: dict[tuple[int, int], NDArray[np.float64]],
    centres: list[float],
    candidate: Candidate,
) -> dict[str, float]:
    """Return how much older the models are that were fitted `lag` blocks earlier, and what that costs."""
    later = range(lag + 1, BLOCKS)
    increase = np.concatenate([costs[after - 1 - lag, after] - costs[after - 1, after] for after in later])
    units = candidate.rows.units[np.concatenate([blocks[after] for after in later])]
    low, high = mean_interval(increase, candidate.plan, units=units)
    age = float(np.mean([centres[after - 1] - centres[after - 1 - lag] for after in later]))
    return {"age": age, "increase": float(increase.mean()), "low": low, "high": high}
