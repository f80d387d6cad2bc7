"""The default candidates learn from any contract: every kind of answer, nominal columns, missing values."""

import dataclasses
import warnings
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from problems import PLAN, SHAPES, Shape
from pydantic import Field
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from {{ cookiecutter.__package }}.core import pipelines
from {{ cookiecutter.__package }}.core.blending import BlendedClassifier, encode_rules
from {{ cookiecutter.__package }}.core.encoder import encoder
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.mitigation import MitigatedClassifier
from {{ cookiecutter.__package }}.core.model_plan import Groups
from {{ cookiecutter.__package }}.core.pipelines import boosting, calibrated, linear, mitigated
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.core.schema import NOMINAL, PROTECTED, RISING
from {{ cookiecutter.__package }}.core.smooth_quantile import SmoothQuantileRegressor
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit
from {{ cookiecutter.__package }}.product.explain import explain
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model

N = 400
TOWNS = tuple(f"town {place}" for place in range(300))  # more than boosting takes
COSTS = {
    "two answers": ("[costs]\nfalse_negative = 5\nfalse_positive = 1", Literal["no", "yes"], 0.2),
    "several": (
        "[costs.confusion]\na = { a = 0, b = 1, c = 2 }\nb = { a = 1, b = 0, c = 1 }\nc = { a = 3, b = 1, c = 0 }",
        Literal["a", "b", "c"],
        (0.2, 0.6, 0.2),
    ),
    "a number": ("[costs]\ntoo_low = 3\ntoo_high = 1", float, 50.0),
}
MODELS = {"linear": linear, "boosting": boosting}


def make_shape(kind):
    """Return a problem with a number with gaps, a nominal column of few and one of many categories, and a group."""
    costs, answer, otherwise = COSTS[kind]
    features = {
        "amount": (Annotated[float | None, RISING, Field(ge=0, le=10)], None),
        "colour": (Annotated[Literal["red", "green", "blue"] | None, NOMINAL], None),
        "town": (Annotated[Literal[TOWNS], NOMINAL], ...),
        "group": (Annotated[Literal["x", "y"], PROTECTED], ...),
        "note": (str | None, None),
    }
    plan = PLAN.format(question="What is it?", more=costs)
    return Shape(features, ("answer", answer), [], otherwise, plan)


