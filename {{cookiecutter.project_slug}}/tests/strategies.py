"""Features for property tests, made from the contract: whatever its columns are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns

if TYPE_CHECKING:
    from {{ cookiecutter.__package }}.schema import Column

COLUMNS = columns(contract.Features)


def values(column: Column) -> st.SearchStrategy[Any]:
    """Return what the contract allows in a column."""
    if column.categories:
        made: st.SearchStrategy[Any] = st.sampled_from(column.categories)
    elif column.kind == "integer":
        made = st.integers(_whole(column.low), _whole(column.high))
    elif column.kind == "number":
        made = st.floats(column.low, column.high, allow_nan=False, allow_infinity=False)
    else:
        made = st.text(max_size=50)
    return st.none() | made if column.optional else made


def wrong_values(column: Column) -> st.SearchStrategy[Any]:
    """Return what the contract refuses in a column."""
    wrong: list[Any] = [True, [], {}] + ([] if column.optional else [None])
    wrong += [5] if column.kind in {"category", "text"} else ["5", ""]
    wrong += ["", "no such category", f" {column.categories[0]}"] if column.categories else []
    wrong += [column.low - 1] if column.low is not None else []
    wrong += [column.high + 1] if column.high is not None else []
    wrong += [1.5] if column.kind == "integer" else []
    return st.sampled_from(wrong)


def features() -> st.SearchStrategy[dict[str, Any]]:
    """Return features that the contract accepts."""
    return st.fixed_dictionaries({column.name: values(column) for column in COLUMNS})


@st.composite
def broken_features(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """Return features with one bad value, and the name of its column."""
    column = draw(st.sampled_from(COLUMNS))
    return draw(features()) | {column.name: draw(wrong_values(column))}, column.name


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)
