"""A fair candidate for several answers and for a number: the gaps that the plan limits are smaller, at little cost."""

import dataclasses
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from problems import PLAN, Shape
from pydantic import Field
from sklearn.base import clone

from {{ cookiecutter.__package }}.core.multipliers import MAX_COST_INCREASE, draw_rows
from {{ cookiecutter.__package }}.core.pipelines import linear, mitigated
from {{ cookiecutter.__package }}.core.schema import PROTECTED, RISING
from {{ cookiecutter.__package }}.core.smooth_quantile import SmoothQuantileRegressor
from {{ cookiecutter.__package }}.model.evaluate import Rows, cross_evaluate, fit
from {{ cookiecutter.__package }}.model.gates.behaviour import behaviour_gates
from {{ cookiecutter.__package }}.model.gates.groups import group_gates
from {{ cookiecutter.__package }}.product.explain import explain
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model

N = 3000
RATES = {"several": ["error_rate", "wrongly_high_rate"], "a number": ["mean_absolute_error", "too_low_rate"]}
KINDS = {
    "several": (
        Literal["low", "mid", "high"],
        (0.3, 0.4, 0.3),
        # the answers in another order than the contract's
        """[groups.limits]
wrongly_low_rate = 0.1
[costs.confusion]
high = { high = 0, mid = 1, low = 2 }
mid = { high = 1, mid = 0, low = 1 }
low = { high = 2, mid = 1, low = 0 }""",
    ),
    "a number": (float, 50.0, "[costs]\ntoo_low = 3\ntoo_high = 1\n[groups.limits]\nmean_error = 5"),
}


def make_problem(kind):
    """Return a problem with a number that tells, one that stands in for the group, and two protected columns."""
    answer, otherwise, more = KINDS[kind]
    features = {
        "signal": (Annotated[float, RISING, Field(ge=-10, le=10)], ...),
        "proxy": (Annotated[float, Field(ge=-10, le=10)], ...),
        "group": (Annotated[Literal["a", "b"] | None, PROTECTED], None),
        "sex": (Annotated[Literal["f", "m"] | None, PROTECTED], None),
    }
    return Shape(features, ("answer", answer), [], otherwise, PLAN.format(question="What is it?", more=more))


def make_rows(kind, bias):
    """Return rows whose answers are lower and less certain in group b, which has three of ten."""
    rng = np.random.default_rng(0)
    is_b, signal = rng.random(N) < 0.3, rng.normal(size=N)
    proxy = is_b + rng.normal(0, 0.3, N)
    groups = pd.DataFrame({"group": np.where(is_b, "b", "a"), "sex": rng.choice(["f", "m", "not stated"], N)})
    if kind == "several":
        answers = np.digitize(signal - 1.7 * bias * is_b + rng.normal(size=N), [-1, 1])
    else:
        answers = 100 + 20 * signal - 20 * bias * is_b + rng.gamma(2, 10, N)
    features = pd.DataFrame({"signal": signal.clip(-10, 10), "proxy": proxy})
    return Rows(features, groups, answers, np.arange(N) % 2)


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def problem(kind):
    return make_problem(kind).problem()


@pytest.fixture(scope="module")
def models(problem):
    """Return the plain and the fair candidate."""
    return [make(*problem.candidates.args) for make in (linear, mitigated)]


@pytest.fixture(scope="module")
def rows(kind):
    return make_rows(kind, bias=1)


@pytest.fixture(scope="module")
def fitted(models, rows):
    return fit(models[1], rows)


def run_gates(model, rows, problem):
    """Return the mean cost of a model and the status of each group gate, on rows that it was not fitted to."""
    found = cross_evaluate(model, rows, problem)
    gates = group_gates(rows, [found], problem.objective, problem.candidates.args[1])
    return found.cost.mean(), {result.gate.partition(".")[0]: result.status for result in gates}


def measure(rate, model, rows, problem):
    """Return the gap between the groups a and b in the answers of a fitted model."""
    choices = problem.objective.choose(problem.objective.predict(model, rows.features))
    values, counted = problem.objective.rate(rate, rows.truth, choices)
    is_b = (rows.groups["group"] == "b").to_numpy()
    return abs(values[counted & is_b].mean() - values[counted & ~is_b].mean())


def test_gap_that_refuses_the_plain_model_is_closed_at_little_cost(problem, models, rows):
    (plain, refused), (fair, passed) = (run_gates(model, rows, problem) for model in models)
    assert refused == {"group": "fail", "sex": "pass"}
    assert passed == {"group": "pass", "sex": "pass"}
    assert fair < 1.1 * plain


