"""The first step of every learned model: the contract's columns as one array of floats.

Training and serving cannot encode differently, because the columns and the order of their
categories are stored in the model itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..schema import Column


class ContractEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers as they are, categories by their place in the declared order, NaN for what is missing.

    Parameters
    ----------
    columns
        Pairs of a column's name and its categories; no categories means a number.

    Examples
    --------
    >>> encoder = ContractEncoder([("age", []), ("smokes", ["no", "yes"])])
    >>> encoder.transform({"age": [50, None], "smokes": ["yes", "no"]})
    array([[50.,  1.],
           [nan,  0.]])
    """

    def __init__(self, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.columns = columns

    def fit(self, X: Mapping[str, Any], y: object = None) -> Self:  # noqa: ARG002, N803
        """Learn nothing: the contract says it all."""
        self.n_features_in_ = len(self.columns)
        return self

    def transform(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return an array of shape (rows, columns) from a DataFrame or a dict of arrays.

        Raises
        ------
        KeyError
            A column is missing.
        ValueError
            A number is not one.
        """
        return np.column_stack([_codes(X[name], categories) for name, categories in self.columns])

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True


def encoder(columns: Sequence[Column]) -> ContractEncoder:
    """Return the encoder of a contract; protected and personal columns stay out."""
    return ContractEncoder([(c.name, list(c.categories)) for c in columns if c.seen_by_models and c.kind != "text"])


def _codes(values: Any, categories: Sequence[str]) -> NDArray[np.float64]:
    if not categories:
        return np.asarray(values, dtype=float)
    places = {category: float(place) for place, category in enumerate(categories)}
    return np.array([places.get(value, np.nan) for value in values], dtype=float)
