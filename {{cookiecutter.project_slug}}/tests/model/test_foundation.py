"""TabICL as a candidate: it is compared for every kind of answer, and never registered.

A stand-in with the names and the arguments of version 2.2 takes its place; its weights are not downloaded in tests.
"""

import sys
import tomllib
import types

import numpy as np
import pytest
from processes import PROJECT
from sklearn.base import BaseEstimator
from sklearn.neighbors import KNeighborsClassifier

from {{ cookiecutter.__package }}.core import foundation
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.foundation import tabicl
from {{ cookiecutter.__package }}.model.analysis.candidate import evaluate_candidate
from {{ cookiecutter.__package }}.model.analysis.footprint import measure_footprint
from {{ cookiecutter.__package }}.model.evaluate import cross_evaluate
from {{ cookiecutter.__package }}.model.train import Trial, register_best


class TabICLClassifier(BaseEstimator):
    """Answers by the nearest training rows, which it keeps, as TabICL does; missing values are 0."""

    def __init__(self, n_estimators=8, model_path=None):
        self.n_estimators = n_estimators
        self.model_path = model_path

    def fit(self, X, y):  # noqa: N803
        self.nearest_ = KNeighborsClassifier(10).fit(np.nan_to_num(X), y)
        self.classes_ = self.nearest_.classes_
        return self

    def predict_proba(self, X):  # noqa: N803
        return self.nearest_.predict_proba(np.nan_to_num(X))


class TabICLRegressor(BaseEstimator):
    """Answers quantiles of all training numbers."""

    def __init__(self, n_estimators=8, model_path=None):
        self.n_estimators = n_estimators
        self.model_path = model_path

    def fit(self, X, y):  # noqa: N803
        self.numbers_ = y
        return self

    def predict(self, X, output_type="mean", alphas=None):  # noqa: N803
        assert output_type == "quantiles"
        return np.tile(np.quantile(self.numbers_, alphas), (len(X), 1))


for stand_in in (TabICLClassifier, TabICLRegressor):
    stand_in.__module__ = "tabicl"


class Recorded:
    """A registry that keeps what it is asked to record, and lets nothing be registered."""

    def __init__(self):
        self.results = {}

    def record(self, *, name, results, **_):
        self.results[name] = [result.message for result in results]


@pytest.fixture
def installed(monkeypatch):
    """Install the stand-in."""
    package = types.ModuleType("tabicl")
    package.TabICLClassifier, package.TabICLRegressor = TabICLClassifier, TabICLRegressor
    monkeypatch.setitem(sys.modules, "tabicl", package)
    monkeypatch.setattr(foundation, "find_spec", lambda _: package)


@pytest.mark.usefixtures("installed")
def test_candidate_is_evaluated_for_every_kind_of_answer(rows, shape, problem):
    model = tabicl(problem.columns, shape.parsed_plan, n_estimators=4)
    assert [name for name, _ in model.steps] == ["encode", "features", "model"]
    found = cross_evaluate(model, rows, problem)
    assert np.isfinite(found.cost).all()
    if not problem.target.categories:
        quantile = np.quantile(rows.truth, shape.parsed_plan.costs.quantile)
        assert found.predictions == pytest.approx(np.full(len(rows.truth), quantile), rel=0.1)


@pytest.mark.usefixtures("installed")
def test_candidate_is_refused_where_it_would_be_stored(rows, shape, problem):
    registry, name = Recorded(), "tabicl"
    trial = Trial(name, {"cost": 0.0}, (), tabicl(problem.columns, shape.parsed_plan))
    version, [refused] = register_best([trial], rows, registry, problem, {})
    assert (version, refused.refused) == (None, True)
    assert "types that are not trusted: " in registry.results[name][-1]
    assert "tabicl.TabICL" in registry.results[name][-1]


def test_missing_package_is_one_line_with_the_next_step(shape, problem, monkeypatch):
    monkeypatch.setattr(foundation, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"tabicl is not installed; `uv sync --group foundation` installs it") as fault:
        tabicl(problem.columns, shape.parsed_plan)
    assert "\n" not in str(fault.value)


@pytest.mark.usefixtures("installed")
def test_evaluation_measures_the_candidate_and_says_that_it_cannot_be_stored(shape, problem, table):
    plan = shape.parsed_plan
    candidate = evaluate_candidate("tabicl", tabicl(problem.columns, plan), table, problem, plan, lambda _: None)
    found = {result.gate: result for result in measure_footprint(candidate)}
    assert list(found) == ["size", "time"]
    assert found["size"].status == "fail"
    assert "tabicl.TabICL" in found["size"].message


def test_package_is_in_nothing_that_is_installed_for_serving():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    served = [project["dependencies"], project["optional-dependencies"]]
    assert "numpy" in str(served)
    assert "tabicl" not in str(served)
