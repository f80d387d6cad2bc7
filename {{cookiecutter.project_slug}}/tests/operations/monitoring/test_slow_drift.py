"""Slow drift is found in the column that moves, earlier than by any one window, and chance is not taken for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from populations import ROWS, describe, draw, make_columns

from {{ cookiecutter.__package }}.core.operations_plan import Drift
from {{ cookiecutter.__package }}.operations.monitoring.drift import input_drift
from {{ cookiecutter.__package }}.operations.monitoring.reference import count_window
from {{ cookiecutter.__package }}.operations.monitoring.slow_drift import WINDOWS, cusum, slow_drift

N, DRIFT = 500, Drift()
STEP = 0.02  # standard deviations that a column moves from one window to the next


@pytest.fixture(scope="module")
def reference() -> Any:
    return describe(draw(ROWS, 99), make_columns())


def make_history(reference: Any, seed: Any, windows: int, step: float = 0.0) -> list[dict[str, Any]]:
    """Return kept windows in which `loan` moves by so many standard deviations each."""
    history, spread = [], float(np.std([value for value in reference.sample["loan"] if value is not None]))
    for place in range(windows):
        window = draw(N, [seed, place])
        window["loan"] = [None if value is None else value + place * step * spread for value in window["loan"]]
        counts = {name: found.tolist() for name, found in count_window(reference, window).items()}
        history.append({"statistics": {"reference": reference.fingerprint, "counts": counts}, "window": window})
    return history


def first_alarm(reference: Any, history: list[dict[str, Any]]) -> int | None:
    for end in range(2, len(history) + 1):
        [result] = slow_drift(reference, history[:end], DRIFT)
        if result.status == "fail":
            return end
    return None


@pytest.mark.slow
def test_sabotage_slow_drift_of_one_column_is_found_by_the_twelfth_window(reference):
    alarms = []
    for seed in range(20):
        history = make_history(reference, [20, seed], 16, STEP)
        alarms.append(first_alarm(reference, history) or 99)
        [result] = slow_drift(reference, history, DRIFT)
        assert result.evidence["failing"] == ["loan"]
    assert np.median(alarms) <= 12


def test_column_that_moves_slowly_differs_little_from_one_window_to_the_next(reference):
    history = make_history(reference, 21, 12, STEP)
    assert first_alarm(reference, history) is not None
    before = describe(history[-2]["window"], make_columns())
    statuses = {result.gate: result.status for result in input_drift(before, history[-1]["window"], DRIFT)}
    assert statuses["drift.loan"] == "pass"


@pytest.mark.slow
def test_healthy_columns_alarm_in_forty_windows_at_most_at_the_level():
    """Each run has a training table of its own, whose error all of its windows share."""
    columns, alarms = make_columns(), 0
    for seed in range(20):
        reference = describe(draw(ROWS, [22, seed]), columns)
        alarms += first_alarm(reference, make_history(reference, [23, seed], WINDOWS)) is not None
    # 5 % of 20 is 1; 4 or more have a chance of 1.6 %
    assert alarms <= 3


def test_one_window_is_no_slow_drift(reference):
    history = make_history(reference, 24, 6)
    for name, counts in history[-1]["statistics"]["counts"].items():
        history[-1]["statistics"]["counts"][name] = counts[::-1]
    [result] = slow_drift(reference, history, DRIFT)
    assert result.status == "pass"


def test_windows_before_another_training_table_do_not_count(reference):
    history = make_history(reference, 25, 14, STEP)
    for window in history[:-1]:
        window["statistics"]["reference"] = "another"
    [result] = slow_drift(reference, history, DRIFT)
    assert result.status == "inconclusive"


def test_cusum_adds_up_what_is_beyond_the_allowance():
    values = np.array([1.0, 2.0, -5.0, 0.0]), np.ones(4)
    path = cusum(values, np.full(4, 0.5))
    # one window adds at most 4
    assert path.tolist() == [[0.5, 0.0], [2.0, 0.0], [0.0, -3.5], [0.0, -3.0]]
