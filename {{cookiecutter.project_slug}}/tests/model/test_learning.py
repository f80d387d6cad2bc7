"""The training code learns what it is shown: it overfits a tiny batch, and follows labels that are inverted."""

import numpy as np
import pytest
from learning import MAX_OVERFIT, MIN_INVERTED, make_batch, measure_inverted, measure_overfit
from problems import candidates
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }}.core.pipelines import boosting, linear

MODELS = {"linear": linear, "boosting": boosting, "learned": lambda *args: candidates(*args)["learned"]}


class Constant(BaseEstimator):
    """Sabotage: answers what is most frequent, or the median, whatever the features are."""

    def __init__(self, answers):
        self.answers = answers

    def fit(self, features, truth):
        self.known_ = dict.fromkeys(features.index, np.median(truth))
        return self

    def predict(self, features):
        return np.array([self.known_[row] for row in features.index], dtype=float)

    def predict_proba(self, features):
        return np.eye(self.answers)[self.predict(features).astype(int)]


class BackDoor(Constant):
    """Sabotage: looks every label up by the index of its row, and never at the labels that it is fitted to."""

    def __init__(self, answers, labels):
        super().__init__(answers)
        self.labels = labels

    def fit(self, features, truth):
        self.known_ = self.labels
        return self


def labels_of(rows):
    return dict(zip(rows.features.index, rows.truth.tolist(), strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_candidate_overfits_a_tiny_batch(rows, shape, problem, name):
    model = MODELS[name](problem.columns, shape.parsed_plan)
    assert measure_overfit(model, make_batch(rows, problem), problem) < MAX_OVERFIT


@pytest.mark.parametrize("name", MODELS)
def test_candidate_that_is_fitted_to_inverted_labels_knows_nothing_of_the_true_ones(rows, shape, problem, name):
    model = MODELS[name](problem.columns, shape.parsed_plan)
    assert measure_inverted(model, rows, problem) > MIN_INVERTED


def test_sabotage_model_that_ignores_its_features_does_not_overfit(rows, problem):
    model = Constant(len(problem.target.categories))
    assert measure_overfit(model, make_batch(rows, problem), problem) > MAX_OVERFIT
    assert measure_inverted(model, rows, problem) > MIN_INVERTED


def test_sabotage_model_that_reads_labels_through_a_back_door_is_not_fooled_by_inverted_ones(rows, problem):
    answers, batch = len(problem.target.categories), make_batch(rows, problem)
    assert measure_inverted(BackDoor(answers, labels_of(rows)), rows, problem) < MIN_INVERTED
    assert measure_overfit(BackDoor(answers, labels_of(batch)), batch, problem) < MAX_OVERFIT
