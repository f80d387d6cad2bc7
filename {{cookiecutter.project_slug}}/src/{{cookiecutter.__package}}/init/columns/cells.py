"""The cells of one column as texts, each distinct one once."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...core.checks import MISSING
from ...stores.cells import write_cell

COUNTRY, FEWEST_COUNTRIES = "NA", 4


@dataclass(frozen=True, slots=True)
class Cells:
    """The distinct texts of a column, without outer spaces, and which of them each row has."""

    texts: pa.Array  # distinct, none is missing
    rows: pa.Array  # position in `texts`; null: missing
    is_float: bool = False  # the table has floats, in which a whole number shows no decimals

    @property
    def counts(self) -> np.ndarray:
        """The number of rows that have each text."""
        return np.bincount(self.rows.drop_null().to_numpy(), minlength=len(self.texts))

    def expand(self, values: pa.Array) -> pa.Array:
        """Return the value of each row from those of the distinct texts."""
        return values.take(self.rows)

    def without(self, spellings: Sequence[str]) -> "Cells":
        """Return the cells with some texts missing."""
        is_missing = pc.is_in(self.texts, pa.array(spellings, pa.string()))
        if not pc.any(is_missing).as_py():
            return self
        kept = pc.indices_nonzero(pc.invert(is_missing))
        return Cells(self.texts.take(kept), pc.index_in(self.rows, kept.cast(pa.int32())), self.is_float)


def read_cells(column: pa.ChunkedArray, missing: Sequence[str]) -> Cells:
    """Return the cells of a column of any type; the usual spellings of a missing value, and `missing`, are missing."""
    is_float = pa.types.is_floating(column.type)
    encoded = _write_texts(column).combine_chunks().dictionary_encode()
    texts = pc.utf8_trim_whitespace(encoded.dictionary)
    cells = Cells(texts, encoded.indices, is_float)
    if not texts.equals(encoded.dictionary):  # texts that differ in outer spaces are one
        unique = texts.dictionary_encode()
        cells = Cells(unique.dictionary, unique.indices.take(encoded.indices), is_float)
    usual = [word for word in MISSING if word != COUNTRY or not _has_countries(texts)]
    return cells.without([*usual, *missing])


def _has_countries(texts: pa.Array) -> bool:
    """Return whether texts are codes of two letters, of which NA is one: Namibia, North America."""
    given = texts.filter(pc.not_equal(texts, ""))
    return len(given) > FEWEST_COUNTRIES and pc.all(pc.match_substring_regex(given, "^[A-Z]{2}$")).as_py()


def _write_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values of any type as texts."""
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type)
    kind = column.type
    if not (pa.types.is_time(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        with contextlib.suppress(pa.ArrowException):  # of lists and structures
            return column.cast(pa.string())
    return pa.chunked_array([pa.array([write_cell(value) for value in column.to_pylist()], pa.string())])
