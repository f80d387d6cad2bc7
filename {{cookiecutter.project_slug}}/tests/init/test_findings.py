"""What is found in a table: what is left out, asked about or refused, each with figures."""

import numpy as np
import pytest
from profiles import column, table
from sklearn import datasets

from {{ cookiecutter.__package }}.init.findings.find import find
from {{ cookiecutter.__package }}.init.findings.identifiers import choose_key
from {{ cookiecutter.__package }}.init.findings.people import find_personal, find_protected
from {{ cookiecutter.__package }}.init.findings.personal import recognise

ROWS = 400
RNG = np.random.default_rng(7)
NUMBERS = RNG.normal(size=ROWS)
OTHER = RNG.normal(size=ROWS)
ANSWERS = np.where(NUMBERS + RNG.normal(size=ROWS) > 0.3, "yes", "no")
AMOUNT = np.round(50 + 10 * NUMBERS + 8 * RNG.normal(size=ROWS), 1)


def honest(**more):
    """Return a table with nothing to find, and some columns more."""
    return table(size=NUMBERS, weight=OTHER, answer=ANSWERS, **more)


def kinds(findings):
    return {(finding.kind, finding.columns, finding.consequence) for finding in findings}


def only(findings, kind):
    [found] = [finding for finding in findings if finding.kind == kind]
    return found


def test_honest_table_has_no_finding():
    assert find(honest(), "answer") == []


# identifiers and keys

IDENTIFIERS = {
    "numbers in a row": range(1, ROWS + 1),
    "numbers that rise with gaps": np.cumsum(RNG.integers(1, 3, ROWS)),
    "codes of many digits": RNG.permutation(9_000_001)[:ROWS] + 1_000_000,
    "hashes": [f"{value:032x}" for value in RNG.integers(2**62, size=ROWS)],
    "names of single rows": [
        f"{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}{'uvwxyz'[i // 100]}" for i in range(ROWS)
    ],
}


@pytest.mark.parametrize("shape", IDENTIFIERS)
def test_identifier_is_left_out_without_a_telling_name(shape):
    profiles = honest(x=IDENTIFIERS[shape], row_id=[f"r{i}" for i in range(ROWS)])
    found = only(find(profiles, "answer", key="row_id"), "identifier")
    assert (found.columns, found.consequence) == (("x",), "left out")
    assert found.evidence.startswith("400 different values in 400 rows, ")


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=ROWS) * 1000,
        RNG.permutation(50_000)[:ROWS],
        np.arange(ROWS) % 200,
    ],
)
def test_measurement_is_no_identifier(values):
    assert find(honest(x=values), "answer") == []


def test_name_in_other_letters_does_not_say_that_a_column_identifies():
    amounts = RNG.permutation(50_000)[:ROWS]
    assert find([*honest(), column("購入金額", amounts)], "answer") == []


def test_nearly_unique_numbers_with_a_telling_name_are_an_identifier():
    repeated = RNG.permutation(90_000)[:ROWS]
    repeated[5] = repeated[6]
    found = only(find(honest(customer_id=repeated), "answer"), "identifier")
    assert (found.columns, found.consequence) == (("customer_id",), "left out")
    assert found.evidence.startswith("399 different values in 400 rows")


def test_key_is_the_given_one_or_the_best_candidate_or_none():
    numbered, coded = range(ROWS), [f"c{i}" for i in range(ROWS)]
    profiles = honest(line=numbered, case_id=coded)
    assert choose_key(profiles) == "case_id"
    assert choose_key(profiles, "line") == "line"
    assert choose_key(honest(line=numbered)) == "line"
    assert choose_key(honest()) is None
    assert choose_key(honest(case_id=[*coded[1:], None])) is None
    assert choose_key(honest(case_id=[*coded[1:], "c1"])) is None
    assert choose_key(honest(email=[f"p{i}@example.org" for i in range(ROWS)])) is None


def test_target_is_never_the_key():
    assert choose_key(table(size=NUMBERS, answer=range(ROWS)), target="answer") is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a", "b", "a", *map(str, range(ROWS - 3))], "399 different values in 400 rows, rows 1 and 3 both have a"),
        (["a", None, *map(str, range(ROWS - 2))], "no value in 1 of 400 rows, the first is row 2"),
    ],
)
def test_key_that_does_not_identify_is_refused_with_its_row(values, words):
    [*_, found] = find(honest(number=values), "answer", key="number")
    assert (found.kind, found.columns, found.consequence) == ("key", ("number",), "refused")
    assert words in found.evidence
    assert found.evidence.endswith("name another --key, or none: rows are then numbered")


