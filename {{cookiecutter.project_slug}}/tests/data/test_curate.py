"""Rows that cannot be used are set aside with their reason; contradictions stop the run."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import ibis
import pyarrow as pa
import pyarrow.parquet
import pytest
from pydantic import Field

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.schema import Strict, columns
from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.data import collect, curate, transform, validate
from {{ cookiecutter.__package }}.data.collect import KEY, ORIGIN, REASON, SUBJECT, TIME
from {{ cookiecutter.__package }}.data.labels import ACCEPT, FILE
from {{ cookiecutter.__package }}.stores.lake import FOLD, ROW, SOURCE, Lake, open_lake


class Case(Strict):
    age: Annotated[int, Field(ge=18, le=99)]
    share: Annotated[float | None, Field(ge=0, le=1)]
    region: Literal["north", "south"]
    note: Annotated[str | None, Field(max_length=5)]


COLUMNS = columns(Case)
# what `read_file` asks of a problem; the last column stands for the label
ASKED = {"columns": COLUMNS[:-1], "stored": COLUMNS[:-1], "target": COLUMNS[-1], "source": Source()}
PROBLEM: Any = SimpleNamespace(key="key", joins=(), joined=frozenset(), **ASKED)
CELLS = {"key": "a", "age": "40", "share": "0.5", "region": "north", "note": ""}
GOOD = {KEY: "a", "age": 40, "share": 0.5, "region": "north", "note": None, REASON: None}
GOOD |= {SUBJECT: None, ORIGIN: FILE, TIME: None, SOURCE: "a.csv", ROW: 1}
SCHEMA = pa.schema({name: pa.string() for name in GOOD} | {"age": pa.int64(), "share": pa.float64(), ROW: pa.int64()})


@pytest.fixture(scope="module")
def lake() -> Iterator[Lake]:
    with open_lake("duckdb://") as lake:
        yield lake


@pytest.fixture
def curate_file(lake: Lake, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that collects and curates a file of rows of text."""

    def run(*rows: dict[str, str]) -> Any:
        source = tmp_path / "rows.csv"
        with source.open("w", newline="") as file:
            writer = csv.DictWriter(file, CELLS)
            writer.writeheader()
            writer.writerows(rows)
        return curate.curate(lake, in_order(lake.stage(pa.Table.from_batches(collect.read_file(source, PROBLEM)))))

    return run


def curated(lake: Lake, *rows: dict[str, Any]) -> Any:
    return curate.curate(lake, in_order(lake.stage(pa.Table.from_pylist(list(rows), SCHEMA))))


def in_order(table: Any) -> Any:
    return table if curate.ORDER in table.columns else table.mutate(**{curate.ORDER: 0})


def listed(rows: Any) -> list[dict[str, Any]]:
    return list(rows.order_by(KEY).to_pyarrow().to_pylist())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age": ""}, "age is empty"),
        ({"age": "  "}, "age is empty"),
        ({"age": "NA"}, "age is empty"),
        ({"age": "17"}, "age is '17', expected a whole number from 18 to 99"),
        ({"share": "1.5"}, "share is '1.5', expected a number from 0 to 1"),
        ({"note": "123456"}, "note is '123456', expected text of 0 to 5 characters"),
        ({"age": "100", "region": ""}, "age is '100', expected a whole number from 18 to 99; region is empty"),
        ({"key": " "}, "the key is empty"),
        ({"key": " ", "age": ""}, "age is empty; the key is empty"),
    ],
)
def test_unusable_row_is_quarantined_with_its_reason(curate_file: Any, change: dict[str, Any], reason: str) -> None:
    usable, quarantine = curate.split_usable(curate_file(CELLS, CELLS | {"key": "b"} | change))
    assert [row[KEY] for row in listed(usable)] == ["a"]
    assert [row[REASON] for row in listed(quarantine)] == [reason]


def test_spaces_around_a_key_are_no_part_of_it(curate_file: Any) -> None:
    usable, quarantine = curate.split_usable(curate_file(CELLS | {"key": " b"}, CELLS | {"key": "b\u00a0"}))
    assert ([row[KEY] for row in listed(usable)], listed(quarantine)) == (["b"], [])


