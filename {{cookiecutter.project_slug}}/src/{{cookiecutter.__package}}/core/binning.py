"""Bins of a column: how values are counted, when the training table is described and when drift is measured."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .schema import Column

# deciles, and narrow bins in both tails, where few extreme values show
QUANTILES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)


@dataclass(frozen=True, slots=True)
class Bin:
    """One category, one interval `low < value <= high` (None: no bound), or the missing values of a column."""

    column: str
    category: str | None = None
    low: float | None = None
    high: float | None = None
    missing: bool = False


def make_bins(column: Column, cuts: Sequence[float]) -> list[Bin]:
    """Return a bin for each category, or for each interval between cuts (text: one bin), and one for missing values."""
    edges = [None, *sorted(set(cuts)), None]
    bins = [Bin(column.name, category=category) for category in column.categories]
    bins = bins or [Bin(column.name, low=low, high=high) for low, high in itertools.pairwise(edges)]
    return [*bins, Bin(column.name, missing=True)]


def count_values(bins: Sequence[Bin], values: Sequence[Any]) -> NDArray[np.int64]:
    """Return how many of n values each bin of a column has, shape (bins,).

    None is missing. A value that no bin has, such as a new category or a text among numbers, is not counted.
    """
    missing = values.count(None)
    if any(each.category is not None for each in bins):
        counts = Counter(filter(_is_text, values))
        found = [counts[each.category or ""] for each in bins if not each.missing]
    elif all(each.low is each.high is None for each in bins):  # text: one bin
        found = [len(values) - missing for each in bins if not each.missing]
    else:
        intervals = [each for each in bins if not each.missing]
        cuts = [each.high for each in intervals if each.high is not None]
        places = np.searchsorted(cuts, numbers(values), side="left")
        found = np.bincount(places, minlength=len(intervals)).tolist()
    return np.array([missing if each.missing else found.pop(0) for each in bins], dtype=np.int64)


def show_bin(each: Bin) -> str:
    """Return a bin in words."""
    if each.missing:
        return "missing"
    if each.category is not None:
        return each.category
    if each.low is None:
        return "any" if each.high is None else f"at most {show_number(each.high)}"
    low = show_number(each.low)
    return f"above {low}" if each.high is None else f"{low} to {show_number(each.high)}"


def show_number(value: float) -> str:
    """Return a number with four digits, or more before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"  # noqa: PLR2004


def numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Return the values that are numbers, in their order."""
    try:
        found = np.asarray(values, dtype=np.float64)  # None becomes NaN
    except (TypeError, ValueError):
        found = np.array([value for value in values if isinstance(value, int | float)], dtype=np.float64)
    return found[~np.isnan(found)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
