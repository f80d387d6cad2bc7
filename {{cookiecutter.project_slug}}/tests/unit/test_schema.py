"""What the fields of a contract say about themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, create_model

from {{ cookiecutter.__package }}.core.checks import checks
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.schema import (
    ACTIONABLE,
    ACTIONABLE_DOWN,
    ACTIONABLE_UP,
    NOMINAL,
    PERSONAL,
    PROTECTED,
    RISING,
    Column,
    Strict,
    columns,
    fingerprint,
)


class Case(Strict):
    age: Annotated[int, Field(ge=18, le=99, examples=[40], description="Age, years")]
    share: Annotated[float | None, RISING, Field(le=1)] = None
    region: Annotated[Literal["north", "south"], NOMINAL]
    sex: Annotated[Literal["female", "male"], PROTECTED]
    name: Annotated[str, PERSONAL]


def column_of(annotation: Any) -> Column:
    [column] = columns(create_model("Odd", __base__=Strict, field=(annotation, ...)))
    return column


def test_columns_carry_what_the_fields_say() -> None:
    age, share, region, sex, name = columns(Case)
    assert (age.kind, age.low, age.high, age.example) == ("integer", 18, 99, 40)
    assert (share.kind, share.optional, share.rising) == ("number", True, True)
    assert (region.categories, region.expected, region.example) == (("north", "south"), "one of north, south", "north")
    assert (region.nominal, sex.nominal) == (True, False)
    assert (sex.protected, sex.is_input) == (True, False)
    assert (name.personal, name.is_input, name.kind) == (True, False, "text")


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Annotated[int, Field(ge=18, le=99)], "a whole number from 18 to 99"),
        (Annotated[int, Field(gt=17, lt=100)], "a whole number from 18 to 99"),
        (Annotated[float, Field(le=1)], "a number, up to 1"),
        (Annotated[float, Field(ge=0.3)], "a number, 0.3 or more"),
        (Annotated[float, Field(gt=0)], "a number, above 0"),
        (Annotated[float, Field(gt=0, le=1)], "a number, above 0, up to 1"),
        (Annotated[float, Field(ge=0, lt=1.5)], "a number, 0 or more, below 1.5"),
        (float, "a number"),
        (str, "text"),
        (Annotated[str, Field(min_length=2)], "text of 2 or more characters"),
        (Annotated[str, Field(min_length=2, max_length=9)], "text of 2 to 9 characters"),
        (Annotated[str, Field(pattern="^[A-Z]+$", examples=["A"])], "text that matches ^[A-Z]+$"),
        (Literal["no", "yes"], "one of no, yes"),
    ],
)
def test_expected_values_are_said_in_words(annotation: Any, expected: str) -> None:
    assert column_of(annotation).expected == expected


@pytest.mark.parametrize("bounds", [{"gt": 0, "lt": 3}, {"gt": -1.5, "lt": 0.1}])
def test_excluded_bounds_leave_out_exactly_the_bound(bounds: dict[str, float]) -> None:
    column = column_of(Annotated[float, Field(**bounds)])
    assert column.low is not None
    assert column.high is not None
    assert bounds["gt"] < column.low <= column.high < bounds["lt"]
    assert set(checks(column)) == {"at_least", "at_most"}


@pytest.mark.parametrize(("kind", "name"), [(bool, "bool"), (dict[str, int], "dict"), (Literal[1, 2], "Literal")])
def test_unknown_type_is_refused(kind: Any, name: str) -> None:
    with pytest.raises(UserError, match=rf"contract\.py: field is .*{name}.*; use float, int, str, or a Literal"):
        column_of(kind)


@pytest.mark.parametrize("constraint", [Field(multiple_of=5), AfterValidator(abs)])
def test_constraint_that_only_requests_would_hold_is_refused(constraint: Any) -> None:
    with pytest.raises(UserError, match=r"contract\.py: tables cannot hold field to .*; use ge, gt, le, lt"):
        column_of(Annotated[int, constraint])


@pytest.mark.parametrize("limits", [{"min_length": 5}, {"max_length": 3}, {"pattern": "^[A-Z]+$"}])
def test_text_without_an_example_that_fits_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"contract\.py: field has limits that 'text' does not fit; give it examples="):
        column_of(Annotated[str, Field(**limits)])


@pytest.mark.parametrize("category", ["", " a", "a\n"])
def test_category_that_tables_cannot_spell_is_refused(category: str) -> None:
    with pytest.raises(UserError, match=r"contract\.py: field has the category "):
        column_of(Literal["b", category])  # type: ignore[valid-type]


def test_nominal_mark_without_categories_is_refused() -> None:
    with pytest.raises(UserError, match=r"contract\.py: field is marked NOMINAL and has no categories"):
        column_of(Annotated[int, NOMINAL])


def test_names_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(UserError, match=r"contract\.py: age and Age differ only in case; rename one"):
        columns(create_model("Odd", __base__=Strict, age=(int, ...), Age=(int, ...)))


@pytest.mark.parametrize("name", ["register", "mro", "model_copy"])
def test_name_that_pydantic_takes_for_its_own_is_refused(name: str) -> None:
    with pytest.warns(UserWarning, match="shadows an attribute"):
        odd = type("Odd", (Strict,), {"__annotations__": {name: int}, "__module__": __name__})
    with pytest.raises(UserError, match=f"contract.py: {name} is the name of something that pydantic's models have"):
        columns(odd)


def test_unknown_name_of_a_type_is_an_error_of_its_line() -> None:
    with pytest.raises(NameError, match="'Numbr' is not defined"):

        class Odd(Strict):
            share: Numbr  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize("mark", [PROTECTED, PERSONAL, RISING, NOMINAL])
def test_fingerprint_changes_with_a_mark(mark: Any) -> None:
    kind = Literal["a", "b"]
    plain, marked = (create_model("Case", __base__=Strict, x=(given, ...)) for given in (kind, Annotated[kind, mark]))
    assert plain.model_json_schema() == marked.model_json_schema()
    assert fingerprint(plain) != fingerprint(marked)


@pytest.mark.parametrize("mark", [ACTIONABLE, ACTIONABLE_UP, ACTIONABLE_DOWN])
def test_what_is_actionable_needs_no_new_model(mark: Any) -> None:
    plain, marked = (create_model("Case", __base__=Strict, x=(given, ...)) for given in (int, Annotated[int, mark]))
    assert fingerprint(plain) == fingerprint(marked)
    assert [each.directions for each in columns(plain)] == [()]
    assert columns(marked)[0].directions


@pytest.mark.parametrize(
    ("annotation", "named"),
    [
        (Annotated[int, ACTIONABLE, PROTECTED], "ACTIONABLE and PROTECTED"),
        (Annotated[int, ACTIONABLE_UP, PERSONAL], "ACTIONABLE_UP and PERSONAL"),
        (Annotated[int, ACTIONABLE_UP, ACTIONABLE_DOWN], "ACTIONABLE_UP and ACTIONABLE_DOWN"),
        (Annotated[str, ACTIONABLE], "ACTIONABLE and text"),
        (Annotated[Literal["a", "b"], ACTIONABLE_UP, NOMINAL], "ACTIONABLE_UP and NOMINAL"),
    ],
)
def test_actionable_mark_that_contradicts_another_is_refused(annotation: Any, named: str) -> None:
    with pytest.raises(UserError, match=rf"contract\.py: field is {named}, which do not go together; remove a mark"):
        column_of(annotation)


def test_fingerprint_changes_with_a_bound() -> None:
    class Wider(Case):
        age: Annotated[int, Field(ge=18, le=100)]

    assert fingerprint(Case) == fingerprint(Case) != fingerprint(Wider)
