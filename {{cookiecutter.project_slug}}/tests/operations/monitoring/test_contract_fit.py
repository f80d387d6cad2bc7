"""A recorded value that the contract does not allow is found, of every kind of column."""

from __future__ import annotations

from typing import Any

import pytest

from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.operations.monitoring.fit import contract_fit

COLUMNS = {
    "number": Column("x", "number", "", 1.0, low=0, high=3),
    "open number": Column("x", "number", "", 1.0),
    "integer": Column("x", "integer", "", 1, low=0),
    "category": Column("x", "category", "", "a", categories=("a", "b")),
    "optional": Column("x", "category", "", "a", categories=("a", "b"), optional=True),
    "text": Column("x", "text", "", "t", min_length=2, max_length=4, pattern="^[a-z]*$"),
}


def find(kind: str, values: list[Any]) -> Any:
    [result] = contract_fit([COLUMNS[kind]], {"x": values})
    return result


@pytest.mark.parametrize(("kind", "values"), [
    ("number", [0, 1.5, 3]), ("open number", [-1e300, 5]), ("integer", [1, 2.0]), ("category", ["a", "b"]),
    ("optional", ["a", None]), ("text", ["ab", "abcd"]), ("number", []),
])  # fmt: skip
def test_values_within_the_contract_pass(kind, values):
    assert find(kind, values).status == "pass"


@pytest.mark.parametrize(("kind", "wrong"), [
    ("number", 3.01), ("number", -1), ("number", None), ("number", "1"), ("number", True),
    ("open number", float("inf")), ("integer", 1.5), ("integer", -1), ("category", "c"), ("category", None),
    ("category", 1), ("optional", "c"), ("text", "a"), ("text", "abcde"), ("text", "A1"), ("text", 5),
])  # fmt: skip
def test_sabotage_one_value_outside_of_the_contract_is_found(kind, wrong):
    usual = {"category": "a", "optional": "a", "text": "ab"}.get(kind, 1)
    result = find(kind, [usual, wrong, usual])
    assert result.status == "fail"
    assert "1 of 3 values do not fit the contract" in result.message


def test_free_text_is_not_shown():
    assert "secret" not in find("text", ["secret name"]).message
