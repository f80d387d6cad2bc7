"""Conditions that a rule may have: a column compared with a number that a person would write, or with a category."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..findings.arrays import to_floats
from ..findings.wording import roundest
from ..table import Profile

MOST_THRESHOLDS = 32
TAIL = 0.02  # share of the rows below the first threshold, and above the last


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions on one column, and the bin of each of n rows; a condition holds in some bins."""

    profile: Profile
    written: list[tuple[str, float | str]]  # comparison and value
    holds: NDArray[np.bool_]  # shape (conditions, bins)
    bins: NDArray[np.int64]  # shape (n,); -1 where the value is missing: no condition holds


def list_conditions(profile: Profile) -> Conditions:
    """Return the conditions on a column; none on texts and dates."""
    if profile.kind == "category":
        return _on_categories(profile)
    if profile.kind in ("number", "integer"):
        return _on_numbers(profile)
    return Conditions(profile, [], np.zeros((0, 1), dtype=bool), np.full(len(profile.values), -1))


def _on_categories(profile: Profile) -> Conditions:
    places = {category: place for place, category in enumerate(profile.categories)}
    bins = np.array([places.get(value, -1) for value in profile.values.to_pylist()], dtype=np.int64)
    written: list[tuple[str, float | str]] = [("==", category) for category in profile.categories]
    return Conditions(profile, written, np.eye(len(written), dtype=bool), bins)


def _on_numbers(profile: Profile) -> Conditions:
    values = to_floats(profile.values)
    known = np.unique(values[~np.isnan(values)])
    if len(known) > MOST_THRESHOLDS:
        shares = np.linspace(TAIL, 1 - TAIL, MOST_THRESHOLDS + 1)
        known = np.unique(np.quantile(values[~np.isnan(values)], shares, method="closest_observation"))
    is_whole = profile.kind == "integer"
    # of whole numbers, "18 or more" says the same as "over 17" and reads better
    limits = [0 - roundest(-b, -a) if is_whole else roundest(a, b) for a, b in itertools.pairwise(known.tolist())]
    bins = np.searchsorted(limits, values, side="right" if is_whole else "left")
    above = np.arange(len(limits) + 1) > np.arange(len(limits))[:, None]
    over, under = (">=", "<") if is_whole else (">", "<=")
    written: list[tuple[str, float | str]] = [
        *((over, limit) for limit in limits),
        *((under, limit) for limit in limits),
    ]
    return Conditions(profile, written, np.concatenate([above, ~above]), np.where(np.isnan(values), -1, bins))
