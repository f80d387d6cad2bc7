"""Predictions with and without planted faults, drawn without fitting a model."""

import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.core.choice import ChoiceObjective
from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.core.plan import Plan
from {{ cookiecutter.__package }}.model.evaluate import Rows

SIZES = (1000, 100, 100, 60, 60)  # of five groups
OBJECTIVE = ChoiceObjective(("no", "yes"), np.array([[0.0, 1.0], [1.0, 0.0]]), 0.0)


def make_plan(**sections):
    """Return a plan of two answers with some settings of its sections."""
    plan = {"product": {"question": "Is it?"}, "costs": {"false_negative": 1, "false_positive": 1}}
    return Plan.model_validate(plan | {"data": {"source": "rows.csv"}, "gates": {"bootstrap_rounds": 200}} | sections)


def make_rows(truth, **groups):
    """Return rows with a truth and some protected columns, each row its own unit."""
    n, table = len(truth), pd.DataFrame(groups, index=range(len(truth)))
    return Rows(pd.DataFrame(index=table.index), table, truth, np.zeros(n, dtype=int), np.arange(n), np.ones(n))


def draw_errors(rng, sizes, rates):
    """Return rows of one group after the other, and an evaluation that is wrong at the rate of each group."""
    truth = np.tile([0, 1], (sum(sizes) + 1) // 2)[: sum(sizes)]
    is_wrong = rng.random(len(truth)) < np.repeat(rates, sizes)
    rows = make_rows(truth, group=np.repeat([f"g{place}" for place in range(len(sizes))], sizes))
    return rows, evaluate(OBJECTIVE, truth, np.eye(2)[truth ^ is_wrong])


def draw_log_odds(rng, n, rate, spread=1.2):
    """Return log-odds of n rows whose events happen at about this rate."""
    noise, shifts = rng.normal(0, spread, n), np.linspace(-8, 8, 400)
    means = [(1 / (1 + np.exp(-noise[:500] - shift))).mean() for shift in shifts]
    return noise + np.interp(rate, means, shifts)


def draw_probabilities(rng, log_odds, predicted=None):
    """Return truth that happens with some log-odds, and an evaluation of what is predicted (default: those)."""
    truth = (rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))).astype(int)
    yes = 1 / (1 + np.exp(-(log_odds if predicted is None else predicted)))
    return truth, evaluate(OBJECTIVE, truth, np.stack([1 - yes, yes], axis=1))


def draw_slices(rng, n=2380, columns=48, parts=4):
    """Return a table of n rows whose columns have nothing to do with anything: 192 slices."""
    return pd.DataFrame({f"c{place}": rng.integers(0, parts, n).astype(str) for place in range(columns)})
