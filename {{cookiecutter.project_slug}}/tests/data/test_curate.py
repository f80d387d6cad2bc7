"""Rows that cannot be used wait with their reason; contradictions stop everything."""

from typing import Annotated, Literal

import ibis
import pytest
from pydantic import Field

from {{ cookiecutter.__package }}.data import collect, curate, transform, validate
from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.schema import PERSONAL, Strict, columns


class Case(Strict):
    age: Annotated[int, Field(ge=18, le=99)]
    share: Annotated[float | None, Field(ge=0, le=1)]
    region: Literal["north", "south"]
    name: Annotated[str, PERSONAL]


COLUMNS = columns(Case)
GOOD = {"key": "a", "age": "40", "share": "0.5", "region": "north", "name": "Ada Lovelace"}


def table(*rows):
    schema = ibis.schema(dict.fromkeys(GOOD, "string"))
    return ibis.memtable(list(rows), schema=schema).mutate(origin=ibis.literal("collected"))


def curated(*rows):
    return curate.split(curate.judge(curate.type_columns(table(*rows), COLUMNS, key="key"), COLUMNS, key="key"))


def listed(rows):
    return rows.order_by("key").to_pyarrow().to_pylist()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age": None}, "age is empty"),
        ({"age": "  "}, "age is empty"),
        ({"age": "17"}, "age is 17, expected 18 to 99"),
        ({"share": "1.5"}, "share is 1.5, expected 0 to 1"),
        ({"age": "100", "region": None}, "age is 100, expected 18 to 99; region is empty"),
    ],
)
def test_a_row_that_cannot_be_used_keeps_its_reason(change, reason):
    usable, quarantine = curated(GOOD, GOOD | {"key": "b"} | change)
    assert [row["key"] for row in listed(usable)] == ["a"]
    assert [(row["key"], row["reason"]) for row in listed(quarantine)] == [("b", reason)]


def test_an_optional_cell_may_be_empty_and_text_is_typed():
    usable, quarantine = curated(GOOD | {"share": "", "age": " 41 "})
    assert listed(quarantine) == []
    assert listed(usable) == [{"key": "a", "origin": "collected", "age": 41, "share": None, "region": "north"}]


def test_rows_of_one_key_are_all_set_aside():
    usable, quarantine = curated(GOOD, GOOD | {"age": "50"})
    assert listed(usable) == []
    assert [row["reason"] for row in listed(quarantine)] == ["key is not unique"] * 2


def test_what_is_personal_goes_no_further():
    usable, quarantine = curated(GOOD, GOOD | {"key": "b", "age": "1"})
    assert "name" not in [*usable.columns, *quarantine.columns]
    assert "Lovelace" not in str(listed(usable) + listed(quarantine))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": "forty"}, "key b: age is 'forty', expected 18 to 99"),
        ({"age": "40.5"}, "key b: age is '40.5', expected 18 to 99"),
        ({"share": "half"}, "key b: share is 'half', expected 0 to 1"),
        ({"region": "east"}, "key b: region is 'east', expected one of north, south"),
    ],
)
def test_a_contradiction_names_row_column_and_value(change, said):
    with pytest.raises(UserError) as refusal:
        curated(GOOD, GOOD | {"key": "b"} | change)
    assert said in str(refusal.value)
    assert "correct the source, or widen contract.py" in str(refusal.value)


def test_too_many_unusable_rows_are_refused():
    usable, quarantine = curated(GOOD, GOOD | {"key": "b", "age": "1"})
    assert curate.check_share(usable, quarantine, 0.5) == (1, 1)
    with pytest.raises(UserError, match=r"1 of 2 rows are unusable, the plan allows 10.0%.*b: age is 1"):
        curate.check_share(usable, quarantine, 0.1)


@pytest.mark.parametrize(
    ("change", "column"), [({"age": "17"}, "age"), ({"share": "2"}, "share"), ({"region": None}, "region")]
)
def test_sabotage_a_row_that_curate_lets_through_is_seen_by_validate(change, column):
    typed = curate.type_columns(table(GOOD, GOOD | {"key": "b"} | change), COLUMNS, key="key")
    with pytest.raises(UserError, match=f"the curated table breaks the contract: {column}"):
        validate.validate(typed, COLUMNS, key="key")


def test_a_curated_table_is_valid():
    usable, _ = curated(GOOD)
    assert listed(validate.validate(usable, COLUMNS, key="key")) == listed(usable)


def test_folds_depend_on_the_key_alone():
    few = [{"key": f"row {n}"} for n in range(50)]
    many = [{"key": f"row {n}"} for n in range(500)]
    folded = [
        {row["key"]: row["fold"] for row in listed(transform.with_folds(ibis.memtable(rows), key="key", folds=5))}
        for rows in (few, many)
    ]
    assert folded[0].items() <= folded[1].items()
    sizes = [list(folded[1].values()).count(fold) for fold in range(5)]
    assert sum(sizes) == 500
    assert min(sizes) > 70


def test_reactions_become_rows_with_their_label():
    names = ["key", "age", "right"]
    made = {"id": "1", "features": {"age": 40}, "answer": "no", "verdict": "accept", "reaction_answer": None}
    rows = collect.from_reactions(
        [made, made | {"id": "2", "verdict": "override", "reaction_answer": "yes"}], names, key="key", target="right"
    )
    assert listed(rows) == [
        {"key": "1", "age": "40", "right": "no", "origin": "reaction"},
        {"key": "2", "age": "40", "right": "yes", "origin": "reaction"},
    ]
    early = collect.from_reactions([made], names, key="key", target="right", needed=["age", "height"])
    assert [row["origin"] for row in listed(early)] == [collect.EARLY]
    assert collect.from_reactions([], names, key="key", target="right") is None
