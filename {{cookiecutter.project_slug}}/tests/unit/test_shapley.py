"""Shapley values: exact where they can be, and always complete."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from {{ cookiecutter.__package }}.core.shapley import MAX_ROWS, shapley_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

ROWS = 64


def names(columns: int) -> list[str]:
    return [f"x{place}" for place in range(columns)]


def make_background(columns: int, rows: int = ROWS) -> dict[str, list[float]]:
    values = np.random.default_rng(3).normal(size=(columns, rows))
    return dict(zip(names(columns), values.tolist(), strict=True))


def make_row(columns: int) -> dict[str, float]:
    return dict(zip(names(columns), np.random.default_rng(4).normal(size=columns).tolist(), strict=True))


def make_score(function: Any) -> Callable[[Mapping[str, Sequence[Any]]], NDArray[np.float64]]:
    return lambda inputs: np.asarray(function(np.array([*inputs.values()], dtype=float)))


def by_definition(function: Any, row: Mapping[str, float], background: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the mean, over all orders of the columns, of what each adds to the mean score when it joins."""
    found = dict.fromkeys(row, 0.0)
    orders = list(permutations(row))
    for order in orders:
        values = {name: list(each) for name, each in background.items()}
        before = function(np.array([*values.values()])).mean()
        for name in order:
            values[name] = [row[name]] * len(values[name])
            after = function(np.array([*values.values()])).mean()
            found[name] += (after - before) / len(orders)
            before = after
    return found


def tangled(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sin(x[0] * x[1] * x[2]) + x[3] ** 2 * (x[0] > 0) - x[1]


@pytest.mark.parametrize("rows", [1, 7, ROWS])
def test_few_columns_have_the_values_of_the_definition(rows: int) -> None:
    row, background = make_row(4), make_background(4, rows)
    found, base = shapley_values(make_score(tangled), row, background)
    assert found == pytest.approx(by_definition(tangled, row, background))
    assert base == pytest.approx(tangled(np.array([*background.values()])).mean())


@pytest.mark.parametrize("rows", [1, ROWS])
def test_sum_of_columns_is_shared_exactly_by_one_order(rows: int) -> None:
    """As many columns as cannot be enumerated: what each adds does not depend on who joined before."""
    row, background = make_row(20), make_background(20, rows)
    assert rows << 20 > MAX_ROWS
    weights = np.arange(20.0) - 7
    found, _ = shapley_values(make_score(lambda x: weights @ x), row, background)
    means = np.array([np.mean(values) for values in background.values()])
    assert [*found.values()] == pytest.approx(weights * (np.array([*row.values()]) - means))


def test_products_of_two_columns_are_shared_exactly_by_an_order_and_its_reverse() -> None:
    row, background = make_row(20), make_background(20)
    found, _ = shapley_values(make_score(lambda x: x[0] * x[1] + 3 * x[5]), row, background)
    few = {name: background[name] for name in ("x0", "x1")}
    expected = by_definition(lambda x: x[0] * x[1], {name: row[name] for name in few}, few)
    assert {name: found[name] for name in few} == pytest.approx(expected)


@pytest.mark.parametrize("columns", [4, 20])
def test_effects_and_base_add_up_to_the_score(columns: int) -> None:
    row, background = make_row(columns), make_background(columns)
    found, base = shapley_values(make_score(tangled), row, background)
    [score] = tangled(np.array([[value] for value in row.values()]))
    assert base + sum(found.values()) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize("columns", [3, 20])
def test_copies_of_a_column_share_and_a_column_that_is_not_read_has_nothing(columns: int) -> None:
    row, background = make_row(columns), make_background(columns)
    row["x1"], background["x1"] = row["x0"], background["x0"][::-1]
    found, _ = shapley_values(make_score(lambda x: np.exp(x[0] + x[1])), row, background)
    assert found["x0"] == pytest.approx(found["x1"])
    assert abs(found["x0"]) > 0.01
    assert found["x2"] == pytest.approx(0, abs=1e-12)


def test_missing_values_and_texts_reach_the_score_as_they_are() -> None:
    seen: set[Any] = set()

    def score(inputs: Mapping[str, Sequence[Any]]) -> NDArray[np.float64]:
        seen.update(*inputs.values())
        return np.array([value is None for value in inputs["a"]], dtype=float)

    background = {"a": [1.5, 2.5], "b": ["yes", None], "c": [3, 3]}
    found, base = shapley_values(score, {"a": None, "b": "no", "c": 3}, background)
    assert (found, base) == ({"a": 1.0, "b": 0.0, "c": 0.0}, 0.0)
    assert seen == {None, "no", "yes", 1.5, 2.5, 3}


def test_case_that_is_the_background_has_no_effect() -> None:
    found, base = shapley_values(make_score(lambda x: x[0]), {"a": 2.0}, {"a": [2.0]})
    assert (found, base) == ({"a": 0.0}, 2.0)
