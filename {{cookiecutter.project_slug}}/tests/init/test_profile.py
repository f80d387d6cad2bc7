"""What a column is follows from its cells: kinds, bounds, categories, missing values and names."""

from __future__ import annotations

import keyword
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.schema import Strict, columns
from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.init.answers import as_answer
from {{ cookiecutter.__package }}.init.columns.bounds import choose_bounds
from {{ cookiecutter.__package }}.init.columns.categories import order_categories
from {{ cookiecutter.__package }}.init.columns.date_profile import date_part
from {{ cookiecutter.__package }}.init.columns.names import describe_name, python_names
from {{ cookiecutter.__package }}.init.columns.profile import profile_column
from {{ cookiecutter.__package }}.init.study import study
from {{ cookiecutter.__package }}.init.table import Options, Profile
from {{ cookiecutter.__package }}.stores.columns import read_column
from {{ cookiecutter.__package }}.stores.convert import convert

GERMAN = Source(decimal=",", thousands=".")
DAYS = [date(2020, 1, 31), date(2021, 2, 3)]


def profile(cells: Any, name: str = "x", source: Source | None = None, **options: Any) -> Profile:
    values = cells if isinstance(cells, pa.Array) else pa.array(cells, pa.string())
    return profile_column(name, python_names([name])[0], pa.chunked_array([values]), source or Source(), **options)


KINDS = {
    "whole numbers": (["1", "5", "7"] * 5, "integer", [1, 5, 7]),
    "numbers": (["1.5", "2", "7e1"] * 5, "number", [1.5, 2, 70]),
    "whole numbers with gaps, as floats": (["1.0", None, "3.0"] * 5, "integer", [1, None, 3]),
    "amounts without cents": (["1.00", "2.00", "5.00"] * 5, "number", [1, 2, 5]),
    "whole numbers of more than 53 bits": ([str(10**18 + 1), str(10**18 + 2)] * 5, "integer", [1e18, 1e18]),
    "whole numbers of more than 64 bits": ([str(2**63), str(2**63 + 1)], "text", [str(2**63)]),
    "postcodes": (["01067", "10115"] * 5, "category", ["01067", "10115"]),
    "ISO dates": (["2020-01-31", "2021-02-03"] * 5, "date", [18292, 18661]),
    "dates with points": (["31.01.2020", "3.2.2021"] * 5, "date", [18292, 18661]),
    "American dates": (["01/31/2020", "02/03/2021"] * 5, "date", [18292, 18661]),
    "European dates": (["31/01/2020", "03/02/2021"] * 5, "date", [18292, 18661]),
    "dates in words": (["Jan 31, 2020", "Feb 3, 2021"] * 5, "date", [18292, 18661]),
    "dates as numbers": (["20200131", "20210203", "20210204"] * 5, "date", [18292, 18661]),
    "dates with times": (["2020-01-31T10:20:00Z", "2021-02-03T11:00:00Z"] * 5, "date", [18292, 18661]),
    "dates with and without fractions": (["2020-01-31 10:20:00.5", "2021-02-03 11:00:00"] * 5, "date", [18292, 18661]),
    "dates of other centuries": (["1066-10-14", "9999-12-31"] * 5, "date", [-329893, 2932896]),
    "times of day": (["12:30", "01:10"] * 5, "integer", [12, 1]),
    "categories": (["red", "green", "blue"] * 5, "category", ["red", "green", "blue"]),
    "remarks": ([f"a remark, number {place}" for place in range(30)], "text", ["a remark, number 0"]),
    "remarks, some of them alike": (["none"] * 50 + [f"it is {n}" for n in range(40)], "text", ["none"]),
    "nothing": ([None, "NA", ""], "empty", [None, None]),
    "typed numbers": (pa.array([1, 5, None]), "integer", [1, 5, None]),
    "typed floats": (pa.array([1.0, 5.0]), "number", [1, 5]),
    "typed floats with gaps": (pa.array([1.0, 5.0, None]), "integer", [1, 5, None]),
    "typed dates": (pa.array(DAYS), "date", [18292, 18661]),
    "typed flags": (pa.array([True, False, None]), "category", ["yes", "no", None]),
    "lists": (pa.array([[1], [2]]), "text", ["[1]", "[2]"]),
    "lists that repeat": (pa.array([["é"], []] * 5), "category", ['["é"]', "[]"]),
    "typed times": (pa.array([time(7, 30), time(23)] * 5), "integer", [7, 23]),
    "typed durations": (pa.array([60, 90] * 5, pa.duration("s")), "integer", [60, 90]),
    "typed categories": (pa.array(["a", "b"] * 3).dictionary_encode(), "category", ["a", "b"]),
    "no values": (pa.nulls(3), "empty", [None]),
}