# columns without information


def test_constant_empty_and_text_columns_are_left_out():
    reviews = [f"this is review {i} with a good many words in it" for i in range(ROWS)]
    found = find(honest(country=["de"] * ROWS, nothing=[None] * ROWS, review=reviews), "answer")
    assert kinds(found) == {
        ("constant", ("country",), "left out"),
        ("empty", ("nothing",), "left out"),
        ("text", ("review",), "left out"),
    }
    assert only(found, "constant").evidence == "the same value in all 400 rows: de"
    assert only(found, "text").evidence.startswith("400 different texts in 400 rows, as this is review 0")


COPIES = {
    "the same numbers": (NUMBERS, "the same as size"),
    "other units": (1.8 * NUMBERS + 32, "1.8 times size +32"),
}


@pytest.mark.parametrize("shape", COPIES)
def test_copy_of_a_number_is_left_out(shape):
    values, words = COPIES[shape]
    found = only(find(honest(x=values), "answer"), "copy")
    assert (found.columns, found.consequence) == (("x",), "left out")
    assert found.evidence == f"{words} in 400 rows: it adds nothing"


def test_recoded_categories_are_a_copy_and_other_functions_are_none():
    colours = RNG.choice(["red", "green", "blue"], ROWS)
    codes = [{"red": 3, "green": 1, "blue": 2}[colour] for colour in colours]
    warm = np.where(colours == "red", "warm", "cold")
    found = find(honest(colour=colours, code=codes, warm=warm, near=NUMBERS + 0.01 * OTHER), "answer")
    assert kinds(found) == {("copy", ("code",), "left out")}
    assert only(found, "copy").evidence == "one value for each value of colour in 400 rows: it adds nothing"


# leaks

TIMES_TWO = {
    "the answer recoded": np.where(ANSWERS == "yes", "granted", "not granted"),
    "a number on either side": np.where(ANSWERS == "yes", 5, -5) + OTHER / 10,
    "zero unless": np.where(ANSWERS == "yes", np.abs(OTHER) + 1, 0),
    "a category of many": [f"{answer} {int(place) % 5}" for place, answer in enumerate(ANSWERS)],
}


@pytest.mark.parametrize("shape", TIMES_TWO)
def test_column_that_gives_the_answer_away_is_left_out(shape):
    found = only(find(honest(x=TIMES_TWO[shape]), "answer"), "leak")
    assert (found.columns, found.consequence) == (("x",), "left out")
    assert found.evidence.startswith("it alone gives ")


@pytest.mark.parametrize(
    "values", [AMOUNT * 1.19, np.log(AMOUNT + 100), (AMOUNT - 50) ** 3], ids=["tax", "logarithm", "cube"]
)
def test_function_of_a_number_is_left_out(values):
    found = only(find(table(size=NUMBERS, amount=AMOUNT, x=values), "amount"), "leak")
    assert (found.columns, found.consequence) == (("x",), "left out")
    assert found.evidence.startswith("it alone explains 100 % of the variance in 400 rows")


def test_parts_of_a_sum_and_of_a_product_are_left_out():
    first, second = RNG.gamma(2, 10, ROWS), RNG.gamma(2, 10, ROWS)
    for whole, words in ((first + second, "total is a sum of"), (first * second, "total is a product of")):
        found = only(find(table(size=NUMBERS, first=first, second=second, total=whole), "total"), "leak")
        assert (set(found.columns), found.consequence) == ({"first", "second"}, "left out")
        assert found.evidence.startswith(words)


def test_missing_values_that_follow_the_answer_are_a_leak():
    paid = np.where(ANSWERS == "yes", OTHER, None)
    partly = [None if answer == "no" or i % 2 else OTHER[i] for i, answer in enumerate(ANSWERS)]
    for values, words in ((paid, "it has a value"), (partly, "it has a value")):
        found = only(find(honest(paid_amount=values), "answer"), "leak")
        assert (found.columns, found.consequence) == (("paid_amount",), "left out")
        assert found.evidence.startswith(words)
        assert "the answer is yes in 100 % of them" in found.evidence