def test_model_of_a_table_without_a_gap_is_nearly_the_plain_one(kind, problem, models):
    rows = make_rows(kind, bias=0)
    plain, fair = (problem.objective.predict(fit(model, rows), rows.features) for model in models)
    assert np.abs(fair - plain).mean() < 0.1 * plain.std()
    wide = {rate: 10 * limit for rate, limit in models[1][-1].limits.items()}
    allowed = fit(clone(models[1]).set_params(model__limits=wide), rows)
    assert (problem.objective.predict(allowed, rows.features) == plain).all()


def test_whichever_rate_the_plan_limits_has_a_smaller_gap(kind, problem, models, rows):
    plain = fit(models[0], rows)
    for rate in RATES[kind]:
        limit = measure(rate, plain, rows, problem) / 2
        fair = fit(clone(models[1]).set_params(model__limits={rate: limit}), rows)
        assert measure(rate, fair, rows, problem) < limit


def test_group_of_few_rows_changes_nothing(problem, models, rows):
    groups = pd.DataFrame({"group": np.where(np.arange(N) < 40, "b", "a")})
    few = dataclasses.replace(rows, groups=groups, truth=np.where(np.arange(N) < 40, rows.truth.max(), rows.truth))
    plain, fair = (problem.objective.predict(fit(model, few), few.features) for model in models)
    assert (fair == plain).all()


def test_gap_that_cannot_be_closed_raises_the_cost_only_so_far():
    """The answers of a group are noise, so that errors are alike only where the other group's answers are bad, too."""
    rows, problem = make_rows("a number", bias=1), make_problem("a number").problem()
    noise = np.random.default_rng(1).normal(0, 60, N) * (rows.groups["group"] == "b")
    rows = dataclasses.replace(rows, truth=rows.truth + noise.to_numpy())
    fair = mitigated(*problem.candidates.args).set_params(model__limits={"mean_absolute_error": 1.0})
    plain, fair = (
        problem.objective.cost(rows.truth, problem.objective.predict(fit(model, rows), rows.features)).mean()
        for model in (linear(*problem.candidates.args), fair)
    )
    assert plain < fair <= (1 + MAX_COST_INCREASE) * plain


def test_two_fits_and_the_stored_model_predict_the_same(problem, models, rows, fitted):
    content = dump_model(fitted)
    others = [fit(models[1], rows), load_model(content, digest_of(content))]
    usual = problem.objective.predict(fitted, rows.features)
    assert all((problem.objective.predict(other, rows.features) == usual).all() for other in others)


def test_behaviour_gates_pass(problem, rows, fitted):
    few = dataclasses.replace(rows, features=rows.features[:20], truth=rows.truth[:20])
    assert {result.status for result in behaviour_gates(fitted, few, problem)} == {"pass"}


def test_its_answers_are_explained_by_what_it_reads(problem, fitted):
    found = explain(fitted, problem, {"signal": 2.0, "proxy": 1.0, "group": "b"})
    assert {reason["column"] for reason in found["reasons"]} == {"signal", "proxy"}


def test_costs_are_read_in_the_order_of_the_contract():
    problem = make_problem("several").problem()
    assert tuple(mitigated(*problem.candidates.args)[-1].confusion) == problem.target.categories


def test_weights_count_in_the_fit_and_in_the_gaps(problem, models, rows):
    """A row of weight 3 is as good as three rows."""
    weights = np.where((rows.groups["group"] == "b") & (rows.truth > np.median(rows.truth)), 3.0, 1.0)
    thrice = np.repeat(np.arange(N), weights.astype(int))
    features = fit(models[1], rows)[:-1].transform(rows.features)  # whose scaler has no weights
    found = [
        clone(models[1][-1]).fit(features[kept], rows.truth[kept], rows.groups.iloc[kept], sample_weight=weight)
        for kept, weight in ((np.arange(N), weights), (thrice, None), (np.arange(N), None))
    ]
    weighted, repeated, plain = (problem.objective.predict(model, features) for model in found)
    assert 50 * np.abs(weighted - repeated).mean() < np.abs(weighted - plain).mean()


def test_of_many_rows_some_are_drawn():
    rows = draw_rows(np.zeros((50, 2)), np.arange(50), ["a", "b"] * 25, None, 20)
    assert (len(rows.truth), rows.groups[0].shape, rows.weights.sum()) == (20, (20, 2), 20)
    assert len(set(rows.truth.tolist())) == 20


def test_rows_of_a_quantile_regression_have_weights_and_quantiles_of_their_own():
    truth, is_second = np.tile(np.linspace(0, 100, 200), 2), np.repeat([0, 1], 200)
    weights, quantiles = np.where(truth < 50, 3, 1), np.where(is_second, 0.8, 0.5)
    model = SmoothQuantileRegressor(alpha=0).fit(is_second[:, None], truth, weights, quantiles)
    # three quarters of the weight are below 50
    assert model.predict([[0], [1]]) == pytest.approx([100 / 3, 60], abs=1)