@pytest.mark.parametrize("case", KINDS)
def test_kind_and_values_follow_from_the_cells(case: str) -> None:
    cells, kind, values = KINDS[case]
    found = profile(cells)
    assert (found.kind, found.values.to_pylist()[: len(values)]) == (kind, values)
    assert found.rows == len(cells) == len(found.values)
    assert found.missing == found.values.null_count


@pytest.mark.parametrize(
    ("texts", "unit", "values"),
    [
        (["12 %", "7%", "13 %"], "%", [12, 7, 13]),
        (["$1200", "$7", "-$3"], "$", [1200, 7, -3]),
        (["$1200", "$7", "$ 3"], "$", [1200, 7, 3]),
        (["3.5 kg", "7 kg", "12 kg"], "kg", [3.5, 7, 12]),
        (["R$ 1200", "R$ 7", "-R$ 3"], "R$", [1200, 7, -3]),
        (["12 zł", "7 zł", "1 zł"], "zł", [12, 7, 1]),
        (["1200円", "7円", "3円"], "円", [1200, 7, 3]),
        (["1A", "2A", "3A"], "", None),
    ],
)
def test_one_unit_is_removed(texts: list[str], unit: str, values: Any) -> None:
    found = profile(texts * 4)
    assert found.source.unit == unit
    if values is None:
        assert found.kind == "category"
    else:
        assert found.values.to_pylist()[:3] == values


def test_numbers_are_read_as_the_source_writes_them() -> None:
    found = profile(["1.234,5", "12,0", "7"] * 3, source=GERMAN)
    assert found.values.to_pylist()[:3] == [1234.5, 12, 7]
    assert profile(["1.200 €", "5 €"] * 3, source=GERMAN).values.to_pylist()[:2] == [1200, 5]


@pytest.mark.parametrize("negative", ["(1,234)", "1,234-", "$(1,234)", "($1,234)", "-1,234"])
def test_negative_numbers_of_accountants_are_read(negative: str) -> None:
    found = profile([negative, "$7", "12"] * 3, source=Source(thousands=","))
    assert found.values.to_pylist()[:3] == [-1234, 7, 12]
    assert found.source.accounting is (negative[0] != "-")


def test_codes_in_brackets_are_no_negative_numbers() -> None:
    assert profile(["(030)", "(040)"] * 4).categories == ("(030)", "(040)")
    assert profile(["A-", "B", "(555) 123"] * 4).kind == "category"
    assert profile(["1", "2-", "2", "3-"] * 4, "grade").kind == "category"


NUMBERS = [str(place) for place in range(100)]


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["1.5", "?", "2.5", "-", "3.5", "."], ("?", "-", ".")),
        (["5", "-999", "7", "-999", "12"], ("-999",)),
        (["5000", "-999", "70", "-999", "12"], ("-999",)),
        (["1", "2", "99", "3", "99"], ("99",)),
        ([*NUMBERS, "unknown", "unknown"], ("unknown",)),
        ([*NUMBERS, "12O"], ("12O",)),
        (["1.5", "inf", "2.5"], ("inf",)),
        ([*NUMBERS, "c1", "c2", "c3", "c4"], ()),
        (["18", "99", "20", "55", "99"], ()),
        (["5", "-999", "-998", "-999", "12"], ()),
        (["5", "-1", "7", "-1", "12"], ()),
    ],
)
def test_spellings_of_missing_numbers_stand_out(cells: list[str], missing: tuple[str, ...]) -> None:
    found = profile(cells)
    assert found.source.missing == missing
    assert found.missing == sum(cell in missing for cell in cells)
    assert not missing or any("missing values" in note for note in found.notes)


