"""What every candidate must be able to do before its figures mean anything."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit, held_out
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.objective import TARGET
from {{ cookiecutter.__package }}.plan import load_plan

NAMES = list(candidates(FEATURES, load_plan(Path(__file__).parents[2] / "plan.toml")))
NUMBER = next(column for column in FEATURES if column.seen_by_models and column.kind in {"number", "integer"})


def some(rows, kept):
    return Rows(rows.features[kept], rows.groups[kept], rows.truth[kept], rows.folds[kept])


@pytest.fixture(scope="module")
def few(rows):
    """Return rows few enough to fit again and again."""
    return some(rows, np.arange(len(rows.truth)) % 4 == 0)


@pytest.mark.parametrize("name", NAMES)
def test_two_fresh_fits_say_the_same(few, plan, objective, name):
    model = candidates(FEATURES, plan)[name]
    first, second = (objective.raw(fit(model, few), few.features) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_survives_the_registry(fitted, rows, workspace, objective, name):
    registry = workspace.registry()
    inputs = [column for column in FEATURES if column.seen_by_models]
    version = registry.register(fitted[name], name=name, inputs=inputs, metrics={"cost": 1.0}, tags={"a": "b"})
    registry.set_alias("challenger", version)
    loaded = registry.load("challenger")
    assert (loaded.label, loaded.tags["a"]) == (f"{name}:{version}", "b")
    as_dict = {column: rows.features[column].tolist() for column in rows.features}
    assert np.array_equal(objective.raw(fitted[name], rows.features), objective.raw(loaded.model, as_dict))


@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_batch_that_can_be_told_apart_is_learned_by_heart(rows, plan, objective, name):
    """One number alone says which answer is right; each row is there many times, to outweigh regularisation."""
    answers = objective.target(TARGET.categories or [0.0, 1000.0])
    place = np.resize(np.arange(len(answers)), 60)
    features = rows.features.iloc[:60].assign(**{NUMBER.name: np.linspace(0, NUMBER.high, len(answers))[place]})
    many = np.tile(np.arange(60), 20)
    easy = Rows(features.iloc[many], rows.groups.iloc[many], answers[place][many], rows.folds[many])
    learned = objective.raw(fit(candidates(FEATURES, plan)[name], easy), easy.features)
    wrong = objective.cost(np.roll(easy.truth, 1), learned).mean()
    assert objective.cost(easy.truth, learned).mean() < 0.05 * wrong


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
