"""Whatever the contract allows goes in and comes out again; whatever it does not is refused by name."""

import json

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from strategies import COLUMNS, broken_features, features

from {{ cookiecutter.__package }}.contract import Features

same_each_time = settings(deadline=None, derandomize=True, database=None, max_examples=100)


@same_each_time
@given(features())
def test_what_is_allowed_survives_the_way_through_json(given_features):
    made = Features.model_validate_json(json.dumps(given_features))
    assert made.model_dump() == given_features
    assert Features.model_validate_json(made.model_dump_json()) == made


@same_each_time
@given(broken_features())
def test_one_bad_value_is_refused_with_the_name_of_its_field(broken):
    given_features, name = broken
    with pytest.raises(ValidationError) as refusal:
        Features.model_validate_json(json.dumps(given_features))
    assert {fault["loc"][0] for fault in refusal.value.errors()} == {name}


@pytest.mark.parametrize("column", [column for column in COLUMNS if not column.optional], ids=lambda c: c.name)
def test_a_missing_field_is_refused(column):
    full = {one.name: one.example for one in COLUMNS}
    full.pop(column.name)
    with pytest.raises(ValidationError) as refusal:
        Features.model_validate(full)
    assert [fault["loc"] for fault in refusal.value.errors()] == [(column.name,)]


def test_a_field_that_nobody_asked_for_is_refused():
    with pytest.raises(ValidationError, match="luck"):
        Features.model_validate({column.name: column.example for column in COLUMNS} | {"luck": 1})


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.name)
def test_both_bounds_are_allowed_themselves(column):
    full = {one.name: one.example for one in COLUMNS}
    for bound in (column.low, column.high):
        if bound is not None:
            assert Features.model_validate(full | {column.name: bound})
