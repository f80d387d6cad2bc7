"""The background of a model: the cases that one is compared with when its answer is explained.

It is stored with the model, and no row of it is a row of the training table. Each number is the mean of several
neighbouring values (microaggregation: Domingo-Ferrer and Mateo-Sanz, IEEE TKDE 14, 2002), and the values of the
columns are combined at random, each as often as in the table (Latin hypercube sampling: McKay, Beckman and Conover,
Technometrics 21, 1979). So deleting a person from the table leaves nothing of them to delete here.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .encoder import encoded, encoder
from .schema import Column

ROWS = 64
MIN_NEIGHBOURS = 5  # values that a number is the mean of, at least
ATTRIBUTE = "background_"  # of a model


def add_background(model: Any, rows: Any, columns: Sequence[Column]) -> None:
    """Keep with a fitted model the background of its training rows: encoded values of shape (ROWS, columns)."""
    if not encoded(columns):  # all are texts
        return
    random, values = np.random.default_rng(0), encoder(columns).transform(rows).T
    found = [_levels(each, column) for each, column in zip(values, encoded(columns), strict=True)]
    setattr(model, ATTRIBUTE, np.column_stack([random.permutation(levels) for levels in found]))


def read_background(model: Any, columns: Sequence[Column]) -> dict[str, list[Any]]:
    """Return the values of each input in the background of a model, one list for each column.

    Texts are those of the contract's examples: what people wrote is not kept. A model without a background, as one
    that an older version of the template stored, has a single row, of examples.
    """
    found: Any = getattr(model, ATTRIBUTE, None)
    read = encoded(columns)
    if np.shape(found)[1:] != (len(read),):
        return {column.name: [column.example] for column in columns if column.is_input}
    texts = {column.name: [column.example] * len(found) for column in columns if column.is_input}
    return texts | {column.name: _decode(values, column) for values, column in zip(found.T, read, strict=True)}


def _levels(values: NDArray[np.float64], column: Column) -> NDArray[np.float64]:
    """Return ROWS values that are spread as the n values of a column are; those that are missing are NaN."""
    known, levels = np.sort(values[~np.isnan(values)]), np.full(ROWS, np.nan)
    filled = round(ROWS * len(known) / len(values))
    if column.is_numeric:
        edges = np.linspace(0, len(known), min(filled, len(known) // MIN_NEIGHBOURS) + 1).astype(int)
        means = np.array([known[start:end].mean() for start, end in itertools.pairwise(edges)])
        known = np.round(means) if column.kind == "integer" else means
    if filled and len(known):
        levels[:filled] = known[((np.arange(filled) + 0.5) / filled * len(known)).astype(int)]
    return levels


def _decode(values: NDArray[np.float64], column: Column) -> list[Any]:
    known: Any = {"number": float, "integer": int}.get(column.kind, lambda code: column.categories[int(code)])
    return [None if np.isnan(value) else known(value) for value in values]
