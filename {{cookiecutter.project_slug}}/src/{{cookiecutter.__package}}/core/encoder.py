"""The first step of every learned model: the contract's columns as one array of floats.

Training and serving cannot encode differently, because the columns and the order of their
categories are stored in the model itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from .errors import UserError
from .schema import Column


class ContractEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Encode numbers as they are, categories as their position in the declared order (ordinal).

    Missing and unknown values become NaN. One-hot encode nominal categories in a later step (`pipelines.py`).

    `columns`: pairs of a column's name and its categories; no categories means a number.

    >>> encoder = ContractEncoder([("age", []), ("smokes", ["no", "yes"])])
    >>> encoder.transform({"age": [50, None], "smokes": ["yes", "no"]})
    array([[50.,  1.],
           [nan,  0.]])
    """

    def __init__(self, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.columns = columns

    def fit(self, X: Mapping[str, Any], y: object = None) -> Self:  # noqa: ARG002, N803
        """Learn nothing: the contract defines the encoding. Raises UserError: there is no column to learn from."""
        if not self.columns:
            raise UserError("there is nothing to learn from: every column is text, PROTECTED or PERSONAL (contract.py)")
        self.n_features_in_ = len(self.columns)
        return self

    def transform(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return an array of shape (rows, columns) from a DataFrame or a dict of arrays.

        Raises KeyError: a column is missing. ValueError: a value of a number column is not a number.
        """
        return np.column_stack([_encode(X[name], categories) for name, categories in self.columns])


def encoder(columns: Sequence[Column]) -> ContractEncoder:
    """Return the encoder of a contract."""
    return ContractEncoder([(column.name, list(column.categories)) for column in encoded(columns)])


def encoded(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that the encoder reads, in its order: protected, personal and text columns are left out."""
    return [column for column in columns if column.is_input and column.kind != "text"]


def _encode(values: Any, categories: Sequence[str]) -> NDArray[np.float64]:
    positions = {category: float(position) for position, category in enumerate(categories)}
    return np.array([positions.get(v, np.nan) for v in values] if categories else values, dtype=float)
