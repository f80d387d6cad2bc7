"""What every candidate must be able to do before its figures mean anything."""

import numpy as np
import pytest

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit, held_out
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES


def some(rows, kept):
    return Rows(rows.features[kept], rows.groups[kept], rows.truth[kept], rows.folds[kept])


@pytest.fixture(scope="session")
def fitted(rows, plan):
    return {name: fit(model, rows) for name, model in candidates(FEATURES, plan).items()}


def test_two_fresh_fits_say_the_same(fitted, rows, plan, objective):
    for name, model in candidates(FEATURES, plan).items():
        first, second = (objective.raw(made, rows.features) for made in (fitted[name], fit(model, rows)))
        assert np.array_equal(first, second), name


def test_a_model_survives_the_registry(fitted, rows, workspace, objective):
    registry = workspace.registry()
    inputs = [column for column in FEATURES if column.seen_by_models]
    for name, model in fitted.items():
        version = registry.register(model, name=name, inputs=inputs, metrics={"cost": 1.0}, tags={"a": "b"})
        registry.set_alias("challenger", version)
        loaded = registry.load("challenger")
        assert (loaded.label, loaded.tags["a"]) == (f"{name}:{version}", "b")
        as_dict = {column: rows.features[column].tolist() for column in rows.features}
        assert np.array_equal(objective.raw(model, rows.features), objective.raw(loaded.model, as_dict))


def test_a_model_learns_what_is_there_to_learn(rows, plan, objective):
    for name, model in candidates(FEATURES, plan).items():
        cost = objective.cost(rows.truth, objective.raw(fit(model, rows), rows.features)).mean()
        shuffled = np.random.default_rng(0).permutation(rows.truth)
        blind = fit(model, Rows(rows.features, rows.groups, shuffled, rows.folds))
        assert cost < objective.cost(rows.truth, objective.raw(blind, rows.features)).mean(), name


def test_held_out_rows_are_not_seen(rows, objective):
    """Sabotage: a model that remembers every row is no better than chance on rows it has not seen."""

    class Memory:
        def get_params(self, deep=True):  # noqa: FBT002
            return {}

        def fit(self, features, truth):
            self.known = dict(zip(features.index, truth, strict=True))
            return self

        def predict(self, features):
            return np.array([self.known.get(row, 0) for row in features.index], dtype=float)

        def predict_proba(self, features):
            classes = max(len(np.unique(rows.truth)), 2)
            return np.eye(classes)[self.predict(features).astype(int)]

        def __sklearn_clone__(self):
            return Memory()

    memory = Memory()
    remembered = objective.cost(rows.truth, objective.raw(fit(memory, rows), rows.features)).mean()
    unseen = objective.cost(rows.truth, held_out(memory, rows, objective)).mean()
    assert remembered < 0.01 * unseen


def test_rules_are_evaluated_as_they_are(rows, objective):
    book = RuleBook().fit()
    assert np.array_equal(held_out(book, rows, objective), objective.raw(book, rows.features))
