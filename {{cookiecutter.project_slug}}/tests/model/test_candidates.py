"""Candidates are fitted, evaluated and stored alike, whatever they are; the owner's own are tested in `problem/`."""

import warnings

import numpy as np
import pytest
from problems import candidates
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.model.evaluate import cross_evaluate, fit, split_columns
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model


@pytest.fixture
def candidate(shape, problem):
    [model] = candidates(problem.columns, shape.parsed_plan).values()
    return model


class Memory(BaseEstimator):
    """Remembers the answer to every row that it was fitted on, and the columns that it was shown."""

    shown: set[str] = set()  # noqa: RUF012 - of all copies

    def __init__(self, answers):
        self.answers = answers

    def fit(self, features, truth):
        self.shown.update(features.columns)
        self.known_ = dict(zip(features.index, truth, strict=True))
        return self

    def predict(self, features):
        return np.array([self.known_.get(row, 0) for row in features.index], dtype=float)

    def predict_proba(self, features):
        return np.eye(self.answers)[self.predict(features).astype(int)]


def test_two_fits_predict_the_same(candidate, rows, problem):
    first, second = (problem.objective.predict(fit(candidate, rows), rows.features) for _ in range(2))
    assert np.array_equal(first, second)


def test_stored_model_predicts_the_same_from_lists_as_from_frame(candidate, rows, problem):
    fitted = fit(candidate, rows)
    content = dump_model(fitted)
    loaded = load_model(content, digest_of(content))
    lists = {column: rows.features[column].tolist() for column in rows.features}
    expected = problem.objective.predict(fitted, rows.features)
    assert np.array_equal(problem.objective.predict(loaded, lists), expected)


def test_rows_that_are_held_out_are_not_seen_in_training(rows, problem):
    """Sabotage: a model that remembers every row is no better than a constant on rows that it has not seen."""
    memory = Memory(len(problem.target.categories))
    remembered = evaluate(
        problem.objective, rows.truth, problem.objective.predict(fit(memory, rows), rows.features)
    ).cost.mean()
    assert remembered < 0.01 * cross_evaluate(memory, rows, problem).cost.mean()


def test_models_see_no_protected_and_no_personal_column(rows, problem):
    Memory.shown.clear()
    cross_evaluate(Memory(len(problem.target.categories)), rows, problem)
    assert Memory.shown == {column.name for column in problem.inputs}
    assert not Memory.shown & {column.name for column in problem.columns if column.protected or column.personal}


def test_rules_are_evaluated_without_fitting(rows, problem):
    expected = problem.objective.predict(problem.rules.fit(), rows.features)
    assert np.array_equal(cross_evaluate(problem.rules, rows, problem).predictions, expected)


def test_constant_and_empty_columns_print_no_warning(candidate, table, problem):
    for position, column in enumerate(problem.inputs):
        empty = column.optional and position % 2 == 0
        table[column.name] = None if empty else column.example
        if column.is_numeric:
            table[column.name] = table[column.name].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_evaluate(candidate, split_columns(table, problem), problem)


def test_evaluation_holds_choices_and_costs_of_its_predictions(rows, problem):
    found = cross_evaluate(problem.rules, rows, problem)
    assert np.array_equal(found.choices, problem.objective.choose(found.predictions))
    assert np.array_equal(found.cost, problem.objective.cost(rows.truth, found.choices))


@pytest.mark.parametrize("fault", ["one row", "one fold", "one answer", "one row of an answer"])
def test_table_that_cannot_be_evaluated_is_one_line(table, problem, fault):
    if fault == "one row":
        table = table.iloc[:1]
    elif fault == "one fold" or not problem.target.categories:
        table["_fold"] = 0
    else:
        table[problem.target.name] = problem.target.categories[0]
        if fault == "one row of an answer":
            table.loc[0, problem.target.name] = problem.target.categories[-1]
    with pytest.raises(UserError, match=r"in one fold|two answers have to occur in at least 2 folds each") as refusal:
        split_columns(table, problem)
    assert "\n" not in str(refusal.value)


def test_table_without_a_label_that_counts_is_one_line(table, problem):
    with pytest.raises(UserError, match=r"the training table has 0 rows in one fold; bring more rows") as refusal:
        split_columns(table.assign(_weight=0.0), problem)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("change", ["a column is missing", "the fold is missing", "a label is not an answer"])
def test_table_of_an_older_contract_is_one_line(table, problem, change):
    if change == "a column is missing":
        table = table.drop(columns=problem.inputs[-1].name)
    elif change == "the fold is missing":
        table = table.drop(columns="_fold")
    else:
        table[problem.target.name] = "maybe"
    with pytest.raises(UserError, match=r"the training table .*run `data`, so that it") as refusal:
        split_columns(table, problem)
    assert "\n" not in str(refusal.value)


def test_protected_numbers_are_audited_in_quarters_and_missing_ones_as_a_group(table, problem):
    for column in problem.columns:
        if column.protected:
            groups = split_columns(table, problem).groups[column.name]
            assert 2 <= groups.nunique() <= 11
            assert (groups == "not stated").sum() == table[column.name].isna().sum()
