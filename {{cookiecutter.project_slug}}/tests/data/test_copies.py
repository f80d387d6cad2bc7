"""Near-duplicates are counted as the gate `copies` of `train` counts them; equal rows of few values are none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from problems import KEY, SHAPES, Shape

from {{ cookiecutter.__package }}.core.copies import are_copies
from {{ cookiecutter.__package }}.data.curate import Counts
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.model.evaluate import split_columns
from {{ cookiecutter.__package }}.stores.lake import open_lake

EACH = ["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual")]


def build(path: Path, shape: Shape, added: int) -> tuple[Counts, float]:
    """Build tables from the rows of a shape, the first of them again under new keys; return the gate's share, too."""
    rows = [dict(row) for row in shape.table()]
    rows += [row | {KEY: f"again {row[KEY]}"} for row in rows[:added]]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with open_lake("duckdb://") as lake:
        counts = build_tables(lake, path, [], shape.problem(), shape.parsed_plan)
        return counts, split_columns(lake.frame("training"), shape.problem(), shape.parsed_plan).copied


@pytest.mark.parametrize("name", EACH)
@pytest.mark.slow
def test_sabotage_rows_under_new_keys_are_counted_as_the_gate_of_train_does(tmp_path: Path, name: str) -> None:
    before, _ = build(tmp_path / "once.csv", SHAPES[name], 0)
    counts, share = build(tmp_path / "again.csv", SHAPES[name], 40)
    assert counts.copies == round(share * counts.usable)
    assert counts.copies in (0, before.copies + 40)
    assert name != "usual" or (before.copies, counts.copies, counts.duplicates) == (0, 40, 0)


def test_equal_rows_are_copies_only_where_columns_make_that_unlikely() -> None:
    assert are_copies(1000, [0.001, 0.001, 0.5])
    assert not are_copies(1000, [0.5] * 10)
    asked = iter([1e-6, 0.5])
    assert are_copies(1000, asked)
    assert [*asked] == [0.5]
    assert not are_copies(1, [])