def test_cells_get_their_type_and_optional_ones_may_be_empty(curate_file: Any) -> None:
    usable, quarantine = curate.split_usable(curate_file(CELLS | {"share": "NA", "age": " 41 ", "note": " x"}))
    assert listed(quarantine) == []
    [row] = listed(usable)
    values = {"age": 41, "share": None, "region": "north", "note": " x"}
    assert row == {KEY: "a", SUBJECT: None, ORIGIN: FILE, TIME: None, **values}


@pytest.mark.parametrize(
    ("rows", "ages"),
    [
        ([{"age": 40}, {"age": 41, curate.ORDER: 1}], [41]),
        ([{"age": 41, curate.ORDER: 1}, {"age": 40}], [41]),
        ([{}, {ROW: 2}, {ROW: 3}], [40]),
        ([{"age": 1, REASON: "age is 1"}, {curate.ORDER: 1}, {curate.ORDER: 1, ROW: 2}], [40]),
        ([{}, {"age": 1, curate.ORDER: 1, REASON: "age is 1"}], []),
    ],
    ids=["later", "earlier", "copies", "corrected", "spoilt"],
)
def test_latest_row_of_a_key_is_kept_and_copies_are_left_out(lake: Lake, rows: Any, ages: list[int]) -> None:
    schema = SCHEMA.append(pa.field(curate.ORDER, pa.int64()))
    table = pa.Table.from_pylist([GOOD | {curate.ORDER: 0} | row for row in [*rows, {KEY: "b", "age": 99}]], schema)
    usable, quarantine = curate.split_usable(curate.curate(lake, lake.stage(table)))
    assert [row["age"] for row in listed(usable)] == [*ages, 99]
    assert quarantine.count().to_pyarrow().as_py() == 1 - len(ages)


def test_rows_of_one_key_are_all_quarantined(lake: Lake) -> None:
    usable, quarantine = curate.split_usable(curated(lake, GOOD, GOOD | {"age": 50}))
    assert listed(usable) == []
    assert [row[REASON] for row in listed(quarantine)] == ["the key is not unique"] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age": "forty"}, "row 2 (b): age is 'forty', expected a whole number from 18 to 99"),
        ({"age": "40.5"}, "row 2 (b): age is '40.5', expected a whole number from 18 to 99"),
        ({"share": "inf"}, "row 2 (b): share is 'inf', expected a number from 0 to 1"),
        ({"region": "east"}, "row 2 (b): region is 'east', expected one of north, south"),
    ],
)
def test_contradiction_names_row_column_and_value(curate_file: Any, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError) as refusal:
        curate_file(CELLS, CELLS | {"key": "b"} | change)
    file, _, message = str(refusal.value).partition(": ")
    assert Path(file).name == "rows.csv"
    assert message == f"{reason}; correct the source, or widen contract.py"


def test_only_the_first_contradictions_are_shown(curate_file: Any) -> None:
    with pytest.raises(
        UserError,
        match=r"rows\.csv: row 1 \(0\): age is 'x', .*; row 3 \(2\): age is 'x', [^;]*; and more; correct the",
    ):
        curate_file(*(CELLS | {"key": str(place), "age": "x"} for place in range(9)))


def test_too_many_unusable_rows_of_a_file_are_refused(curate_file: Any) -> None:
    table = curate_file(CELLS, CELLS | {"key": "b", "age": "1"})
    assert curate.check_share(table, 0.5) == curate.Counts(usable=1, quarantined=1, incomplete=0)
    with pytest.raises(UserError, match=r"1 of 2 rows are unusable, the plan allows 10%.*b: age is '1'"):
        curate.check_share(table, 0.1)
    with pytest.raises(UserError, match=r"the plan allows 0.05% \(data"):
        curate.check_share(table, 0.0005)


def test_unusable_reactions_do_not_count_as_faults_of_a_file(lake: Lake) -> None:
    old = [GOOD | {KEY: str(place), ORIGIN: ACCEPT, REASON: "age is 7"} for place in range(9)]
    table = curated(lake, GOOD, *old)
    assert curate.check_share(table, 0.0) == curate.Counts(usable=1, quarantined=9, incomplete=0)
    assert {row[REASON] for row in listed(table)} == {"", "age is 7"}


def test_no_usable_row_is_refused(curate_file: Any) -> None:
    with pytest.raises(UserError, match=r"^no row is usable: a: age is '1'"):
        curate.check_share(curate_file(CELLS | {"age": "1"}), 1.0)


