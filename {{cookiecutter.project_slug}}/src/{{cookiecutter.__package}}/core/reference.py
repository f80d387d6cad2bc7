"""Reference: what incoming data is compared with, the training table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .binning import Bin, count_values

Values = Mapping[str, Sequence[Any]]  # the values of each column, all of one length


@dataclass(frozen=True)
class Reference:
    """The bins of each column with how many of the `rows` of the training table each has, and a sample of its rows."""

    bins: Mapping[str, Sequence[Bin]]
    counts: Mapping[str, NDArray[np.int64]]
    rows: int
    sample: Values
    name: str = "training"  # as messages call it

    def measures_missing(self, name: str) -> bool:
        """Whether missing values of a column were counted; version 0.2.0 of the template did not."""
        return any(each.missing for each in self.bins[name])


def read_reference(baseline: Sequence[Mapping[str, Any]], rows: int, sample: Values) -> Reference:
    """Return the reference from rows of the lake's table `baseline` and the number of rows that it describes."""
    bins: dict[str, list[Bin]] = {}
    counts: dict[str, list[int]] = {}
    for row in baseline:
        each = Bin(row["column"], row["category"], row["low"], row["high"], bool(row.get("missing")))
        bins.setdefault(each.column, []).append(each)
        counts.setdefault(each.column, []).append(round(row["share"] * rows))
    return Reference(bins, {name: np.array(found) for name, found in counts.items()}, rows, sample)


def count_window(reference: Reference, values: Values) -> dict[str, NDArray[np.int64]]:
    """Return how many values of a window each bin of each column has; a column that is not there is missing."""
    rows = max(map(len, values.values()), default=0)
    absent = [None] * rows
    return {name: count_values(bins, values.get(name, absent)) for name, bins in reference.bins.items()}
