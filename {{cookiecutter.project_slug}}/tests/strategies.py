"""Features for property tests, made from the columns of any contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from {{ cookiecutter.__package }}.core.schema import Column


def values(column: Column) -> st.SearchStrategy[Any]:
    """Return what the contract allows in a column."""
    if column.categories:
        allowed: st.SearchStrategy[Any] = st.sampled_from(column.categories)
    elif column.kind == "integer":
        low, high = (2**63 - 1 if bound is None else int(bound) for bound in (column.low, column.high))
        allowed = st.integers(-low if column.low is None else low, high)
    elif column.kind == "number":
        allowed = st.floats(column.low, column.high, allow_nan=False, allow_infinity=False)
    else:
        characters = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
        allowed = st.text(characters, min_size=1, max_size=column.max_length or 50)
    return st.none() | allowed if column.optional else allowed


def wrong_values(column: Column) -> st.SearchStrategy[Any]:
    """Return what the contract refuses in a column."""
    wrong: list[Any] = [True, [], {}] + ([] if column.optional else [None])
    wrong += ["5", ""] if column.is_numeric else [5]
    wrong += ["", "no such category", f" {column.categories[0]}"] if column.categories else []
    wrong += [column.low - 1] if column.low is not None else []
    wrong += [column.high + 1] if column.high is not None else []
    wrong += [1.5, 2**63] if column.kind == "integer" else []
    wrong += ["\x00"] if column.kind == "text" else []
    wrong += ["x" * (column.max_length + 1)] if column.max_length is not None else []
    return st.sampled_from(wrong)


def features(columns: Sequence[Column]) -> st.SearchStrategy[dict[str, Any]]:
    """Return features that the contract accepts."""
    return st.fixed_dictionaries({column.name: values(column) for column in columns})


@st.composite
def broken_features(draw: st.DrawFn, columns: Sequence[Column]) -> tuple[dict[str, Any], str]:
    """Return features with one wrong value, and the name of its column."""
    column = draw(st.sampled_from(columns))
    return draw(features(columns)) | {column.name: draw(wrong_values(column))}, column.name
