"""The same values go in as requests, as training rows, as files to score and as recorded decisions.

Whatever one way accepts all of them accept, and read alike. Three things differ by design: spellings that exist
only where all cells are text (`TEXT_ONLY`), typed cells of a table in columns of text, which are read as they are
spelt, and personal columns, which tables never read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from problems import KEY, SHAPES
from pydantic import ValidationError

from {{ cookiecutter.__package }}.core.checks import checks
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.problem import Problem
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.core.source import PLAIN
from {{ cookiecutter.__package }}.data import collect, curate, recorded, validate
from {{ cookiecutter.__package }}.stores import columns
from {{ cookiecutter.__package }}.stores.convert import convert, to_text
from {{ cookiecutter.__package }}.stores.files import read_rows
from {{ cookiecutter.__package }}.stores.lake import Lake, open_lake

REFUSED = "refused"
# In a file of text every cell is text: numbers are spelled, spaces around them are ignored, and words say
# that a value is missing. In JSON the same characters are a text, which is no number and no missing value.
TEXT_ONLY = {
    **dict.fromkeys(("7", " 7", "7 ", "\t7\r", "\u00a07", "+7", "7.", "7.0", "7e0", "007", "70e-1"), 7),
    **dict.fromkeys((".5", "5e-1", " 0.5", "+.5"), 0.5),
    **dict.fromkeys(("", " ", "NA", "null", "NaN", "nan", "N/A", "#N/A"), None),
}
NO_NUMBERS = [
    "1_001",
    "0x10",
    "\uff11\uff12",
    "7,5",
    "-",
    "+",
    ".",
    "e5",
    "inf",
    "-inf",
    "Infinity",
    "1e",
    "7 7",
    "7\x00",
]
NO_NUMBERS += ["--7", "True", "None", "na", "1e5x", "'7'", "=7", "7%"]
NUMBERS = (
    "1_001",
    "0x10",
    "\uff11\uff12",
    "7,5",
    "-",
    "+",
    ".",
    "e5",
    "inf",
    "-inf",
    "Infinity",
    "1e",
    "7 7",
    "7\x00",
    "٣",
    "½",
)
NO_NUMBERS += ("--7", "True", "None", "na", "1e5x", "'7'", "=7", "7%")
NUMBERS = (0, -0.0, 0.5, -0.5, 3.0, 3.5, 7, 1e300, -1e300, 5e-324, 0.1 + 0.2, 1e16, 123456.789)
NUMBERS += (2**53 + 1, -(2**53) - 1, 10**18, 10**18 + 1, 2**63 - 1, -(2**63) + 1, -(2**63), 2**63, 2**64, 10**40)
NO_JSON_NUMBERS = (math.inf, -math.inf, math.nan)
OTHER_TYPES = (True, False, [], {}, [1], {"a": 1})
TEXTS = (
    "",
    "a",
    " a",
    "a ",
    "NA",
    "null",
    "7",
    "a\nb",
    "a\r\nb",
    'a "b" c',
    "a,b",
    "a\x00b",
    "\x00",
    "x" * 10_000,
    "ä€😀",
)


PROBLEMS = {name: shape.problem() for name, shape in SHAPES.items()}


def pairs(only: Callable[[Column], bool]) -> list[Any]:
    return [
        pytest.param(problem, column, id=f"{name}-{column.name}")
        for name, problem in PROBLEMS.items()
        for column in {(c.kind, c.optional, "NA" in c.categories): c for c in reversed(problem.stored)}.values()
        if only(column)
    ]


@pytest.fixture(scope="module")
def lake() -> Any:
    with open_lake("duckdb://") as lake:
        yield lake


def values_of(column: Column) -> list[Any]:
    """Return values at, just inside and just outside what a column allows, and values of other kinds."""
    found: list[Any] = [None, *NUMBERS, *NO_JSON_NUMBERS, *OTHER_TYPES, *TEXTS, *TEXT_ONLY, *NO_NUMBERS]
    for bound in (column.low, column.high):
        if bound is not None:
            found += [bound, float(bound), math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf)]
            found += [bound + 1, bound - 1, int(bound)]
    for category in column.categories:
        found += [category, category.upper(), category.lower(), f" {category}", f"{category} ", category + category]
    if column.max_length is not None:
        found += ["ä" * column.max_length, "ä" * (column.max_length + 1)]
    return found


def by_request(problem: Problem, column: Column, value: Any) -> Any:
    features = {c.name: c.example for c in problem.columns} | {column.name: value}
    try:
        return getattr(problem.request.model_validate_json(json.dumps(features)), column.name)
    except ValidationError as error:
        return REFUSED if {fault["loc"][0] for fault in error.errors()} == {column.name} else str(error)


def by_table(lake: Lake, column: Column, batches: list[pa.RecordBatch]) -> dict[str, Any]:
    """Return the values of a column by key, as the data wheel takes them into the training table."""
    rows = lake.stage(pa.Table.from_batches(batches)).mutate(**{curate.ORDER: 0})
    curated = lake.stage(curate.curate(lake, rows))
    usable, _ = curate.split_usable(curated)
    own = (collect.KEY, collect.SUBJECT, collect.ORIGIN, collect.TIME)
    validate.validate(usable.select(*own, column.name), [column])
    rows = curated.to_pyarrow().to_pylist()
    return {row[collect.KEY]: REFUSED if row[collect.REASON] else row[column.name] for row in rows}


def read_without_contradictions(chunk: pa.RecordBatch, column: Column) -> Any:
    values, faults = columns.read_column(chunk, column)
    return values, [fault._replace(contradicts=False) for fault in faults]


def by_training(lake: Lake, problem: Problem, column: Column, source: Path) -> list[Any]:
    with pytest.MonkeyPatch.context() as patch:  # every row is looked at, not only the first ones that are refused
        patch.setattr(collect, "read_column", read_without_contradictions)
        found = by_table(lake, column, list(collect.read_file(source, problem)))
    return [found[f"c{place}"] for place in range(len(found))]


def by_score(source: Path, column: Column) -> list[Any]:
    found = []
    for chunk, _ in read_rows(source):
        for place in range(chunk.num_rows):
            values, faults = columns.read_column(convert(chunk.slice(place, 1), [column], PLAIN), column)
            found += [REFUSED] if faults else values.to_pylist()
    return found


def by_ledger(lake: Lake, problem: Problem, column: Column, values: list[Any]) -> list[Any]:
    features = {c.name: c.example for c in problem.stored}
    answer = problem.target.example
    decisions = [
        {"id": f"c{place}", "features": features | {column.name: value}, "answer": answer, "verdict": "accept"}
        for place, value in enumerate(values)
    ]
    found = by_table(lake, column, [recorded.read_decisions(decisions, problem, ["reaction"])])
    return [found[f"c{place}"] for place in range(len(values))]


def write_csv(path: Path, problem: Problem, column: Column, cells: list[str]) -> Path:
    fixed = {c.name: c.example for c in (*problem.columns, problem.target) if c.name != column.name}
    table = {KEY: [f"c{place}" for place in range(len(cells))], column.name: cells}
    table |= {name: [str(value)] * len(cells) for name, value in fixed.items()}
    pyarrow.csv.write_csv(pa.table(table), path)
    return path


def write_parquet(path: Path, problem: Problem, column: Column, cells: pa.Array) -> Path:
    fixed = {c.name: c.example for c in (*problem.columns, problem.target) if c.name != column.name}
    table = {KEY: [f"c{place}" for place in range(len(cells))]} | {k: [v] * len(cells) for k, v in fixed.items()}
    pyarrow.parquet.write_table(pa.table(table).append_column(column.name, cells), path)
    return path


def same(first: Any, second: Any) -> bool:
    """Return whether two values are the same, of the same type; whole numbers are compared exactly."""
    return first == second and (first is None or isinstance(first, str) == isinstance(second, str))


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "column"), pairs(lambda _: True))
def test_recorded_value_is_accepted_as_in_a_request(lake: Lake, problem: Problem, column: Column) -> None:
    values = [value for value in values_of(column) if value not in NO_JSON_NUMBERS and value == value]  # noqa: PLR0124
    requested = [by_request(problem, column, value) for value in values]
    recorded = by_ledger(lake, problem, column, values)
    assert [(v, a, b) for v, a, b in zip(values, requested, recorded, strict=True) if not same(a, b)] == []
    assert REFUSED in requested
    assert any(found != REFUSED for found in requested)


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "column"), pairs(lambda _: True))
def test_cell_of_a_csv_file_is_accepted_as_in_a_request(
    lake: Lake, problem: Problem, column: Column, tmp_path: Path
) -> None:
    values = [value for value in values_of(column) if isinstance(value, str) and "\x00" not in value]
    if column.is_numeric:
        values += [value for value in values_of(column) if type(value) in (int, float)]
    read: list[Any] = [*values]
    for place, value in enumerate(values):
        if column.is_numeric and value in TEXT_ONLY and isinstance(value, str):
            read[place] = TEXT_ONLY[value]
        elif column.categories and isinstance(value, str):
            word = value.strip(" \t\r\n")
            read[place] = None if TEXT_ONLY.get(word, 0) is None and word not in column.categories else word
        elif isinstance(value, float) and math.isnan(value):
            read[place] = None
    wanted = [by_request(problem, column, value) for value in read]
    source = write_csv(tmp_path / "rows.csv", problem, column, [str(value) for value in values])
    for found in (by_training(lake, problem, column, source), by_score(source, column)):
        assert [(v, a, b) for v, a, b in zip(values, wanted, found, strict=True) if not same(a, b)] == []


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "column"), pairs(lambda _: True))
def test_typed_cell_of_a_parquet_file_is_accepted_as_in_a_request(
    lake: Lake, problem: Problem, column: Column, tmp_path: Path
) -> None:
    values = values_of(column)
    floats = [value for value in values if type(value) is float and (column.is_numeric or math.isfinite(value))]
    whole = [value for value in values if type(value) is int and abs(value) < 2**63]
    kinds = {
        "float64": pa.array(floats),
        "float32": pa.array(np.array([0.5, 3.0, 0.1, 7.0], np.float32)),
        "int64": pa.array(whole, pa.int64()),
        "uint64": pa.array([0, 7, 2**63 - 1, 2**63, 2**64 - 1], pa.uint64()),
        "decimal": pa.array(["0.50", "3.00", "7.00"]).cast(pa.decimal128(9, 2)),
        "text": pa.array([value for value in values if isinstance(value, str)] if not column.is_numeric else ["7"]),
        "dictionary": pa.array(["a", "7"]).dictionary_encode(),
        "missing": pa.nulls(2),
        "missing as NaN": pa.array([math.nan, math.nan]),
        "boolean": pa.array([True, False]),
        "lists": pa.array([[1], [2]]),
    }
    for kind, cells in kinds.items():
        read = (cells if column.is_numeric else to_text(cells)).to_pylist()
        if kind == "decimal" and column.is_numeric:
            read = [float(value) for value in read]
        if column.is_numeric and kind in ("text", "dictionary"):
            read = [7 if value == "7" else value for value in read]
        if column.categories and kind in ("text", "dictionary"):
            words = [value.strip(" \t\r\n") for value in read]
            read = [None if TEXT_ONLY.get(w, 0) is None and w not in column.categories else w for w in words]
        read = [None if isinstance(value, float) and math.isnan(value) else value for value in read]
        wanted = [by_request(problem, column, value) for value in read]
        source = write_parquet(tmp_path / f"{kind}.parquet", problem, column, cells)
        for found in (by_training(lake, problem, column, source), by_score(source, column)):
            assert [(kind, v, a, b) for v, a, b in zip(read, wanted, found, strict=True) if not same(a, b)] == []


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["at_least", "at_most", "finite", "one_of", "max_length", "no_nul"])
def test_sabotage_a_check_that_one_way_does_not_make_is_seen(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    every = [pair.values for pair in pairs(lambda column: missing in checks(column))]
    monkeypatch.setitem(columns.CHECKS, missing, lambda values, _: pa.array([True] * len(values)))
    with pytest.raises((AssertionError, UserError)):  # noqa: PT012
        for place, (problem, column) in enumerate(every):
            (tmp_path / str(place)).mkdir()
            test_typed_cell_of_a_parquet_file_is_accepted_as_in_a_request(lake, problem, column, tmp_path / str(place))


def test_infinity_is_refused_everywhere_in_a_column_without_an_upper_bound(lake: Lake, tmp_path: Path) -> None:
    problem = PROBLEMS["usual"]
    column = next(c for c in problem.inputs if c.kind == "number" and c.high is None)
    cells = ["inf", "Infinity", "1e999", "-inf", "-1e999"]
    source = write_csv(tmp_path / "rows.csv", problem, column, cells)
    assert {*by_training(lake, problem, column, source), *by_score(source, column)} == {REFUSED}
    assert {by_request(problem, column, value) for value in (math.inf, -math.inf)} == {REFUSED}


def test_whole_numbers_of_64_bits_are_exact_in_the_training_table(lake: Lake, tmp_path: Path) -> None:
    column = Column("count", "integer", "", 1)
    wanted = [10**18 + 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63) + 1]
    values, faults = columns.read_column(pa.record_batch({"count": [str(n) for n in wanted]}), column)
    assert (values.to_pylist(), faults) == (wanted, [])
    table = lake.stage(pa.table({collect.KEY: [str(n) for n in wanted], "count": values}))
    assert {int(row[collect.KEY]): row["count"] for row in table.to_pyarrow().to_pylist()} == {n: n for n in wanted}
