"""Slow drift is found in the column that moves, earlier than by any one window, and chance is not taken for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from populations import ROWS, describe, draw, make_columns

from {{ cookiecutter.__package }}.core.cusum import WINDOWS, cusum, deviations
from {{ cookiecutter.__package }}.core.operations_plan import Drift
from {{ cookiecutter.__package }}.core.reference import count_window
from {{ cookiecutter.__package }}.operations.monitoring.drift import input_drift
from {{ cookiecutter.__package }}.operations.monitoring.slow_drift import slow_drift

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
        found = deviations(reference, count_window(reference, window), DRIFT)
        history.append({"statistics": {"champion": "learned:1", "deviations": found}, "window": window})
    return history


def watch_latest(history: list[dict[str, Any]]) -> Any:
    """Return the result of the latest window after the others."""
    [result] = slow_drift(history[-1]["statistics"], history[:-1], DRIFT)
    return result


def first_alarm(history: list[dict[str, Any]]) -> int | None:
    ends = range(2, len(history) + 1)
    return next((end for end in ends if watch_latest(history[:end]).status == "fail"), None)


@pytest.mark.slow
def test_sabotage_slow_drift_of_one_column_is_found_by_the_twelfth_window(reference):
    alarms = []
    for seed in range(20):
        history = make_history(reference, [20, seed], 16, STEP)
        alarms.append(first_alarm(history) or 99)
        assert watch_latest(history).evidence["failing"] == ["loan"]
    assert np.median(alarms) <= 12


def test_column_that_moves_slowly_differs_little_from_one_window_to_the_next(reference):
    history = make_history(reference, 21, 12, STEP)
    assert first_alarm(history) is not None
    before = describe(history[-2]["window"], make_columns())
    statuses = {result.gate: result.status for result in input_drift(before, history[-1]["window"], DRIFT)}
    assert statuses["drift.loan"] == "pass"


@pytest.mark.slow
def test_healthy_columns_alarm_in_forty_windows_at_most_at_the_level():
    """Each run has a training table of its own, whose error all of its windows share."""
    columns, alarms = make_columns(), 0
    for seed in range(20):
        reference = describe(draw(ROWS, [22, seed]), columns)
        alarms += first_alarm(make_history(reference, [23, seed], WINDOWS)) is not None
    # 5 % of 20 is 1; 4 or more have a chance of 1.6 %
    assert alarms <= 3


def test_one_window_is_no_slow_drift(reference):
    history = make_history(reference, 24, 6)
    counts = {name: found[::-1] for name, found in count_window(reference, history[-1]["window"]).items()}
    history[-1]["statistics"]["deviations"] = deviations(reference, counts, DRIFT)
    assert watch_latest(history).status == "pass"


def test_windows_of_an_earlier_champion_do_not_count(reference):
    history = make_history(reference, 25, 14, STEP)
    for window in history[:-1]:
        window["statistics"]["champion"] = "learned:0"
    assert watch_latest(history).status == "inconclusive"


@pytest.mark.slow
def test_sabotage_slow_drift_is_found_though_the_training_table_is_built_anew_each_night(reference):
    history = make_history(reference, 26, 16, STEP)
    table, columns = draw(ROWS, 99), make_columns()
    for window in history:
        table = {name: [*values, *window["window"][name][::5]] for name, values in table.items()}
        nightly = describe(table, columns)
        found = deviations(nightly, count_window(nightly, window["window"]), DRIFT)
        window["statistics"]["deviations"] = found
    assert first_alarm(history) is not None
    assert watch_latest(history).evidence["failing"] == ["loan"]


def test_cusum_adds_up_what_is_beyond_the_allowance():
    path = cusum([(value, 0.5) for value in (1.0, 2.0, -5.0, 0.0)])
    # one window adds at most 4
    assert path == [(0.5, 0.0), (2.0, 0.0), (0.0, -3.5), (0.0, -3.0)]
