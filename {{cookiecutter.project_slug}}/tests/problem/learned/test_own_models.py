"""What every candidate of this project has to be able to do before its figures mean anything."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from learning import MAX_OVERFIT, MIN_INVERTED, make_batch, measure_inverted, measure_overfit

from {{ cookiecutter.__package }}.cli.composition import compose
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


@pytest.mark.parametrize("name", CANDIDATES)
def test_candidate_overfits_a_tiny_batch(few, problem, name):
    """If one does not, its pipeline loses columns or labels, or is regularised too much to learn anything."""
    assert measure_overfit(problem.candidates()[name], make_batch(few, problem), problem) < MAX_OVERFIT


@pytest.mark.parametrize("name", CANDIDATES)
def test_candidate_that_is_fitted_to_inverted_labels_knows_nothing_of_the_true_ones(few, problem, name):
    """If one does, its pipeline reads the labels in another way than from what it is fitted to."""
    assert measure_inverted(problem.candidates()[name], few, problem) > MIN_INVERTED


@pytest.mark.parametrize("name", CANDIDATES)
def test_constant_columns_print_no_warning(few, problem, name):
    examples = {column.name: column.example for column in problem.inputs}
    constant = pd.DataFrame(examples, index=few.features.index)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)  # those of scikit-learn
        fit(problem.candidates()[name], Rows(constant, few.groups, few.truth, few.folds))