@pytest.mark.parametrize(
    ("column", "value"),
    [("age", 17), ("share", 2.0), ("region", None), ("region", "east"), ("note", "123456"), (KEY, None)],
)
def test_sabotage_row_that_curate_lets_through_is_seen_by_validate(lake: Lake, column: str, value: Any) -> None:
    usable, _ = curate.split_usable(curated(lake, GOOD, GOOD | {KEY: "b"}))
    validate.validate(usable, COLUMNS)
    kind = usable[column].type()
    wrong = usable.mutate(**{column: ibis.literal(value, type=kind)})
    with pytest.raises(UserError, match=f"the curated table does not fit the contract: {column}.* in 2 rows"):
        validate.validate(wrong, COLUMNS)


def test_sabotage_column_of_another_type_is_seen_by_validate(lake: Lake) -> None:
    usable, _ = curate.split_usable(curated(lake, GOOD))
    with pytest.raises(UserError, match="age: the type is double, not int64; extra: not a column of the contract"):
        validate.validate(usable.mutate(age=usable.age.cast("float64"), extra=1), COLUMNS)


def test_fold_of_a_row_depends_on_its_key_alone(lake: Lake) -> None:
    texts = pa.schema({KEY: pa.string(), SUBJECT: pa.string()})
    few, many = ([{KEY: f"row {place}"} for place in range(count)] for count in (50, 500))
    found = [
        {row[KEY]: row[FOLD] for row in listed(transform.add_folds(lake.stage(pa.Table.from_pylist(rows, texts)), 5))}
        for rows in (few, many)
    ]
    assert found[0].items() <= found[1].items()
    sizes = [list(found[1].values()).count(fold) for fold in range(5)]
    assert sum(sizes) == 500
    assert min(sizes) > 70
    assert [found[1][f"row {place}"] for place in range(4)] == [3, 1, 0, 4]  # as in every release


@pytest.mark.parametrize(
    ("column", "cells", "reason"),
    [
        ("age", [True], r"row 1 \(a\): age is True, expected a whole number from 18 to 99; correct the source"),
        ("region", [7], r"row 1 \(a\): region is '7', expected one of north, south; correct the source"),
        ("key", [b"\xff"], "rows.parquet: Invalid UTF8.*; make key a column of text"),
    ],
)
def test_parquet_column_of_another_type_is_refused(tmp_path: Path, column: str, cells: Any, reason: str) -> None:
    table = pa.table({"key": ["a"], "age": [40], "share": [0.5], "region": ["north"], "note": ["x"]} | {column: cells})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(UserError, match=reason):
        list(collect.read_file(tmp_path / "rows.parquet", PROBLEM))


@pytest.mark.parametrize(("name", "group"), [("who", "who"), (SUBJECT, "")])
def test_rows_of_one_group_share_a_fold_and_rows_without_one_have_their_own(lake: Lake, name: str, group: str) -> None:
    """Rows of one patient in two folds let a model recognise the patient."""
    rows = [{KEY: f"k{place}", name: place % 40 if place < 200 else None} for place in range(400)]
    table = lake.stage(pa.Table.from_pylist(rows))
    found = listed(transform.add_folds(table, 5, group=group))
    folds: dict[object, set[int]] = {}
    for row in found:
        folds.setdefault(row[name], set()).add(row[FOLD])
    assert folds.pop(None) == set(range(5))
    assert all(len(one) == 1 for one in folds.values())
    assert set.union(*folds.values()) == set(range(5))


def test_folds_by_time_are_consecutive_blocks(lake: Lake) -> None:
    rows = [{KEY: f"k{place}", "day": float(place * 7 % 100)} for place in range(100)]
    found = listed(transform.add_folds(lake.stage(pa.Table.from_pylist(rows)), 4, time="day"))
    assert [row[FOLD] for row in sorted(found, key=lambda row: row["day"])] == [0] * 25 + [1] * 25 + [2] * 25 + [3] * 25


@pytest.mark.parametrize("option", ["group", "time"])
def test_split_by_an_unknown_column_is_one_line(lake: Lake, option: str) -> None:
    table = lake.stage(pa.Table.from_pylist([{KEY: "a"}]))
    with pytest.raises(UserError, match=rf"plan\.toml: data\.{option}: ward is not a column of contract\.py"):
        transform.add_folds(table, 5, **{option: "ward"})