def test_missing_categories_and_dates_are_recognised_by_signs() -> None:
    found = profile(["a", "?", "b", "unknown"] * 4)
    assert (found.source.missing, found.categories) == (("?",), ("a", "b", "unknown"))
    assert profile(["2020-01-31", "-", "unknown"] * 4).source.missing == ("-", "unknown")
    assert profile(["+", "-"] * 4).categories == ("+", "-")
    assert "NA" in profile(["US", "DE", "NA", "FR", "IT", "ES"] * 4).categories


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["Y", "N"], {"Y": "yes", "N": "no"}),
        (["TRUE", "False"], {"TRUE": "yes", "False": "no"}),
        (["0", "1"], {"0": "no", "1": "yes"}),
        (["ja", "nein"], {"ja": "yes", "nein": "no"}),
        (["はい", "いいえ"], {"はい": "yes", "いいえ": "no"}),
        (["no", "yes"], {}),
    ],
)
def test_words_for_no_and_yes_are_one_pair_of_categories(words: list[str], values: dict[str, str]) -> None:
    found = profile([*words, "NA"] * 4)
    assert (found.categories, found.source.values, found.is_nominal) == (("no", "yes"), values, False)


@pytest.mark.parametrize(
    ("answers", "denied"),
    [
        (["Churn", "No Churn"], "No Churn"),
        (["non-smoker", "Smoker"], "non-smoker"),
        (["satisfied", "Unsatisfied"], "Unsatisfied"),
        (["1", "-1"], "-1"),
        (["no", "hired"], "no"),
        (["north", "south"], ""),
        (["No deal", "Churn"], ""),
    ],
)
def test_answer_that_denies_the_other_is_not_predicted_though_it_is_rarer(answers: list[str], denied: str) -> None:
    common, rare = sorted(answers, key=lambda answer: answer == denied)
    target = as_answer(profile([common] * 9 + [rare] * 3, is_category=True), ())
    assert target.categories == ((rare, common) if denied else (common, rare))


def test_target_of_few_numbers_is_a_number_if_a_person_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,rate,word\n" + "1,0,no\n2,1,yes\n3,1,yes\n" * 10)
    options = Options(target="rate", number=True)
    found = study(tmp_path / "t.csv", "", options).profiles[1]
    assert (found.kind, found.values.to_pylist()[:3]) == ("integer", [0, 1, 1])
    assert study(tmp_path / "t.csv", "", replace(options, number=False)).profiles[1].categories == ("no", "yes")
    few = study(tmp_path / "t.csv", "", Options(target="x")).profiles[0]
    assert few.notes[-1] == "its 3 whole numbers are answers to choose from; with --number it is a number"
    with pytest.raises(UserError, match="--number: word is 'no' in some rows"):
        study(tmp_path / "t.csv", "", replace(options, target="word"))


def test_codes_of_a_sex_mean_neither_no_nor_yes() -> None:
    assert profile(["0", "1"] * 4, "sex").categories == ("0", "1")
    assert profile(["0", "1"] * 4, "smoker").categories == ("no", "yes")
    assert profile(["no", "yes"] * 4, "class").categories == ("no", "yes")


def test_spellings_of_one_category_are_merged() -> None:
    found = profile(["male", "Male ", "female", "male"] * 4)
    assert (found.categories, found.source.values) == (("female", "male"), {"Male": "male"})
    assert any("'Male' is 'male'" in note for note in found.notes)