def make_rows(problem, signal):
    """Return rows whose answer follows from a signal from 0 to 1, and whose features say nothing."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "amount": rng.uniform(0, 10, N),
            "colour": rng.choice(["red", "green", "blue"], N).astype(object),
            "town": np.resize(np.array(TOWNS, dtype=object), N),
            "note": [None] * N,
        }
    )
    answers = problem.target.categories
    if answers:
        labels = np.array(answers, dtype=object)[(signal * len(answers)).clip(0, len(answers) - 1).astype(int)]
    else:
        labels = 100 * signal
    groups = pd.DataFrame({"group": rng.choice(["x", "y"], N)})
    return Rows(features, groups, problem.objective.encode(labels), np.arange(N) % 4)


@pytest.fixture(params=COSTS)
def problem(request):
    return make_shape(request.param).problem()


@pytest.fixture
def make(problem):
    """Return a function that makes a default candidate of the problem by name."""
    columns, plan = problem.candidates.args
    return lambda name: MODELS[name](columns, plan)


def error_of(model, rows, problem):
    """Return the mean cost of a model on the rows it was fitted on, beside that of a constant answer."""
    predictions = problem.objective.predict(fit(model, rows), rows.features)
    constant = min(problem.objective.cost(rows.truth, np.full(N, answer)).mean() for answer in np.unique(rows.truth))
    return problem.objective.cost(rows.truth, problem.objective.choose(predictions)).mean() / constant


@pytest.mark.parametrize("name", MODELS)
def test_category_in_the_middle_of_a_nominal_column_is_learned(problem, make, name):
    """As a number, green lies between red and blue, and no weighted sum can tell it from both."""
    draft = make_rows(problem, np.zeros(N))
    green = (draft.features["colour"] == "green").to_numpy()
    rows = make_rows(problem, np.where(green, 0.99, 0.0))
    assert error_of(make(name), rows, problem) < 0.2


@pytest.mark.parametrize("name", MODELS)
def test_missing_value_that_means_something_is_learned(problem, make, name):
    """The missing numbers are replaced by the median, which without an indicator looks like any other number."""
    missing = np.arange(N) % 3 == 0
    rows = make_rows(problem, np.where(missing, 0.99, 0.0))
    rows.features.loc[missing, "amount"] = np.nan
    assert error_of(make(name), rows, problem) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_stored_model_answers_and_explains_a_row_of_unknown_values(problem, make, name):
    rows = make_rows(problem, np.linspace(0, 0.99, N))
    rows.features.loc[:9, "colour"] = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = dump_model(fit(make(name), rows))
    model = load_model(content, digest_of(content))
    row = {"amount": None, "colour": None, "town": TOWNS[-1], "note": "some words", "group": "x"}
    found = explain(model, problem, row)
    assert set(found["encoded"]) == {"amount", "colour", "town"}
    assert np.isfinite([reason["effect"] for reason in found["reasons"]]).all()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("kind", ["two answers", "several"])
def test_calibrated_candidate_is_better_calibrated_and_can_be_stored(kind, method):
    """A sum of copies of a column counts the same evidence several times, so that it is too sure."""
    shape = make_shape(kind)
    problem = shape.problem()
    rng = np.random.default_rng(0)
    signal = rng.random(N)
    draft = make_rows(problem, signal)
    draft.features["amount"] = np.clip(10 * (signal + rng.normal(0, 0.3, N)), 0, 10)
    sure = Pipeline([("encode", encoder(problem.columns)), ("features", SimpleImputer()), ("model", GaussianNB())])
    sure.steps.insert(2, ("copies", FunctionTransformer(np.tile, kw_args={"reps": (1, 8)})))
    model, better = fit(sure, draft), fit(calibrated(sure, method), draft)
    losses = [log_loss(draft.truth, problem.objective.predict(each, draft.features)) for each in (model, better)]
    assert losses[1] < losses[0]
    content = dump_model(fit(calibrated(linear(*problem.candidates.args), method), draft))
    assert load_model(content, digest_of(content)).predict_proba(draft.features).shape == (
        N,
        len(problem.target.categories),
    )


def test_number_has_no_probabilities_to_calibrate():
    problem = make_shape("a number").problem()
    with pytest.raises(UserError, match="calibrated is for models of probabilities"):
        calibrated(linear(*problem.candidates.args))


def test_steps_are_the_encoder_and_a_model(make):
    for name in MODELS:
        assert [step for step, _ in make(name).steps] == ["encode", "features", "model"]
    assert len(TOWNS) > pipelines.MAX_CATEGORIES > pipelines.MAX_ONE_HOT


def test_contract_without_nominal_columns_needs_no_columns_apart():
    """Taking columns apart costs a millisecond a request."""
    for shape in SHAPES.values():
        columns, plan = shape.problem().candidates.args
        assert all(not hasattr(make(columns, plan)[1], "transformers") for make in MODELS.values())


def test_rising_column_of_two_answers_rises_in_boosting_whatever_the_rows_say():
    problem = make_shape("two answers").problem()
    draft = make_rows(problem, np.zeros(N))
    rows = make_rows(problem, 0.99 - draft.features["amount"].to_numpy() / 11)
    model = fit(boosting(*problem.candidates.args), rows)
    case = rows.features.iloc[:1].loc[np.zeros(11, dtype=int)].assign(amount=np.arange(11.0))
    assert (np.diff(problem.objective.predict(model, case)[:, 1]) >= 0).all()


def test_rising_column_of_a_number_rises_in_a_linear_model_whatever_the_rows_say():
    problem = make_shape("a number").problem()
    draft = make_rows(problem, np.zeros(N))
    rows = make_rows(problem, 0.99 - draft.features["amount"].to_numpy() / 11)
    assert fit(linear(*problem.candidates.args), rows)[-1].coef_[0] == 0


def test_contract_with_nothing_but_text_is_one_line():
    problem = dataclasses.replace(SHAPES["usual"], features={"note": (str, ...)}, rules=[]).problem()
    for make in MODELS.values():
        with pytest.raises(UserError, match="there is nothing to learn from: every column is text"):
            make(*problem.candidates.args).fit({"note": ["a", "b"]}, [0, 1])


def test_mitigated_model_needs_a_group_and_a_limit_of_a_rate():
    usual = SHAPES["usual"].problem()
    assert mitigated(*usual.candidates.args)[-1].false_negative == 5
    for shape in SHAPES.values():
        with pytest.raises(UserError, match="needs a PROTECTED column"):
            mitigated(shape.problem().inputs, shape.parsed_plan)
    columns, plan = SHAPES["categories"].problem().candidates.args
    with pytest.raises(UserError, match=r"needs a rate in groups.limits of plan.toml"):
        mitigated(columns, plan.model_copy(update={"groups": Groups()}))


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_smooth_quantile_costs_what_the_exact_one_costs(quantile):
    from sklearn.linear_model import QuantileRegressor

    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4))
    truth = 1000 + features @ [50, -20, 0, 5] + rng.gamma(1, 30, 300)

    def loss(model):
        error = truth - model.fit(features, truth).predict(features)
        return np.maximum(quantile * error, (quantile - 1) * error).mean()

    found = SmoothQuantileRegressor(quantile).fit(features, truth)
    assert np.mean(truth <= found.predict(features)) == pytest.approx(quantile, abs=0.01)
    assert loss(SmoothQuantileRegressor(quantile)) == pytest.approx(
        loss(QuantileRegressor(quantile=quantile, alpha=0)), rel=0.01
    )


def test_smooth_quantile_of_one_number_is_that_number():
    features = np.random.default_rng(0).normal(size=(10, 2))
    assert SmoothQuantileRegressor(0.3).fit(features, np.full(10, 7.0)).predict([[3.0, -3.0]]) == pytest.approx([7.0])


class Counting(LogisticRegression):
    """A model that notes how many rows it is fitted to."""

    rows: set[int] = set()  # noqa: RUF012 - of all copies

    def fit(self, X, y, sample_weight=None):  # noqa: N803
        self.rows.add(len(X))
        return super().fit(X, y, sample_weight)


@pytest.mark.slow
def test_mitigation_draws_from_many_rows_because_it_fits_again_and_again():
    rng = np.random.default_rng(0)
    features, groups = rng.normal(size=(300, 2)), rng.choice(["a", "b"], 300)
    model = MitigatedClassifier(Counting(), max_rows=200).fit(features, (features[:, 0] > 0).astype(int), groups)
    assert Counting.rows == {200}
    assert model.predict([[3.0, 0.0], [-3.0, 0.0]]).tolist() == [1, 0]


def blend(weight):
    """Return features, the contract's rules for them, and the blend of these rules and a model, fitted."""
    columns, _ = make_shape("two answers").problem().candidates.args
    rules = [("colour", "==", "blue", 0.9, "blue"), ("amount", ">", 5, 0.4, "much"), ("colour", "!=", "red", 0.2, "g")]
    draft = {"amount": [1.0, 9.0, None, 1.0, 1.0], "colour": ["blue", "red", "green", None, "green"], "town": TOWNS[:5]}
    features = encoder(columns).transform(draft)
    model = BlendedClassifier(LogisticRegression(), encode_rules(rules, columns), 0.1, weight)
    return draft, RuleModel(rules, 0.1).fit(), model.fit(np.nan_to_num(features), [0, 1, 0, 1, 0]), features


def test_blend_without_weight_predicts_what_the_rules_predict():
    draft, rules, model, features = blend(0)
    model.model_ = DummyClassifier(strategy="prior").fit(features, [0, 1, 0, 1, 0])
    assert model.predict_proba(features)[:, 1] == pytest.approx(rules.predict(draft))


def test_blend_of_full_weight_predicts_what_the_model_predicts():
    _, _, model, features = blend(1)
    features = np.nan_to_num(features)
    assert model.predict_proba(features) == pytest.approx(model.model_.predict_proba(features))


@pytest.mark.parametrize("estimator", [LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())])
def test_blend_gives_the_weights_of_rows_to_its_model(estimator):
    _, _, model, features = blend(1)
    model.set_params(estimator=estimator)
    features, truth = np.nan_to_num(features), np.array([0, 1, 0, 1, 0])
    weighed = model.fit(features, truth, sample_weight=[1, 3, 1, 1, 1]).predict_proba(features)
    assert not np.allclose(weighed, model.fit(features, truth).predict_proba(features), atol=0.01)
