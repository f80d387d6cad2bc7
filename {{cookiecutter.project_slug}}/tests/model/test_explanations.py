"""The background that is stored with a model, and explanations by it: for any contract and any kind of answer."""

import numpy as np
import pytest
from problems import SHAPES
from scipy.special import logit
from sklearn.base import clone
from training import training_table

from {{ cookiecutter.__package }}.core.background import (
    ATTRIBUTE,
    MIN_NEIGHBOURS,
    ROWS,
    add_background,
    read_background,
)
from {{ cookiecutter.__package }}.core.encoder import encoded
from {{ cookiecutter.__package }}.core.pipelines import boosting, linear
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.model.evaluate import fit
from {{ cookiecutter.__package }}.product.explain import find_reasons
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model

MODELS = {"linear": linear, "boosting": boosting}


@pytest.fixture(params=MODELS)
def model(request, problem, rows):
    """Return a model as it is after it was stored and loaded."""
    columns, plan = problem.candidates.args
    fitted = fit(MODELS[request.param](columns, plan), rows)
    add_background(fitted, rows.features, problem.columns)
    content = dump_model(fitted)
    return load_model(content, digest_of(content))


def cases(rows, count=2):
    """Return the first rows as the ledger has them: None for what is not given."""
    return rows.features.head(count).astype(object).where(rows.features.head(count).notna(), None).to_dict("records")


def score_of(model, problem, row):
    """Return the score of a row in the unit of effects."""
    found = problem.objective.predict(model, {name: [value] for name, value in row.items()})
    [score] = problem.objective.comparable_scores(found)
    return logit(score) if problem.target.categories else score


def test_effects_and_base_add_up_to_the_score(model, problem, rows):
    for row in cases(rows):
        found = find_reasons(model, problem, row)
        total = found["base_score"] + sum(reason["effect"] for reason in found["reasons"])
        assert total == pytest.approx(score_of(model, problem, row), abs=1e-6)


@pytest.mark.slow
def test_values_of_the_background_are_spread_as_those_of_the_table(model, problem, rows):
    background = read_background(model, problem.columns)
    assert list(background) == [column.name for column in problem.inputs]
    for column in encoded(problem.columns):
        values, given = background[column.name], rows.features[column.name]
        assert values.count(None) / ROWS == pytest.approx(given.isna().mean(), abs=1 / ROWS)
        if column.is_numeric:
            known = [value for value in values if value is not None]
            is_whole = column.kind == "integer"
            assert np.mean(known) == pytest.approx(given.mean(), abs=0.02 * given.std() + 0.5 * is_whole)
            assert given.min() < min(known) < max(known) < given.max() or is_whole
        else:
            for category in column.categories:
                assert values.count(category) / ROWS == pytest.approx((given == category).mean(), abs=1.5 / ROWS)


def test_sabotage_no_value_of_a_person_is_in_the_background(problem, rows):
    """A number that one row has, far from all others, and a text are planted: neither is found in the file."""
    columns = [column for column in problem.inputs if column.kind == "number"]
    for column in columns:
        rows.features.loc[7, column.name] = 9.876543
    texts = [column for column in problem.inputs if column.kind == "text"]
    for column in texts:
        rows.features.loc[7, column.name] = "planted"
    model = clone(problem.candidates()["learned"])
    add_background(model, rows.features, problem.columns)
    for values in read_background(model, problem.columns).values():
        assert not {9.876543, "planted"} & {*values}


def test_fewer_values_than_a_mean_needs_are_left_out(problem, rows):
    for column in problem.inputs:
        if column.kind == "number":
            rows.features[column.name] = np.where(np.arange(len(rows.truth)) < MIN_NEIGHBOURS - 1, 1.0, np.nan)
    model = clone(problem.candidates()["learned"])
    add_background(model, rows.features, problem.columns)
    background = read_background(model, problem.columns)
    for column in problem.inputs:
        if column.kind == "number":
            assert background[column.name] == [None] * ROWS


@pytest.mark.slow
def test_model_without_a_background_is_compared_with_the_examples(model, problem, rows):
    delattr(model, ATTRIBUTE)
    examples = {column.name: [column.example] for column in problem.inputs}
    assert read_background(model, problem.columns) == examples
    [row, *_] = cases(rows)
    found = find_reasons(model, problem, row)
    total = found["base_score"] + sum(reason["effect"] for reason in found["reasons"])
    assert total == pytest.approx(score_of(model, problem, row), abs=1e-6)
    example = {name: value for name, [value] in examples.items()}
    assert find_reasons(model, problem, example)["reasons"] == []


def test_linear_model_of_two_answers_has_the_effects_of_its_coefficients():
    """Missing numbers, indicators and one-hot columns are summed into the column of the contract."""
    problem, table = SHAPES["usual"].problem(), training_table("usual")
    columns, plan = problem.candidates.args
    features = table[[column.name for column in problem.inputs]]
    model = linear(columns, plan).fit(features, problem.objective.encode(table[problem.target.name]))
    add_background(model, features, problem.columns)
    background = read_background(model, problem.columns)
    row = {column.name: column.example for column in problem.inputs} | {"income": None}

    def terms(inputs):
        """Return what each feature adds to the log-odds, and the place of the column that each feature is made of."""
        values = model[1].transform(model[0].transform(inputs)) * model[-1].coef_[0]
        return values, [0, 1, 2, 3, 3]  # the last is the indicator of a missing income

    values, places = terms({name: [value] for name, value in row.items()})
    means = terms(background)[0].mean(axis=0)
    assert len(places) == values.shape[1]
    expected = np.bincount(places, weights=values[0] - means)
    found = {reason["column"]: reason["effect"] for reason in find_reasons(model, problem, row)["reasons"]}
    names = [column.name for column in encoded(problem.columns)]
    assert [found.get(name, 0.0) for name in names] == pytest.approx(expected.tolist(), abs=1e-9)


def test_contract_of_texts_has_the_examples_as_its_background():
    columns, model = [Column("x", "text", "X", "some text")], type("Model", (), {})()
    add_background(model, {"x": ["a", "b"]}, columns)
    assert read_background(model, columns) == {"x": ["some text"]}


def test_number_without_bounds_and_nan_is_kept_as_missing():
    columns = [Column("x", "number", "X", 0.0, optional=True)]
    model = type("Model", (), {})()
    add_background(model, {"x": [np.nan] * 30 + [2.0] * 10}, columns)
    values = read_background(model, columns)["x"]
    assert (values.count(None), values.count(2.0)) == (48, 16)