def test_too_many_categories_are_cut_to_the_most_frequent() -> None:
    cells = [f"c{place % 300}" for place in range(3000)] + ["c7"] * 5
    found = profile(cells)
    assert (len(found.categories), found.categories[-1], found.source.other) == (254, "other", "other")
    assert "c7" in found.categories
    assert {*found.values.to_pylist()} == {*found.categories}
    assert any("300 categories" in note for note in found.notes)


def test_whole_numbers_are_categories_only_with_a_reason() -> None:
    assert profile(["1", "2", "3"] * 9, "grade").kind == "integer"
    assert any("are read as a number" in note for note in profile(["1", "2", "3"] * 9, "grade").notes)
    assert profile(["1", "2", "3"] * 9, "region_code").categories == ("1", "2", "3")
    assert profile(["1", "2", "3"], "id").kind == "integer"
    assert profile(["2.0", "1.0", "3.0"] * 9, "kind of plant", is_category=True).source.values == {
        "1.0": "1",
        "2.0": "2",
        "3.0": "3",
    }


def test_order_of_day_and_month_that_cannot_be_told_is_noted() -> None:
    found = profile(["01/02/2020", "03/04/2020"] * 4)
    assert (found.source.date, len(found.notes)) == ("%m/%d/%Y", 1)
    assert profile(["01/02/2020", "03/04/2020"] * 4, source=GERMAN).source.date == "%d/%m/%Y"


def test_parts_of_dates_are_whole_numbers() -> None:
    dates = profile(["2020-01-31", None, "2021-02-03"] * 4)
    parts = {part: date_part(dates, part) for part in ("year", "month", "weekday")}
    assert [part.values.to_pylist()[:3] for part in parts.values()] == [[2020, None, 2021], [1, None, 2], [5, None, 3]]
    assert (parts["month"].low, parts["month"].high, parts["month"].source.part) == (1, 12, "month")


@pytest.mark.parametrize(
    ("name", "low", "high", "distinct", "whole", "bounds"),
    [
        ("age", 17, 94, 70, True, (0, 120)),
        ("share", 0.1, 0.9, 50, False, (0, 1)),
        ("bill", 32.1, 59.6, 100, False, (10, 80)),
        ("mass", 2700, 6300, 90, True, (0, 9000)),
        ("season", 1999, 2013, 5, True, (1990, 2020)),
        ("grade", 1, 6, 6, True, (1, 6)),
        ("children", 0, 8, 7, True, (0, 12)),
        ("month", 1, 12, 12, True, (1, 12)),
        ("temperature", -12.3, 39, 100, False, (-20, 60)),
        ("score", 0, 100, 50, True, (0, 100)),
        ("nothing", 0, 0, 1, True, (0, 1)),
    ],
)
def test_bounds_are_those_that_a_person_would_choose(
    name: str, low: float, high: float, distinct: int, *, whole: bool, bounds: tuple[float, float]
) -> None:
    assert choose_bounds(name, low, high, distinct, whole=whole) == bounds


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e15, 1e15), st.floats(-1e15, 1e15), st.booleans())
def test_bounds_hold_all_values_and_differ(one: float, other: float, whole: bool) -> None:  # noqa: FBT001
    low, high = sorted((float(round(one)), float(round(other))) if whole else (one, other))
    below, above = choose_bounds("x", low, high, 2, whole=whole)
    assert below <= low <= high <= above
    assert below < above
    assert not (low >= 0 > below)


@pytest.mark.parametrize(
    "ordered",
    [
        "low|medium|high",
        "never|sometimes|always",
        "Poor|Fair|Good|Very good|Excellent",
        "18-24|25-34|35-64|65+",
        "<1|1-2|3-5|>5",
        "< 1 year|1 year|2 years|10+ years",
        "$0-$50k|$50k-$100k|$100k+",
        "S|M|L|XL",
        "AAA|AA|BBB|C",
        "Jan|Feb|Dec",
        "Monday|Friday|Sunday",
        "Strongly disagree|Neutral|Strongly agree",
        "high-school|Bachelor's degree|Masters|PhD",
        "1. low|2. mid|3. high",
        "niedrig|mittel|hoch",
        "March|April|Aug|Sept",
        "I1|SI2|VS1|IF",
    ],
)
def test_words_with_an_order_keep_it(ordered: str) -> None:
    assert order_categories(sorted(ordered.split("|"))) == (tuple(ordered.split("|")), False)


