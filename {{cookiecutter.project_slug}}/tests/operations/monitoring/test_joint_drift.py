"""Columns that are shuffled against each other are found, though each by itself is as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from populations import ROWS, describe, draw, make_columns

from {{ cookiecutter.__package }}.core.operations_plan import Drift
from {{ cookiecutter.__package }}.operations.monitoring.drift import input_drift
from {{ cookiecutter.__package }}.operations.monitoring.joint_drift import joint_drift

N, SEEDS, DRIFT = 1_000, 20, Drift()


@pytest.fixture(scope="module")
def sample() -> dict[str, list[Any]]:
    return draw(ROWS, 99)


def shuffle(window: dict[str, list[Any]], seed: int) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    return {name: [values[place] for place in rng.permutation(len(values))] for name, values in window.items()}


def status(sample: Any, window: Any) -> str:
    [result] = joint_drift(sample, window, make_columns(), DRIFT)
    return result.status


@pytest.mark.slow
def test_sabotage_joint_shuffle_is_found_at_1000_decisions(sample):
    found = [status(sample, shuffle(draw(N, [30, seed]), seed)) for seed in range(SEEDS)]
    assert found.count("fail") >= 19


def test_joint_shuffle_is_no_drift_of_any_column(sample):
    reference = describe(sample, make_columns())
    window = shuffle(draw(N, 31), 31)
    assert {result.status for result in input_drift(reference, window, DRIFT)} == {"pass"}


@pytest.mark.slow
@pytest.mark.parametrize("rows", [200, N])
def test_healthy_windows_alarm_at_most_at_the_level(rows):
    samples = [draw(ROWS, [32, part]) for part in range(4)]
    found = [status(samples[seed % 4], draw(rows, [33, seed])) for seed in range(50)]
    # 1 % of 50, a fifth of the level, is 0.5; 4 or more have a chance of 0.2 %
    assert found.count("fail") <= 3


def test_dependence_that_is_not_monotonic_is_seen():
    """A column is the square of another one in training, and independent of it in the window."""
    rng, columns = (
        np.random.default_rng(34),
        [column for column in make_columns() if column.name in ("income", "ratio")],
    )
    one = rng.normal(size=ROWS)
    sample = {"income": one.tolist(), "ratio": (one**2).tolist()}
    window = {name: values[:N] for name, values in shuffle(sample, 34).items()}
    [result] = joint_drift(sample, window, columns, DRIFT)
    assert result.status == "fail"
    assert result.evidence["changed"] == ["income and ratio"]


def test_shift_of_a_column_is_no_joint_drift(sample):
    window = draw(N, 35)
    window["income"] = [value * 10 for value in window["income"]]
    assert status(sample, window) == "pass"


def test_too_few_decisions_are_inconclusive(sample):
    assert status(sample, draw(50, 36)) == "inconclusive"
