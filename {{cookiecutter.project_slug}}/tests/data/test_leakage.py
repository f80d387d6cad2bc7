"""What gives the answer away is refused before anything is trained on it; what is merely good is not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest
from problems import SHAPES, Shape

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.data import transform
from {{ cookiecutter.__package }}.data.leakage import check_folds, explained_variance, uncertainty
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.lake import FOLD, SUBJECT, open_lake

NUMERIC = [
    name
    for name, shape in SHAPES.items()
    if any(column.is_numeric for column in shape.problem().inputs) and len(shape.features) < 20
]
KINDS = {len(SHAPES[name].problem().target.categories): name for name in NUMERIC}  # one shape for each kind of answer


def input_of(shape: Shape) -> Any:
    """Return a number that models see."""
    return next(column for column in shape.problem().inputs if column.is_numeric)


def write(path: Path, shape: Shape, change: Callable[[dict[str, str], float], str]) -> Path:
    """Write the table of a shape, with its number replaced by what a function makes of the row and its answer."""
    problem, rows, column = shape.problem(), shape.table(), input_of(shape)
    low = -5.0 if column.low is None else column.low
    high = low + 10 if column.high is None else column.high
    answers = [row[problem.target.name] for row in rows]
    order = [*problem.target.categories] or sorted({*answers}, key=float)
    for row, answer in zip(rows, answers, strict=True):
        share = order.index(answer) / max(len(order) - 1, 1)
        value = low + (high - low) * float(change(row, share))
        row[column.name] = f"{value:.6f}" if column.kind == "number" else str(round(value))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def build(tmp_path: Path, shape: Shape, change: Any, confirmed: tuple[str, ...] = ()) -> None:
    plan = shape.parsed_plan
    plan = plan.model_copy(update={"gates": plan.gates.model_copy(update={"confirmed": confirmed})})
    with open_lake("duckdb://") as lake:
        build_tables(lake, write(tmp_path / "table.csv", shape, change), [], shape.problem(), plan)


RNG = np.random.default_rng(0)
LEAKS: dict[str, Any] = {
    "a copy": lambda _, share: share,
    "a copy with noise": lambda _, share: min(max(share * 0.9 + RNG.uniform(0, 0.02), 0), 1),
    "a function that falls": lambda _, share: 1 - share**2,
}
HONEST: dict[str, Any] = {
    "chance": lambda *_: RNG.uniform(0, 1),
    "a good predictor": lambda _, share: min(max(share + RNG.normal(0, 0.5), 0), 1),
}


@pytest.mark.parametrize("name", KINDS.values())
@pytest.mark.parametrize(
    "leak", [pytest.param(leak, marks=[pytest.mark.slow] if leak == "a copy" else []) for leak in LEAKS]
)
def test_sabotage_copy_or_function_of_the_answer_is_refused_and_can_be_confirmed(
    tmp_path: Path, name: str, leak: str
) -> None:
    shape = SHAPES[name]
    column, target = input_of(shape).name, shape.problem().target.name
    with pytest.raises(UserError, match=rf"^a column explains nearly all of {target}: {column} \(\d+\.\d%\); remove"):
        build(tmp_path, shape, LEAKS[leak])
    build(tmp_path, shape, LEAKS[leak], confirmed=(column,))


@pytest.mark.parametrize("name", KINDS.values())
@pytest.mark.parametrize("column", HONEST)
@pytest.mark.slow
def test_column_that_is_merely_good_is_taken(tmp_path: Path, name: str, column: str) -> None:
    build(tmp_path, SHAPES[name], HONEST[column])


def test_chance_explains_nothing() -> None:
    rng = np.random.default_rng(1)
    found = [uncertainty(rng.multinomial(400, [1 / 32] * 32).reshape(2, 16)) for _ in range(200)]
    assert abs(np.mean(found)) < 0.005
    assert max(found) < 0.1
    assert uncertainty(np.array([[300, 0], [0, 5]])) == pytest.approx(1, abs=0.02)
    assert uncertainty(np.array([[30, 0], [0, 5]])) == 0  # too few rows to tell
    assert explained_variance(np.eye(20, dtype=np.int64) * 50) == pytest.approx(1)
    assert explained_variance(np.full((20, 16), 9)) == pytest.approx(0)


def test_sabotage_group_that_crosses_folds_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open_lake("duckdb://") as lake:
        rows = lake.stage(ibis.memtable({SUBJECT: ["a", "a", "b", None, None], FOLD: [1, 2, 1, 1, 2]}).to_pyarrow())
        with pytest.raises(UserError, match="rows with _subject 'a' are in several folds"):
            check_folds(rows, SUBJECT)
        check_folds(rows.filter(rows[FOLD] == 1), SUBJECT)
    shape = SHAPES["usual"]
    group = next(column.name for column in shape.problem().stored if column.categories)
    plan = shape.parsed_plan
    plan = plan.model_copy(update={"data": plan.data.model_copy(update={"group": group})})
    path = write(tmp_path / "table.csv", shape, HONEST["chance"])
    with open_lake("duckdb://") as lake:
        build_tables(lake, path, [], shape.problem(), plan)
        add_folds = transform.add_folds
        monkeypatch.setattr(transform, "add_folds", lambda table, folds, **_: add_folds(table, folds))
        with pytest.raises(UserError, match=f"rows with {group} .* are in several folds"):
            build_tables(lake, path, [], shape.problem(), plan)
