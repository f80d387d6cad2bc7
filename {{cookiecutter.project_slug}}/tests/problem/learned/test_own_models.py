"""What every candidate of this project has to be able to do before its figures mean anything."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.encoder import encoded
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model

PROJECT = Path(__file__).parents[3]
CANDIDATES = list(compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem.candidates())


@pytest.mark.slow
@pytest.mark.parametrize("name", CANDIDATES)
def test_two_fits_predict_the_same(few, problem, name):
    first, second = (problem.objective.predict(fit(problem.candidates()[name], few), few.features) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", CANDIDATES)
def test_stored_model_predicts_the_same_from_lists_as_from_frame(fitted, rows, problem, name):
    model = fitted(name)
    content = dump_model(model)
    loaded = load_model(content, digest_of(content))
    lists = {column: rows.features[column].tolist() for column in rows.features}
    expected = problem.objective.predict(model, rows.features)
    assert np.array_equal(problem.objective.predict(loaded, lists), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", CANDIDATES)
def test_answers_that_one_number_decides_are_learned(rows, problem, name):
    """Each row is there many times, to outweigh regularisation."""
    objective, target = problem.objective, problem.target
    numbers = [(column.name, *ends(column)) for column in encoded(problem.inputs) if column.is_numeric]
    if not numbers:
        pytest.skip("no number is an input of models")
    number, low, high = numbers[0]
    first, *_, last = objective.encode(target.categories or ends(target))
    is_high, taken = np.arange(60) % 2 == 1, np.resize(np.arange(len(rows.truth)), 60)
    features = rows.features.iloc[taken].copy()
    features[number] = np.where(is_high, high, low)
    truth = np.where(is_high, last, first)
    many = np.tile(np.arange(60), 20)
    easy = Rows(features.iloc[many], rows.groups.iloc[taken[many]], truth[many], rows.folds[taken[many]])
    learned = objective.choose(objective.predict(fit(problem.candidates()[name], easy), easy.features))
    wrong = objective.cost(np.roll(easy.truth, 1), learned).mean()
    assert objective.cost(easy.truth, learned).mean() < 0.05 * wrong


def ends(column):
    """Return a low and a high number that the contract allows."""
    low = column.low if column.low is not None else -1000.0 if column.high is None else column.high - 1000.0
    return low, low + 1000.0 if column.high is None else column.high


@pytest.mark.parametrize("name", CANDIDATES)
def test_constant_columns_print_no_warning(few, problem, name):
    examples = {column.name: column.example for column in problem.inputs}
    constant = pd.DataFrame(examples, index=few.features.index)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)  # those of scikit-learn
        fit(problem.candidates()[name], Rows(constant, few.groups, few.truth, few.folds))
