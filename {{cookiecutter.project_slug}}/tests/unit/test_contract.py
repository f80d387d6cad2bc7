"""Requests accept what the contract allows, unchanged, and refuse the rest by name."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import SHAPES, USUAL
from pydantic import BaseModel, Field, ValidationError
from strategies import broken_features, features

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.problem import Problem

PROBLEMS = {name: shape.problem() for name, shape in SHAPES.items()}
every_shape = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
same_each_time = settings(deadline=None, derandomize=True, database=None, max_examples=15)


def read(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    return model.model_validate_json(json.dumps(values))


def examples(problem: Problem) -> dict[str, Any]:
    return {column.name: column.example for column in problem.columns}


@every_shape
@same_each_time
@given(data=st.data())
def test_allowed_values_are_unchanged_by_json(problem: Problem, data: st.DataObject) -> None:
    values = data.draw(features(problem.columns))
    found = read(problem.request, values)
    assert found.model_dump(by_alias=True) == values | {"reference": None, "subject": None}
    assert problem.request.model_validate_json(found.model_dump_json(by_alias=True)) == found


@every_shape
@same_each_time
@given(data=st.data())
def test_wrong_value_is_refused_with_the_name_of_its_field(problem: Problem, data: st.DataObject) -> None:
    values, name = data.draw(broken_features(problem.columns))
    with pytest.raises(ValidationError) as refusal:
        read(problem.request, values)
    assert {fault["loc"][0] for fault in refusal.value.errors()} == {name}


@every_shape
def test_field_that_is_required_must_be_there(problem: Problem) -> None:
    required = {column.name for column in problem.columns if not column.optional}
    for name in required:
        with pytest.raises(ValidationError) as refusal:
            read(problem.request, {key: value for key, value in examples(problem).items() if key != name})
        assert [fault["loc"] for fault in refusal.value.errors()] == [(name,)]
    assert read(problem.request, {name: value for name, value in examples(problem).items() if name in required})


@every_shape
def test_unknown_field_is_refused(problem: Problem) -> None:
    with pytest.raises(ValidationError, match="luck"):
        read(problem.request, examples(problem) | {"luck": 1})


@every_shape
def test_both_bounds_are_allowed(problem: Problem) -> None:
    for column in problem.columns:
        for bound in (column.low, column.high):
            if bound is not None:
                assert read(problem.request, examples(problem) | {column.name: bound})


@every_shape
def test_json_schema_of_requests_says_what_is_refused(problem: Problem) -> None:
    schema = problem.request.model_json_schema()
    assert set(schema.get("required", [])) == {c.name for c in problem.columns if not c.optional}
    for column in problem.columns:
        text = json.dumps(schema["properties"][column.name])
        assert ('"pattern"' in text) == (column.kind == "text")
        assert ('"maxLength"' in text) == (column.max_length is not None)
        assert ('"minimum"' in text) == (column.low is not None or column.kind == "integer")
        assert ("x-protected" in text) == column.protected
        assert ("x-personal" in text) == column.personal


@pytest.mark.parametrize(("feature", "label"), [("case", "refused"), ("Refused", "refused"), ("risk", "Case")])
def test_name_of_two_things_is_refused(feature: str, label: str) -> None:
    features = USUAL.features | {feature: (float, ...)}
    shape = dataclasses.replace(USUAL, features=features, label=(label, USUAL.label[1]))
    with pytest.raises(UserError, match=r"^contract\.py: KEY, Features and Label share the name \w+; rename one$"):
        shape.problem()


def test_override_and_blind_need_an_answer_and_accept_has_none() -> None:
    reaction = PROBLEMS["usual"].reaction
    with pytest.raises(ValidationError, match="override and blind need an answer"):
        reaction.model_validate({"verdict": "override"})
    with pytest.raises(ValidationError, match="accept has none"):
        reaction.model_validate({"verdict": "accept", "answer": PROBLEMS["usual"].target.example})
    assert reaction.model_validate({"verdict": "accept"}).answer is None


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[float, Field(ge=5, examples=[1])],
        Annotated[float, Field(ge=5, examples=["a"])],
        Annotated[float, Field(ge=5, le=1)],  # no value fits
        Annotated[int, Field(ge=2**64)],  # whole numbers have 64 bits
        Annotated[int, Field(ge=0, examples=[2.5])],
    ],
)
def test_example_that_does_not_fit_its_field_is_one_line(annotation: Any) -> None:
    shape = dataclasses.replace(USUAL, features=USUAL.features | {"pets": (annotation, ...)})
    with pytest.raises(UserError, match=r"^contract\.py: pets has the example .*; give it examples="):
        shape.problem()