def test_words_without_an_order_are_nominal() -> None:
    for words in (["blue", "green", "red"], ["110A", "120B", "130C"], ["A", "B", "C"], ["01", "02", "10"]):
        assert order_categories(words[::-1]) == (tuple(words), True)
    assert order_categories(["C", "B", "A"], "grade") == (("A", "B", "C"), False)


HEADERS = [
    "debtToIncome",
    "Bill Length (mm)",
    "bill_length_mm",
    "class",
    "2nd",
    "Größe",
    "copy",
    "model_dump_x",
    "名前",
]
HEADERS += [
    "A",
    "a",
    "_id",
    "l",
    "int",
    "",
    "%fat",
    "x" * 80,
    "x" * 80,
    "key",
    "schema",
    "register",
    "mro",
    "self",
    "having",
    "json",
    "fields",
    "a\nb",
    '"',
    "{}",
]


def test_every_header_becomes_a_name_of_its_own_that_a_contract_accepts() -> None:
    names = python_names(HEADERS)
    assert len({name.lower() for name in names}) == len(HEADERS)
    assert all(name.isidentifier() and not keyword.iskeyword(name) and len(name) <= 60 for name in names)
    contract = create_model("Features", __base__=Strict, **{name: (float, Field()) for name in names})
    assert len(columns(contract)) == len(HEADERS)
    assert names[:6] == ["debt_to_income", "bill_length_mm", "bill_length_mm_2", "class_", "n_2nd", "groesse"]


def test_description_says_the_name_in_words() -> None:
    assert [describe_name(name) for name in HEADERS[:2]] == ["Debt to income", "Bill Length (mm)"]
    assert describe_name("HTTPStatus_code") == "HTTP status code"


CELLS = [
    "1",
    "2.5",
    "-3",
    "007",
    "1e3",
    "yes",
    "No",
    "?",
    "-999",
    "",
    None,
    "2020-01-31",
    "31.12.1999",
    "red",
    " red",
    "Red",
]
CELLS += ["(3)", "7-", "5 %", "1,234", "12:30", "low", "high", "NA", "18-24", "99", "0", "1"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4), st.sampled_from([Source(), GERMAN]))
def test_what_is_profiled_is_what_the_reader_reads(cells: list[Any], source: Source) -> None:
    """Make a contract of the profile: the cells, read by its source, have the values of the profile and no fault."""
    check_reading(pa.array(cells * 5, pa.string()), source)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], [2, 3]]),
        pa.array([{"a": "é"}, None]),
        pa.array([time(7, 30), time(23)]),
        pa.array([b"x", b"\xff"]),
        pa.array([60, None], pa.duration("s")),
        pa.array([b"x", b"y"], pa.large_binary()),
        pa.array([True, None]),
        pa.array(DAYS),
    ],
)
def test_typed_columns_are_profiled_as_the_reader_reads_them(values: pa.Array) -> None:
    check_reading(pa.concat_arrays([values] * 8), Source())


def check_reading(cells: pa.Array, source: Source) -> None:
    """Check that the reader finds the values of the profile, by the contract and the source that follow from it."""
    found = profile(cells, source=source)
    if found.kind in ("empty", "text"):
        return
    kind = {"number": float, "integer": int, "date": int}.get(found.kind)
    limits = Field(ge=found.low, le=found.high)
    one_of: Any = Literal[found.categories] if found.categories else kind
    contract = create_model("Features", __base__=Strict, **{found.field: (one_of | None, limits if kind else Field())})
    [column] = columns(contract)
    declared = source.model_copy(update={"columns": {found.field: found.source}})
    chunk = convert(pa.RecordBatch.from_pydict({"x": cells}), [column], declared)
    values, faults = read_column(chunk, column)
    assert faults == []
    assert values.to_pylist() == found.values.to_pylist()
