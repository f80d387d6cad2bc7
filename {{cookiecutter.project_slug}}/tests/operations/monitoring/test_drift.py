"""Drift is found in the column that drifts, and in no other; chance is not taken for drift."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from populations import ROWS, describe, draw, make_columns

from {{ cookiecutter.__package }}.core.binning import Bin, count_values
from {{ cookiecutter.__package }}.core.operations_plan import Drift
from {{ cookiecutter.__package }}.core.reference import count_window, read_reference
from {{ cookiecutter.__package }}.core.significance import (
    adjust_holm,
    compare_shares,
    merge_rare,
    stability_index,
)
from {{ cookiecutter.__package }}.operations.monitoring.drift import input_drift

N, SEEDS, HEALTHY = 300, 20, 200
DRIFT = Drift()


@pytest.fixture(scope="module")
def reference() -> Any:
    return describe(draw(ROWS, 99), make_columns())


def failing(reference: Any, window: dict[str, list[Any]]) -> list[str]:
    return [result.gate for result in input_drift(reference, window, DRIFT) if result.status == "fail"]


def raise_share(name: str, share: float) -> Callable[[dict[str, list[Any]], Any], None]:
    """Return a fault: the share of yes rises to this."""

    def plant(window: dict[str, list[Any]], rng: Any) -> None:
        window[name] = np.where(rng.random(len(window[name])) < share, "yes", "no").tolist()

    return plant


def shift(name: str, deviations: float, part: slice) -> Callable[[dict[str, list[Any]], Any], None]:
    """Return a fault: a part of the rows is shifted by so many standard deviations."""

    def plant(window: dict[str, list[Any]], rng: Any) -> None:
        values = np.array(window[name], dtype=float)
        values[part] += deviations * np.nanstd(values)
        window[name] = [None if np.isnan(value) else value for value in values.tolist()]

    return plant


def shift_largest(window: dict[str, list[Any]], rng: Any) -> None:
    """Shift the largest tenth by two standard deviations."""
    values = np.array(window["income"])
    values[values >= np.quantile(values, 0.9)] += 2 * values.std()
    window["income"] = values.tolist()


def lose(name: str) -> Callable[[dict[str, list[Any]], Any], None]:
    """Return a fault: a column is always missing."""

    def plant(window: dict[str, list[Any]], rng: Any) -> None:
        window[name] = [None] * len(window[name])

    return plant


FAULTS = {
    "bad credit 7 to 20 %": ("drift.bad_credit", raise_share("bad_credit", 0.2)),
    "group 14 to 30 %": ("drift.group", raise_share("group", 0.3)),
    "insured 2 to 10 %": ("drift.insured", raise_share("insured", 0.1)),
    "+0.25 sd of income": ("drift.income", shift("income", 0.25, slice(None))),
    "+0.25 sd of ratio": ("drift.ratio", shift("ratio", 0.25, slice(None))),
    "+0.25 sd of visits": ("drift.visits", shift("visits", 0.25, slice(None))),
    "the newest tenth of income by 2 sd": ("drift.income", shift("income", 2, slice(-N // 10, None))),
    "the newest tenth of ratio by 2 sd": ("drift.ratio", shift("ratio", 2, slice(-N // 10, None))),
    "the largest tenth by 2 sd": ("drift.income", shift_largest),
    "a column that was never missing": ("missing.income", lose("income")),
    "a column that was missing at times": ("missing.loan", lose("loan")),
    "a category is always missing": ("missing.single", lose("single")),
    "a text is always missing": ("missing.remark", lose("remark")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_sabotage_every_fault_is_found_at_300_decisions_in_that_column_alone(reference, fault):
    gate, plant = FAULTS[fault]
    found = others = 0
    for seed in range(SEEDS):
        window = draw(N, [1, seed])
        plant(window, np.random.default_rng(seed))
        failed = failing(reference, window)
        found += gate in failed
        others += bool({name.split(".")[1] for name in failed} - {gate.split(".")[1]})
    assert found >= 19
    assert others <= 3  # 1 is expected by chance


def test_more_decisions_find_more(reference):
    """With a limit far above the effect, the power fell with more data."""
    plant = raise_share("bad_credit", 0.13)
    counts = []
    for rows in (100, 300, 1_000, 3_000):
        found = 0
        for seed in range(SEEDS):
            window = draw(rows, [2, seed])
            plant(window, np.random.default_rng(seed))
            found += "drift.bad_credit" in failing(reference, window)
        counts.append(found)
    assert counts == sorted(counts)
    assert counts[-1] == SEEDS


@pytest.mark.parametrize("rows", [*(pytest.param(rows, marks=pytest.mark.slow) for rows in (100, 1_000)), 300])
@pytest.mark.slow
def test_healthy_windows_alarm_at_most_at_the_level_for_all_columns_together(rows):
    """Each window has a training table of its own, so that its error counts as well."""
    columns = make_columns()
    references = [describe(draw(ROWS, [3, part]), columns) for part in range(4)]
    alarms = sum(bool(failing(references[seed % 4], draw(rows, [4, seed]))) for seed in range(HEALTHY))
    # 5 % of 200 is 10; 18 or more have a chance of 1 %
    assert alarms < 18


def test_category_of_104_airports_does_not_alarm_in_small_healthy_windows(reference):
    windows = [draw(rows, [5, seed]) for rows in (100, 200) for seed in range(SEEDS)]
    assert sum("drift.airport" in failing(reference, window) for window in windows) <= 1


def test_effect_below_the_limit_is_no_drift_however_certain_it_is(reference):
    window = draw(100_000, 6)
    plant = shift("ratio", 0.05, slice(None))
    plant(window, None)
    assert "drift.ratio" not in failing(reference, window)


def test_too_few_decisions_are_inconclusive(reference):
    [result] = input_drift(reference, draw(20, 7), DRIFT)
    assert result.status == "inconclusive"
    assert result.message == "20 decisions, 100 are needed to measure drift"


def test_baseline_of_an_older_version_is_read(reference):
    """It has five bins of each number, and none for missing values."""
    sample, rows = reference.sample, []
    for name in ("income", "ratio"):
        cuts = np.quantile(sample[name], [0.2, 0.4, 0.6, 0.8])
        edges = [None, *cuts.tolist(), None]
        bins = [
            {"column": name, "category": None, "low": low, "high": high, "share": 0.2}
            for low, high in itertools.pairwise(edges)
        ]
        rows += bins
    old = read_reference(rows, ROWS, sample)
    window = draw(N, 8)
    assert failing(old, window) == []
    shift("income", 0.5, slice(None))(window, None)
    assert failing(old, window) == ["drift.income"]


def test_every_value_of_a_training_table_is_counted_in_one_bin(reference):
    counts = count_window(reference, reference.sample)
    assert {name: int(found.sum()) for name, found in counts.items()} == dict.fromkeys(counts, ROWS)


def test_value_on_a_cut_belongs_to_the_bin_below_it():
    bins = [Bin("x", high=1.0), Bin("x", low=1.0), Bin("x", missing=True)]
    assert count_values(bins, [0.0, 1.0, 2.0, None]).tolist() == [2, 1, 1]


def test_values_of_another_kind_are_counted_in_no_bin():
    bins = [Bin("x", high=1.0), Bin("x", low=1.0), Bin("x", missing=True)]
    assert count_values(bins, ["many", 2.0, None]).tolist() == [0, 1, 1]


def test_stability_index_is_the_sum_over_bins():
    # (0.25 - 0.5) ln(0.25 / 0.5) + (0.5 - 0.25) ln(0.5 / 0.25)
    assert stability_index(np.array([1, 2, 1]), np.array([50, 25, 25])) == pytest.approx(0.5 * 0.693147, abs=1e-5)


def test_bins_that_are_too_rare_for_the_window_are_merged():
    now, then = merge_rare(np.array([50, 1, 0, 1]), np.array([900, 30, 40, 30]))
    assert (now.tolist(), then.tolist()) == ([50, 2], [900, 100])
    # so are those that are too rare for a reference that is smaller
    assert merge_rare(np.array([900, 30, 40, 30]), np.array([50, 1, 0, 1]))[1].tolist() == [50, 2]


def test_equal_shares_are_as_likely_as_any(reference):
    rng = np.random.default_rng(9)
    shares = [0.4, 0.3, 0.2, 0.1]
    p = [compare_shares(rng.multinomial(300, shares), rng.multinomial(2_000, shares)).p for _ in range(1_000)]
    assert np.quantile(p, [0.05, 0.5]) == pytest.approx([0.05, 0.5], abs=0.05)


def test_holm_multiplies_the_smallest_p_value_by_the_number_of_hypotheses():
    assert adjust_holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert adjust_holm([]) == []