def test_values_missing_at_random_are_no_leak():
    gaps = [None if i % 3 else value for i, value in enumerate(OTHER)]
    assert find(honest(x=gaps), "answer") == []
    few = np.flatnonzero(ANSWERS == "no")[:4]
    by_chance = [None if i in few else value for i, value in enumerate(OTHER)]
    assert find(honest(x=by_chance), "answer") == []


def test_column_that_is_nearly_perfect_is_asked_about_and_its_name_adds_evidence():
    guess = ANSWERS.copy()
    guess[:6] = np.where(guess[:6] == "yes", "no", "yes")
    found = only(find(honest(x=guess), "answer"), "leak")
    assert (found.columns, found.consequence) == (("x",), "asked")
    assert found.evidence.endswith("keep it only if it is known before the answer, else leave it out with --drop")
    assert only(find(honest(final_status=guess), "answer"), "leak").consequence == "left out"
    assert find(honest(final_status=RNG.permutation(guess)), "answer") == []


def test_perfect_measurement_in_a_small_table_is_asked_about():
    half = table(size=NUMBERS[:100], x=np.where(ANSWERS[:100] == "yes", 5, -5) + OTHER[:100], answer=ANSWERS[:100])
    assert only(find(half, "answer"), "leak").consequence == "asked"


def test_series_that_grow_together_are_asked_about():
    trend = np.arange(ROWS) / 3
    series = table(size=NUMBERS, consumption=trend + OTHER, income=2 * trend + NUMBERS)
    found = only(find(series, "income"), "leak")
    assert (found.columns, found.consequence) == (("consumption",), "asked")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_nothing_is_left_out_of_honest_tables(name):
    bunch = getattr(datasets, f"load_{name}")()
    target = bunch.target if name == "diabetes" else [str(bunch.target_names[code]) for code in bunch.target]
    profiles = [column(str(field), bunch.data[:, place]) for place, field in enumerate(bunch.feature_names)]
    found = find([*profiles, column("target", target)], "target")
    assert {finding.consequence for finding in found} <= {"kept", "asked"}
    assert not [finding for finding in found if finding.kind == "leak"]


# people

PERSONAL = {
    "email addresses": [f"someone.{i}@example.org" for i in range(20)],
    "telephone numbers": [f"+49 30 {100000 + i}" for i in range(20)] + [f"(555) 010-{1000 + i}" for i in range(20)],
    "national numbers of persons": [f"{100 + i}-{10 + i}-{1000 + i}" for i in range(20)] + ["12345678Z", "AB123456C"],
    "names of persons": [f"{'abc' * (i + 1)}, {('Mr. Xy', 'Anna', 'José')[i % 3]}" for i in range(20)],
    "street addresses": [f"{i + 1} Main Street" for i in range(20)] + [f"Hauptstraße {i + 1}" for i in range(20)],
    "bank account numbers": ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"] * 5,
    "card numbers": ["4111 1111 1111 1111", "5555555555554444"] * 5,
    "IP addresses": [f"10.0.0.{i}" for i in range(20)],
}


@pytest.mark.parametrize("what", PERSONAL)
def test_values_that_identify_a_person_are_recognised_by_how_they_are_written(what):
    assert recognise(PERSONAL[what]) == (what, 1)


@pytest.mark.parametrize(
    "values",
    [
        [f"2024-01-{i + 10}" for i in range(20)],
        [f"4111 1111 1111 111{i}" for i in (0, 2, 3, 4, 5, 6, 7, 8, 9)] * 2,
        [f"{i}-123" for i in range(20)],
        [f"DE8937040044053201300{i}" for i in range(1, 10)] * 2,
        ["Oak", "Elm", "Fir"] * 5,
        ["a@example.org"] * 9,
    ],
    ids=["dates", "wrong check digits", "short codes", "wrong account numbers", "words", "too few"],
)
def test_other_values_identify_nobody(values):
    assert recognise(values) == ("", 0)


def test_column_that_identifies_persons_is_left_out_unless_it_is_marked():
    emails = [f"someone.{i}@example.org" for i in range(ROWS)]
    found = only(find(honest(contact=emails), "answer"), "personal")
    assert (found.columns, found.consequence) == (("contact",), "left out")
    words = "100 % of 400 different values are written like email addresses: it identifies a person"
    assert found.evidence == words
    assert find(honest(contact=emails), "answer", personal=["contact"]) == []


