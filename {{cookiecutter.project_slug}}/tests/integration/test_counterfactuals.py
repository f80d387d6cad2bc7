"""Counterfactuals: what a person could change to be answered otherwise, checked by asking again."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import pytest
from problems import USUAL, WIDE
from pydantic import Field, create_model
from sklearn.base import clone

from {{ cookiecutter.__package }}.core.background import ATTRIBUTE
from {{ cookiecutter.__package }}.core.schema import ACTIONABLE, ACTIONABLE_DOWN, NOMINAL, Strict, columns
from {{ cookiecutter.__package }}.product.counterfactual import _steps, find_counterfactual


def mark(problem, **directions):
    """Return a problem of which some columns are actionable."""
    marked = tuple(replace(each, directions=directions.get(each.name, ())) for each in problem.columns)
    return replace(problem, columns=marked)


@pytest.fixture
def rules():
    return clone(USUAL.problem().rules).fit()


def ask(problem, model, row):
    """Return the answer to a row."""
    predictions = problem.objective.predict(model, {name: [row[name]] for name in row})
    return problem.objective.answers(predictions)[0]


def test_smallest_change_turns_the_answer_when_it_is_asked_again(rules, features):
    problem = mark(USUAL.problem(), risk=(-1, 1), insured=(-1, 1), grade=(-1, 1))
    row = features | {"risk": 2.9, "insured": "yes"}
    found = find_counterfactual(rules, problem, row)
    assert found["changes"] == {"risk": 2.4}  # the rule says over 2.4
    assert found["text"] == "the answer would be no with Risk of the case: 2.4 instead of 2.9"
    assert ask(problem, rules, row) != ask(problem, rules, row | found["changes"])


def test_two_columns_are_changed_where_one_is_not_enough(rules, features):
    problem = mark(USUAL.problem(), risk=(-1,), insured=(-1, 1))
    row = features | {"risk": 2.9, "insured": "no"}  # without insurance, the rules refuse any risk
    found = find_counterfactual(rules, problem, row)
    assert found["changes"] == {"risk": 2.4, "insured": "yes"}
    assert ask(problem, rules, row | found["changes"]) == "no"


def test_change_that_no_person_can_make_is_not_proposed(rules, features):
    """Of the two columns that together turn the answer, one may only rise."""
    problem = mark(USUAL.problem(), risk=(1,), insured=(-1, 1))
    found = find_counterfactual(rules, problem, features | {"risk": 2.9, "insured": "no"})
    assert found == {"changes": {}, "text": found["text"]}
    assert found["text"].startswith("no change of one or two of the values")


def test_contract_without_actionable_columns_has_no_counterfactual(rules, features):
    assert find_counterfactual(rules, USUAL.problem(), features) is None


def test_value_that_is_not_given_is_not_changed(rules, features):
    problem = mark(USUAL.problem(), income=(-1, 1))
    assert find_counterfactual(rules, problem, features | {"income": None})["changes"] == {}


def test_row_that_the_contract_refuses_is_not_proposed(rules, features):
    """Its validator takes no case that is insured."""
    problem = mark(USUAL.problem(), insured=(-1, 1))
    row = features | {"risk": 0.5, "insured": "no"}
    assert find_counterfactual(rules, problem, row)["changes"] == {"insured": "yes"}
    strict = create_model(
        "Features", __base__=Strict, **USUAL.features | {"insured": (Annotated[Literal["no"], Field()], ...)}
    )
    assert find_counterfactual(rules, replace(problem, features=strict), row)["changes"] == {}


class Sum:
    """A model whose numbers, shares of their bounds, add up to its score."""

    def __init__(self, numbers):
        self.numbers = numbers

    def predict(self, rows):
        shares = [np.array(rows[each.name], dtype=float) / each.high for each in self.numbers]
        return 200 * np.clip(np.mean(shares, axis=0), 0, 1)


def test_number_turns_where_a_person_has_to_look_at_it_or_no_longer():
    problem = WIDE.problem()
    numbers = [each for each in problem.inputs if not each.optional]
    problem = mark(problem, **{each.name: (-1, 1) for each in numbers[:3]})
    model = Sum(numbers[:1])
    row = {each.name: each.example for each in problem.columns} | {numbers[0].name: numbers[0].high}
    found = find_counterfactual(model, problem, row)
    assert list(found["changes"]) == [numbers[0].name]
    assert ", which no person has to look at, with " in found["text"]
    back = find_counterfactual(model, problem, row | found["changes"])
    assert ", which a person should look at, with " in back["text"]


def test_ends_are_those_of_the_background(rules, features):
    """Where no case of the table had so low a risk, none is proposed."""
    problem = mark(USUAL.problem(), risk=(-1, 1))
    encoded = np.tile([0.5, 2.0, 1.0, 20.0], (4, 1))
    encoded[:, 0] = [2.5, 2.6, 2.8, 3.0]
    row = features | {"risk": 2.9, "insured": "yes"}
    setattr(rules, ATTRIBUTE, encoded)
    assert find_counterfactual(rules, problem, row)["changes"] == {}
    encoded[0, 0] = 1.0
    assert find_counterfactual(rules, problem, row)["changes"] == {"risk": 2.4}


class Colours:
    """A model that says yes to all colours but red."""

    def predict_proba(self, rows):
        last = np.array([0.0 if value == "red" else 1.0 for value in rows["insured"]])
        return np.column_stack([1 - last, last])


def test_category_nearest_in_its_order_is_taken_and_a_nominal_one_is_a_whole_range_away(features):
    colours = Annotated[Literal["blue", "green", "red"], ACTIONABLE]
    risk = Annotated[float, ACTIONABLE_DOWN, Field(ge=0, le=3)]
    for colour, nearest in ((colours, 0.5), (Annotated[colours, NOMINAL], 1.0)):
        case = create_model("Case", __base__=Strict, insured=(colour, ...), risk=(risk, ...))
        problem = replace(USUAL.problem(), features=case, columns=columns(case))
        assert _steps(problem.columns[0], "red", ["blue"])[0][0] == nearest
        row = {"insured": "red", "risk": 1.0}
        found = find_counterfactual(Colours(), problem, row)["changes"]
        assert found == {"insured": "green" if nearest < 1 else "blue"}


def test_decision_is_shown_with_its_counterfactual(product, features):
    """The contract of this problem marks nothing, so there is none."""
    decision = product.post("/v1/decisions", json=features).json()
    found = product.get(f"/v1/decisions/{decision['id']}").json()
    assert found["counterfactual"] is None
    assert found["effect_unit"] == "log-odds of yes"
