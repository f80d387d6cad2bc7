"""Bins of a column: how values are counted, when the training table is described and when drift is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .schema import Column

QUANTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Bin:
    """One category, one interval `low < value <= high` of numbers, or the missing values of a column.

    A bound that is None is open. `missing` bins have neither category nor bounds.
    """

    column: str
    category: str | None = None
    low: float | None = None
    high: float | None = None
    missing: bool = False

    def contains(self, value: Any) -> bool:
        """Return whether a value is counted here."""
        if value is None or self.missing:
            return value is None and self.missing
        if self.category is not None:
            return bool(value == self.category)
        return (self.low is None or value > self.low) and (self.high is None or value <= self.high)


def make_bins(column: Column, cuts: Sequence[float]) -> list[Bin]:
    """Return the bins of a column: its categories, or intervals between cuts; then its missing values.

    Text has no bins but the one for missing values and one for the rest.
    """
    if column.categories:
        bins = [Bin(column.name, category=category) for category in column.categories]
    else:
        edges = sorted(set(cuts))
        bins = [Bin(column.name, low=a, high=b) for a, b in zip([None, *edges], [*edges, None], strict=True)]
    return [*bins, Bin(column.name, missing=True)]
