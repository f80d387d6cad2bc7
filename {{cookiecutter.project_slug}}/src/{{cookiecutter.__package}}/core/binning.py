"""Bins of a column: how values are counted, when the training table is described and when drift is measured."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .schema import Column

QUANTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Bin:
    """One category, one interval `low < value <= high` (None: no bound), or the missing values of a column."""

    column: str
    category: str | None = None
    low: float | None = None
    high: float | None = None
    missing: bool = False

    def contains(self, value: Any) -> bool:
        """Return whether a value is counted in this bin."""
        if value is None or self.missing:
            return value is None and self.missing
        if self.category is not None:
            return bool(value == self.category)
        return (self.low is None or value > self.low) and (self.high is None or value <= self.high)


def make_bins(column: Column, cuts: Sequence[float]) -> list[Bin]:
    """Return a bin for each category, or for each interval between cuts (text: one bin), and one for missing values."""
    edges = [None, *sorted(set(cuts)), None]
    bins = [Bin(column.name, category=category) for category in column.categories]
    bins = bins or [Bin(column.name, low=low, high=high) for low, high in itertools.pairwise(edges)]
    return [*bins, Bin(column.name, missing=True)]
