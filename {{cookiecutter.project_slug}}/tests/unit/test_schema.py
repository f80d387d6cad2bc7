"""What a contract's fields say of themselves."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.schema import PERSONAL, PROTECTED, Strict, columns, fingerprint


class Case(Strict):
    age: Annotated[int, Field(ge=18, le=99, examples=[40], description="Age, years")]
    share: Annotated[float | None, Field(le=1)] = None
    region: Literal["north", "south"]
    sex: Annotated[Literal["female", "male"], PROTECTED]
    name: Annotated[str, PERSONAL]


def test_columns_carry_what_the_fields_say():
    age, share, region, sex, name = columns(Case)
    assert (age.kind, age.low, age.high, age.example, age.expected) == ("integer", 18, 99, 40, "18 to 99")
    assert (share.kind, share.optional, share.expected) == ("number", True, "up to 1")
    assert (region.categories, region.expected, region.example) == (("north", "south"), "one of north, south", "north")
    assert (sex.protected, sex.seen_by_models) == (True, False)
    assert (name.personal, name.seen_by_models, name.kind) == (True, False, "text")


@pytest.mark.parametrize(("kind", "name"), [(bool, "bool"), (dict[str, int], "dict"), (Literal[1, 2], "Literal")])
def test_a_type_that_nothing_understands_is_refused(kind, name):
    class Odd(Strict):
        when: kind

    with pytest.raises(UserError, match=rf"contract\.py: when is .*{name}.*; use float, int, str, or a Literal"):
        columns(Odd)


def test_a_type_that_is_not_known_is_an_error_where_it_is_written():
    with pytest.raises(NameError, match="'Numbr' is not defined"):

        class Odd(Strict):
            share: "Numbr"  # noqa: F821 - which is the point


def test_the_fingerprint_changes_with_a_bound():
    class Wider(Case):
        age: Annotated[int, Field(ge=18, le=100)]

    assert fingerprint(Case) == fingerprint(Case) != fingerprint(Wider)


@pytest.mark.parametrize("model", [contract.Features, contract.Label])
def test_every_field_of_the_contract_is_described(model):
    assert [column.name for column in columns(model) if len(column.description) < 5] == []


def test_the_contract_converts_nothing_in_silence(features):
    number = next(c for c in columns(contract.Features) if c.kind in {"number", "integer"})
    assert contract.Features.model_validate(features)
    for wrong in (str(number.example), True, float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            contract.Features.model_validate(features | {number.name: wrong})


def test_an_override_says_what_is_right_instead():
    with pytest.raises(ValidationError, match="an override needs an answer"):
        contract.Reaction(verdict="override")
    assert contract.Reaction(verdict="accept").answer is None
