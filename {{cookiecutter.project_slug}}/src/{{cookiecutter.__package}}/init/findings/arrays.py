"""Columns of a table as NumPy arrays, and the sample of rows that models are fitted to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..table import Profile

SAMPLE_ROWS = 50_000
SAMPLE_CELLS = 5_000_000  # a wide table has fewer rows in its sample


def is_category(profile: Profile) -> bool:
    """Return whether the values of a column are texts."""
    return bool(pa.types.is_string(profile.values.type) or pa.types.is_large_string(profile.values.type))


def to_codes(values: pa.Array) -> NDArray[np.int64]:
    """Return n values as numbers from 0, in the order in which each first occurs; missing is a value like any other."""
    encoded = pc.dictionary_encode(values, null_encoding="encode")
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def to_floats(values: pa.Array) -> NDArray[np.float64]:
    """Return n numbers as they are, n texts as codes; missing is NaN."""
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        return np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(values.is_null().to_numpy(zero_copy_only=False), np.nan, to_codes(values))


def take_rows(profiles: Sequence[Profile], rows: NDArray[np.int64]) -> list[Profile]:
    """Return the profiles with the values of some rows; their counts stay those of the whole table."""
    return [replace(profile, values=profile.values.take(pa.array(rows))) for profile in profiles]


def draw_sample(profiles: Sequence[Profile], rows: NDArray[np.int64]) -> list[Profile]:
    """Return the profiles with the values of at most 50,000 of some rows, drawn at random and in the table's order."""
    size = min(SAMPLE_ROWS, SAMPLE_CELLS // max(len(profiles), 1))
    if len(rows) > size:
        rows = np.sort(np.random.default_rng(0).choice(rows, size, replace=False))
    return take_rows(profiles, rows)