@pytest.mark.parametrize("name", ["Vorname", "nom de famille", "last_name", "Apellidos", "CustomerName", "DNI"])
def test_names_of_columns_that_identify_persons_are_recognised(name):
    words = [f"{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}" for i in range(100)]
    found = find_personal(column(name, words))
    assert (found.columns, found.consequence) == ((name,), "left out")
    assert find_personal(column(f"{name}s_count", np.arange(100))) is None


PROTECTED = {
    "Geschlecht": ["a", "b"],
    "x": ["female", "male"],
    "code": ["M", "F"],
    "race": ["a", "b", "c"],
    "group": ["white", "Black", "other"],
    "applicantAge": range(18, 90),
    "edad": range(18, 90),
    "religion": ["a", "b"],
    "Staatsangehörigkeit": ["a", "b"],
    "handicap": ["no", "yes"],
    "ZipCode": range(10_000, 10_100),
    "PLZ": ["01067", "10115"],
}


@pytest.mark.parametrize("name", PROTECTED)
def test_protected_looking_column_is_asked_about(name):
    found = find_protected(column(name, PROTECTED[name]))
    assert (found.columns, found.consequence) == ((name,), "asked")
    assert "name it with --protected" in found.evidence


@pytest.mark.parametrize("name", ["page", "usage", "wage", "sexual_content", "storage", "embrace", "race_time"])
def test_words_within_words_are_not_protected(name):
    assert find_protected(column(name, range(90))) is None


def test_column_marked_as_protected_is_not_asked_about():
    sexes = RNG.choice(["female", "male"], ROWS)
    assert only(find(honest(sex=sexes), "answer"), "protected").columns == ("sex",)
    assert find(honest(sex=sexes), "answer", protected=["sex"]) == []


# rows


def test_repeated_rows_and_conflicting_answers_are_counted_with_their_rows():
    again = np.r_[np.arange(ROWS), np.arange(20)]
    repeated = find(table(size=NUMBERS[again], weight=OTHER[again], answer=ANSWERS[again]), "answer")
    assert only(repeated, "duplicates").evidence.startswith("20 of 420 rows (4.76 %) repeat another row")
    assert "rows 1 and 401" in only(repeated, "duplicates").evidence
    flipped = ANSWERS[again].copy()
    flipped[ROWS:] = np.where(flipped[ROWS:] == "yes", "no", "yes")
    conflicting = find(table(size=NUMBERS[again], weight=OTHER[again], answer=flipped), "answer")
    assert only(conflicting, "conflicts").evidence.startswith("40 of 420 rows (9.52 %) equal a row with another answer")
    assert not [finding for finding in conflicting if finding.kind == "duplicates"]


def test_rows_that_differ_in_one_column_are_counted():
    numbers = {f"x{place}": RNG.normal(size=ROWS) for place in range(7)}
    numbers = {name: np.r_[values, values[:40]] for name, values in numbers.items()}
    numbers["x3"][ROWS:] += 0.1
    found = only(find([*table(**numbers), column("answer", np.r_[ANSWERS, ANSWERS[:40]])], "answer"), "near duplicates")
    assert found.evidence.startswith("80 of 440 rows (18.2 %) differ from another row in one column only")


def test_few_combinations_of_categories_are_no_duplicates():
    few = {name: RNG.choice(["a", "b"], ROWS) for name in ("first", "second")}
    assert find(table(**few, answer=ANSWERS), "answer") == []


def test_dates_of_several_formats_are_left_out_with_the_reason():
    parts = [(1 + place % 28, 1 + place % 12, 1990) for place in range(ROWS)]
    days = [f"{d}.{m}.{y}" if d % 2 else f"{y}-{m:02d}-{d:02d}" for d, m, y in parts]
    found = only(find([*honest(), column("opened", days, kind="text")], "answer"), "text")
    assert found.evidence.endswith("models here do not read text, and dates only if all have one format")
    remarks = column("remark", [f"what was said in case {i}" for i in range(ROWS)], kind="text")
    found = only(find([*honest(), remarks], "answer"), "text")
    assert found.evidence.endswith("models here do not read text")


def test_subject_with_several_rows_is_a_group():
    patients = np.repeat(np.arange(100), 4)
    sizes, sites = RNG.integers(150, 190, 100), RNG.choice(["a", "b", "c"], 100)
    profiles = honest(patient=patients, height=sizes[patients], site=sites[patients])
    found = only(find(profiles, "answer"), "group")
    assert found.columns == ("patient",)
    assert found.evidence.startswith(
        "100 values in 400 rows, 4 rows each; height, site are the same in all rows of one"
    )
    shuffled = honest(place=RNG.permutation(patients), height=sizes[patients])
    assert not [finding for finding in find(shuffled, "answer") if finding.kind == "group"]


