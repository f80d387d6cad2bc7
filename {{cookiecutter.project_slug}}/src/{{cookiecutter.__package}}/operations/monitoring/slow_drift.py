"""Slow drift: a change too small for any one window, which the kept windows show together."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.operations_plan import Drift
from ...core.result import GateResult
from .reference import Reference
from .significance import normal_scores

WINDOWS = 40  # the latest ones: within so many, a false alarm is at most as likely as the plan's level
MINIMUM_EXPECTED = 10  # of a category, with and without it: the share of a rarer one is not normal
LARGEST_DEVIATION = 4.0  # standard deviations that one window adds at most: a sudden change is no slow drift
SLACK, REFERENCE_ERRORS = 0.5, 2.0  # standard deviations of a window, and of the reference, that are no drift
OVERSHOOT = 1.166  # of a random walk over a limit (Siegmund, "Sequential Analysis", 1985)
GATE = "slow drift"

Vector = NDArray[np.float64]


def slow_drift(reference: Reference, history: Sequence[Mapping[str, Any]], drift: Drift) -> Iterator[GateResult]:
    """Run a CUSUM over the kept windows, latest last, for the location or the shares of every column.

    The CUSUM (Page, "Continuous Inspection Schemes", Biometrika 41, 1954) adds up by how much each window deviates
    from the training table beyond what chance and a shift that does not matter explain. All windows share the error
    of the reference, so that this is allowed for. Only windows that were compared with this training table count.
    """
    kept = [
        window["statistics"]["counts"]
        for window in history[-WINDOWS:]
        if window["statistics"].get("reference") == reference.fingerprint
    ]
    if len(kept) <= 1:
        message = f"slow drift: {len(kept)} windows were kept since the training table was built, 2 are needed"
        yield GateResult(GATE, "inconclusive", message, {"windows": len(kept)})
        return
    names = [name for name in sorted(reference.bins) if all(name in counts for counts in kept)]
    series = {key: values for name in names for key, values in deviations(reference, name, kept).items()}
    limit = find_limit(len(series), drift.level)
    sums = {key: cusum(values, *_allowances(reference, drift, values[1])) for key, values in series.items()}
    found = {key: float(np.abs(path[-1]).max()) for key, path in sums.items()}
    failing = sorted((key for key in found if found[key] > limit), key=lambda key: -found[key])
    evidence = {"windows": len(kept), "limit": limit, "sums": found, "failing": failing}
    if not failing:
        text = f"slow drift: no column moves, over {len(kept)} windows"
        yield GateResult(GATE, "pass", text, evidence)
        return
    moved = ", ".join(failing[:3]) + (f" and {len(failing) - 3} more" if len(failing) > 3 else "")  # noqa: PLR2004
    text = f"slow drift: {moved} moved over {len(kept)} windows (CUSUM {found[failing[0]]:.1f}, limit {limit:.1f})"
    yield GateResult(GATE, "fail", text, evidence)


def deviations(
    reference: Reference, name: str, kept: Sequence[Mapping[str, Sequence[int]]]
) -> dict[str, tuple[Vector, Vector]]:
    """Return by name the deviation of each window from the reference, in standard deviations, and its rows."""
    bins, then = reference.bins[name], reference.counts[name].astype(float)
    now = np.array([counts[name] for counts in kept], dtype=float)
    is_value = np.array([not each.missing for each in bins])
    found = {}
    if not is_value.all():
        found[f"missing {name}"] = _share_deviations(now[:, ~is_value].sum(axis=1), now.sum(axis=1), then, ~is_value)
    now, then, bins = now[:, is_value], then[is_value], [each for each in bins if not each.missing]
    rows = now.sum(axis=1)
    if bins and bins[0].category is not None:
        for place, each in enumerate(bins):
            chosen = np.arange(len(bins)) == place
            found[f"{name} {each.category}"] = _share_deviations(now[:, place], rows, then, chosen)
    elif len(bins) > 1 and then.sum() > 0:
        scores = normal_scores(then / then.sum())
        centre = then @ scores / then.sum()
        spread = math.sqrt(then @ (scores - centre) ** 2 / then.sum()) or 1.0
        shifts = (now @ scores / np.maximum(rows, 1) - centre) / spread
        found[name] = (np.where(rows > 0, shifts * np.sqrt(rows), 0.0), rows)
    return {key: pair for key, pair in found.items() if pair[1].any()}


def cusum(values: tuple[Vector, Vector], allowances: Vector, start: float = 0.0) -> Vector:
    """Return the upper and the lower sum after each window, shape (windows, 2).

    What one window adds is limited (Lucas and Crosier, "Robust CUSUM", Communications in Statistics 11, 1982).
    """
    high = low = start
    path = []
    clipped = np.clip(values[0], -LARGEST_DEVIATION, LARGEST_DEVIATION)
    for value, allowance in zip(clipped, allowances, strict=True):
        high, low = max(0.0, high + value - allowance), min(0.0, low + value + allowance)
        path.append((high, low))
    return np.array(path)


def find_limit(series: int, level: float) -> float:
    """Return the limit that one of `series` two-sided sums exceeds within WINDOWS windows with at most this chance.

    From Siegmund's approximation of the average run length without drift, (exp(2kb) - 2kb - 1) / 2k^2, and Bonferroni's
    inequality.
    """
    wanted = WINDOWS * 2 * max(series, 1) / level
    return math.log(wanted * 2 * SLACK**2 + 1) / (2 * SLACK) - OVERSHOOT


def _allowances(reference: Reference, drift: Drift, rows: Vector) -> tuple[Vector]:
    chance = SLACK + REFERENCE_ERRORS * np.sqrt(rows / max(reference.rows, 1))
    return (np.maximum(chance, np.sqrt(drift.limit * rows) / 4),)


def _share_deviations(counts: Vector, rows: Vector, then: Vector, chosen: NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """Return the deviations of a share; without rows where too few are expected for them to be normal."""
    share = then[chosen].sum() / max(then.sum(), 1)
    expected = rows * min(share, 1 - share)
    is_large = expected >= MINIMUM_EXPECTED
    spread = np.sqrt(np.maximum(rows * share * (1 - share), 1e-12))
    return np.where(is_large, (counts - rows * share) / spread, 0.0), np.where(is_large, rows, 0.0)