def test_time_is_told_with_the_answers_then_and_now():
    days = column("seen", np.arange(ROWS) + 15000.5, kind="date")
    found = only(find([*honest(), days], "answer"), "time")
    assert found.evidence.startswith("from 2011-01-26 to 2012-02-29; in the first fifth of the rows ")
    assert "--time 'seen'" in found.evidence
    given = only(find(honest(year=2000 + np.arange(ROWS) // 40), "answer", time="year"), "time")
    assert given.evidence.startswith("from 2000 to 2009; ")
    assert given.evidence.endswith("rows are held out in blocks of time")


def test_years_at_school_are_no_schools():
    years = honest(school=RNG.integers(4, 16, ROWS))
    assert find(years, "answer") == []


def test_columns_that_a_person_keeps_are_mentioned_and_kept():
    profiles = honest(x=np.where(ANSWERS == "yes", 5, -5) + OTHER / 10, line=range(ROWS), country=["de"] * ROWS)
    kept = find(profiles, "answer", key="line", kept=["x", "country"])
    wanted = {("key", ("line",), "kept"), ("constant", ("country",), "kept"), ("leak", ("x",), "kept")}
    assert kinds(kept) == wanted


# targets

REFUSED = {
    "is yes in all 400 rows": ["yes"] * ROWS,
    "has no value in any of 400 rows": [None] * ROWS,
    "has a value in 12 rows; at least 20 are needed": ["yes", "no"] * 6 + [None] * (ROWS - 12),
    "has 400 different texts in 400 rows; sort them into at most 20 answers": [f"text {i}" for i in range(ROWS)],
    "has too few rows of an answer: yes in 1; add rows": ["no"] * (ROWS - 1) + ["yes"],
}


@pytest.mark.parametrize("words", REFUSED)
def test_target_that_cannot_be_learned_is_refused_in_one_line(words):
    [found] = find(table(size=NUMBERS, answer=REFUSED[words]), "answer")
    assert (found.kind, found.columns, found.consequence) == ("target", ("answer",), "refused")
    assert found.evidence.startswith(words)
    assert "\n" not in found.evidence


def test_target_that_is_a_date_is_refused():
    [found] = find([column("size", NUMBERS), column("day", np.arange(ROWS), kind="date")], "day")
    assert found.evidence.startswith("is a date; name a column with a number")


def test_table_without_a_column_to_learn_from_is_refused():
    [found] = find(table(answer=ANSWERS), "answer")
    assert (found.kind, found.consequence) == ("inputs", "refused")
    *_, found = find(
        table(x=["same"] * ROWS, y=[f"free text of row {i} here" for i in range(ROWS)], answer=ANSWERS), "answer"
    )
    assert found.evidence == "no column is left to learn from: x (constant), y (text); add one, or use one with --keep"


def test_rare_answers_missing_answers_and_few_rows_are_told():
    rare = np.array(["no"] * ROWS, dtype=object)
    rare[::100], rare[1::100] = "maybe", "yes"
    rare[2:20], rare[30:130:2] = "yes", None
    found = find(table(size=NUMBERS, answer=rare), "answer")
    assert only(found, "unlabelled").evidence.startswith("50 of 400 rows have no answer")
    assert "maybe in " in only(found, "imbalance").evidence
    small = only(find(table(size=NUMBERS[:40], answer=ANSWERS[:40]), "answer"), "few rows")
    assert small.evidence.startswith("40 rows with an answer and 1 columns to learn from")
    zeros = np.where(np.arange(ROWS) % 20 == 0, AMOUNT, 0)
    assert only(find(table(size=NUMBERS, amount=zeros), "amount"), "imbalance").evidence.startswith("0 in 380 of 400")


def test_models_see_a_sample_of_a_long_table():
    rows = 60_000
    numbers = np.random.default_rng(0).normal(size=rows)
    answers = np.where(numbers > 0, "yes", "no")
    found = only(
        find(table(size=np.random.default_rng(1).normal(size=rows), x=numbers, answer=answers), "answer"), "leak"
    )
    assert found.evidence.startswith("it alone gives 100 % of the answers in a sample of 50,000 of 60,000 rows")
