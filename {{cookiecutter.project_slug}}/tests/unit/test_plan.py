"""The plan refuses what it does not understand and names all of it at once; plans of 0.2.0 keep their meaning."""

import tomllib

import numpy as np
import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.objective import make_objective
from {{ cookiecutter.__package }}.core.plan import Plan, load_plan
from {{ cookiecutter.__package }}.core.schema import Column

SMALLEST = """
product.question = "Is it so?"
data.source = "table.csv"
costs.false_negative = 5
costs.false_positive = 1
"""
# every section and key that a plan of 0.2.0 has, for the three kinds of answers
OLD = """
[product]
question = "Is it so?"
max_model_ms = 250
[review]
{review}
{costs}
[data]
source = "data/table.csv"
max_quarantined_share = 0.005
folds = 5
[gates]
confidence = 0.90
bootstrap_rounds = 1000
max_cost_increase = {increase}
max_calibration_error = 0.05
inconclusive_blocks = true
[slices]
minimum_rows = 50
max_cost_increase = 0.15
inconclusive_blocks = false
[groups]
minimum_rows = 50
[groups.limits]
{limit}
[speed]
requests_per_second = 40
seconds = 8
p95_ms = 150
p99_ms = 400
max_error_share = 0.0
max_leak_bytes = 512
max_slowdown = 1.5
[drift]
minimum_rows = 100
limit = 0.20
"""
CONFUSION = """[costs.confusion]
low = { low = 0, mid = 4, high = 6 }
mid = { low = 1, mid = 0, high = 1 }
high = { low = 2, mid = 0.5, high = 0 }"""
TWO = Column("answer", "category", "Answer", "no", categories=("no", "yes"))
THREE = Column("answer", "category", "Answer", "low", categories=("low", "mid", "high"))
NUMBER = Column("amount", "number", "Amount", 1.0, low=0, high=100)
OLD_TWO = OLD.format(
    review="band = 0.05",
    costs="[costs]\nfalse_negative = 5\nfalse_positive = 1",
    increase="0.03",
    limit="false_positive_rate = 0.10\nfalse_negative_rate = 0.1\nselection_rate = 0.1",
)
OLD_THREE = OLD.format(
    review="band = 0.1", costs=CONFUSION, increase="0.03", limit="error_rate = 0.10\nwrongly_low_rate = 0.15"
)
OLD_NUMBER = OLD.format(
    review="above = 50",
    costs="[costs]\ntoo_low = 3\ntoo_high = 1",
    increase="10",
    limit="mean_error = 75\nmean_absolute_error = 75\ntoo_low_rate = 0.5",
)

FAULTS = {
    "unknown key": ("folds = 5", "flods = 5", "data.flods: unknown key; the nearest known one is folds"),
    "unknown section": ("[speed]", "[sped]", "sped: unknown key; the nearest known one is speed"),
    "unknown cost": ("false_negative = 5", "false_negativ = 5", "the nearest known one is false_negative"),
    "out of bounds": ("folds = 5", "folds = 1", "data.folds: Input should be greater than or equal to 2"),
    "a text for a number": ("folds = 5", 'folds = "5"', "data.folds: Input should be a valid integer"),
    "a cost of nothing": ("false_negative = 5", "false_negative = 0", "costs.false_negative: Input should be greater"),
    "half of a pair": ("false_negative = 5", "", "costs: give false_negative and false_positive, or confusion, or"),
    "two forms": ("false_negative = 5", "false_negative = 5\ntoo_low = 1", "costs: give false_negative and"),
    "no costs": ("false_negative = 5\nfalse_positive = 1", "", "costs: give false_negative and false_positive, or"),
    "two splits": ("folds = 5", 'group = "ward"\ntime = "day"', "data: rows are split by group or by time"),
    "an unknown origin": ("[speed]", "[labels.weights]\nacept = 0\n[speed]", "the nearest known one is accept"),
    "a negative weight": ("[speed]", "[labels.weights]\nfile = -1\n[speed]", "labels.weights.file: Input should be"),
    "a weight of infinity": ("[speed]", "[labels.weights]\nfile = inf\n[speed]", "labels.weights.file: Input should"),
    "a text for a weight": ("[speed]", "[labels.weights]\nfile = '1'\n[speed]", "labels.weights.file: Input should be"),
    "an unknown statement": ("[speed]", "[labels]\norder = ['accept']\n[speed]", "labels.order.0: Input should be "),
    "a statement twice": ("[speed]", "[labels]\norder = ['blind', 'blind']\n[speed]", "labels.order: each of outcome"),
    "no statement": ("[speed]", "[labels]\norder = []\n[speed]", "labels.order: Tuple should have at least 1 item"),
    "a text for an order": ("[speed]", "[labels]\norder = 'blind'\n[speed]", "labels.order: Input should be a valid"),
    "a day for a time": ("folds = 5", "confirmed = {x = 2030-01-31}", "data.confirmed.x: Input should be a valid"),
    "no time zone": ("folds = 5", "confirmed = {x = 2030-01-31T08:00:00}", "data.confirmed.x: Input should have time"),
    "not TOML": ("[speed]", "[speed", "not valid TOML"),
}


def parse(text):
    return Plan.model_validate(tomllib.loads(text))


def objective(text, target):
    return make_objective(target, parse(text))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_one_line_with_the_file_and_the_key(tmp_path, fault):
    before, after, words = FAULTS[fault]
    assert before in OLD_TWO
    path = tmp_path / "plan.toml"
    path.write_text(OLD_TWO.replace(before, after), encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        load_plan(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_all_faults_are_named_at_once(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(OLD_TWO.replace("folds = 5", "flods = 5").replace("seconds = 8", "seconds = 0"), encoding="utf-8")
    with pytest.raises(UserError, match=r"data\.flods.*speed\.seconds"):
        load_plan(path)


def test_question_source_and_costs_are_enough(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(SMALLEST, encoding="utf-8")
    plan = load_plan(path)
    assert (plan.data.folds, plan.gates.confidence, plan.review.band, plan.groups.limits) == (5, 0.9, 0, {})
    assert make_objective(TWO, plan).needs_review(np.array([[0.5, 0.5]])) == [False]


def test_labels_are_read_from_toml_and_every_weight_is_1_by_default():
    assert parse(SMALLEST).labels.order == ("outcome", "blind", "reaction")
    assert set(parse(SMALLEST).labels.weights.model_dump().values()) == {1}
    given = parse(SMALLEST + "[labels]\norder = ['blind']\n[labels.weights]\naccept = 0\nblind = 2").labels
    assert given.order == ("blind",)
    weights = {"file": 1, "outcome": 1, "blind": 2, "labelled": 1, "override": 1, "accept": 0}
    assert given.weights.model_dump() == weights


@pytest.mark.parametrize("missing", ["product.question", "data.source"])
def test_what_cannot_be_guessed_has_to_be_given(tmp_path, missing):
    path = tmp_path / "plan.toml"
    path.write_text("\n".join(line for line in SMALLEST.splitlines() if not line.startswith(missing)), encoding="utf-8")
    with pytest.raises(UserError, match=rf"{missing.partition('.')[0]}.*: Field required"):
        load_plan(path)


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert load_plan(path) == parse(SMALLEST)


def test_missing_plan_says_where_to_look(tmp_path):
    with pytest.raises(UserError, match="No such file or directory; run this in the project's folder"):
        load_plan(tmp_path / "plan.toml")


def test_folder_in_place_of_plan_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read: .*; run this in the project's folder"):
        load_plan(tmp_path)


def test_fingerprint_changes_with_a_decision():
    assert parse(OLD_TWO).fingerprint == parse(OLD_TWO).fingerprint
    assert parse(OLD_TWO).fingerprint != parse(OLD_TWO.replace("folds = 5", "folds = 6")).fingerprint


@pytest.mark.parametrize("score", [1 / 6, 1 / 6 - 1e-9, 0.1167, 0.2166])
def test_two_answers_of_an_old_plan_keep_threshold_and_band(score):
    """In 0.2.0, yes is given from the threshold on, and a person looks within the band around it."""
    made, predictions = objective(OLD_TWO, TWO), np.array([[1 - score, score]])
    assert made.threshold == 1 / 6
    assert made.answers(predictions) == ["yes" if score >= 1 / 6 else "no"]
    assert made.needs_review(predictions) == [abs(score - 1 / 6) < 0.05]
    assert made.matrix.tolist() == [[0, 1], [5, 0]]


def test_two_answers_are_the_same_as_pair_and_as_matrix():
    """A tie is broken the same way, and every cost is the same."""
    matrix = "[costs.confusion]\nyes = { yes = 0, no = 5 }\nno = { yes = 1, no = 0 }"
    pair = objective(OLD_TWO, TWO)
    other = objective(OLD_TWO.replace("[costs]\nfalse_negative = 5\nfalse_positive = 1", matrix), TWO)
    scores = np.r_[np.linspace(0, 1, 101), pair.threshold]
    predictions = np.column_stack([1 - scores, scores])
    truth = np.arange(len(scores)) % 2
    assert np.array_equal(pair.choose(predictions), other.choose(predictions))
    assert pair.needs_review(predictions) == other.needs_review(predictions)
    assert np.array_equal(pair.cost(truth, pair.choose(predictions)), other.cost(truth, other.choose(predictions)))


def test_several_answers_of_an_old_plan_keep_matrix_and_band():
    made = objective(OLD_THREE, THREE)
    assert made.matrix.tolist() == [[0, 4, 6], [1, 0, 1], [2, 0.5, 0]]
    predictions = np.array([[0.1, 0.8, 0.1], [0.2, 0.8, 0.0], [0.22, 0.78, 0.0]])
    expected = predictions @ made.matrix
    assert made.answers(predictions) == [THREE.categories[row.argmin()] for row in expected]
    gaps = np.sort(expected, axis=1)
    assert made.needs_review(predictions) == (gaps[:, 1] - gaps[:, 0] < 0.1).tolist()
    assert made.scores(predictions)[0] == 0.8


def test_number_of_an_old_plan_keeps_quantile_and_limit_of_review():
    made = objective(OLD_NUMBER, NUMBER)
    assert made.quantile == 0.75
    assert made.needs_review(np.array([49.99, 50.0])) == [False, True]
    assert made.cost(np.array([10.0, 10.0]), np.array([9.0, 11.0])).tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        (OLD_NUMBER, TWO, "plan.toml: costs: give false_negative and false_positive, or confusion with a row"),
        (OLD_TWO, THREE, "plan.toml: costs: give confusion with a row and a column for each of low, mid, high"),
        (OLD_THREE, NUMBER, "plan.toml: costs: amount is a number; give too_low and too_high"),
        (OLD_THREE.replace("mid = 4, ", ""), THREE, "a row and a column for each of low, mid, high"),
        (OLD_THREE.replace("mid = 0,", "mid = 1,"), THREE, "costs.confusion.mid.mid: the right answer has to cost 0"),
        (OLD_TWO.replace("selection_rate", "luck"), TWO, "groups.limits: luck: unknown rate; use false_positive_rate"),
    ],
)
def test_costs_of_another_kind_of_answer_are_one_line_with_what_to_give(text, target, words):
    with pytest.raises(UserError) as refusal:
        objective(text, target)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_matrix_of_zeros_is_refused():
    zeros = OLD_THREE.replace(CONFUSION, CONFUSION.translate(str.maketrans("1246", "0000")).replace("0.5", "0"))
    with pytest.raises(UserError, match="every mistake costs 0; give the cost of at least one"):
        objective(zeros, THREE)


@pytest.mark.parametrize("kind", [OLD_TWO, OLD_THREE, OLD_NUMBER])
def test_old_plans_load(tmp_path, kind):
    path = tmp_path / "plan.toml"
    path.write_text(kind, encoding="utf-8")
    assert load_plan(path).speed.p99_ms == 400


def test_candidates_of_two_answers_read_their_costs_from_either_form():
    shape = SHAPES["usual"]
    no, yes = shape.problem().target.categories
    matrix = f"[costs.confusion.{yes}]\n{yes} = 0\n{no} = 5\n[costs.confusion.{no}]\n{yes} = 1\n{no} = 0"
    plan = parse(shape.plan.replace("[costs]\nfalse_negative = 5\nfalse_positive = 1", matrix))
    problem = shape.problem(plan)
    seen = problem.candidates.args[1].costs
    assert (seen.false_negative, seen.false_positive) == (5, 1)


@pytest.mark.parametrize("answers", [("yes", "no"), ("True", "False"), ("1", "0"), ("Y", "N")])
def test_two_answers_that_seem_the_wrong_way_round_are_refused_with_both_ways_out(answers):
    """Rules of 0.9 would be sure of a no, and `false_negative` would price a false yes."""
    target = Column("left", "category", "Left", answers[0], categories=answers)
    with pytest.raises(UserError) as refusal:
        objective(OLD_TWO, target)
    assert f'write Literal["{answers[1]}", "{answers[0]}"], or set costs.positive = "{answers[1]}" in plan.toml' in str(
        refusal.value
    )
    confirmed = OLD_TWO.replace("[costs]", f'[costs]\npositive = "{answers[1]}"')
    assert objective(confirmed, target).categories == answers


@pytest.mark.parametrize("answers", [("no", "yes"), ("dead", "alive"), ("yes", "maybe"), ("none", "no")])
def test_two_answers_that_may_be_meant_are_accepted(answers):
    assert objective(OLD_TWO, Column("x", "category", "X", answers[0], categories=answers)).categories == answers


def test_positive_answer_that_is_not_the_last_is_refused():
    with pytest.raises(UserError, match=r'answer lists no before yes, .*; write Literal\["yes", "no"\]$'):
        objective(OLD_TWO.replace("[costs]", '[costs]\npositive = "no"'), TWO)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (OLD_TWO.replace("[costs]", '[costs]\npositive = "perhaps"'), TWO),
        (OLD_NUMBER.replace("[costs]", '[costs]\npositive = "perhaps"'), NUMBER),
        (OLD_THREE.replace("[costs.confusion]", '[costs]\npositive = "perhaps"\n[costs.confusion]'), THREE),
    ],
)
def test_positive_answer_that_is_no_answer_of_two_is_refused(text, target):
    with pytest.raises(UserError, match=f"costs.positive is perhaps, and {target.name} is {target.expected}; remove"):
        objective(text, target)


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        (OLD_TWO, TWO, "yes is answered from 0.167 on; a missed yes costs 5, a false yes 1 (plan.toml)"),
        (OLD_THREE, THREE, "the worst mistake is high in place of low, which costs 6 (plan.toml)"),
        (OLD_NUMBER, NUMBER, "too low in 0.25 of all cases is given; a unit too low costs 3, a unit too high 1"),
    ],
)
def test_objective_says_in_words_what_is_looked_for_and_what_mistakes_cost(text, target, words):
    found = objective(text, target).describe(target.name)
    assert found.startswith(f"{target.name}: ")
    assert words in found


def test_answer_of_a_whole_number_is_whole():
    made = objective(OLD_NUMBER, Column("amount", "integer", "Amount", 1, low=0, high=100))
    assert [repr(answer) for answer in made.answers(np.array([4.56, 2.0]))] == ["5", "2"]
    assert objective(OLD_NUMBER, NUMBER).answers(np.array([4.567])) == [4.57]


def test_words_say_where_a_person_looks():
    assert objective(OLD_TWO, TWO).describe_review() == "where the probability of yes is less than 0.05 from 0.167"
    assert objective(OLD_THREE, THREE).describe_review().endswith("costs less than 0.1 more in expectation")
    assert objective(OLD_NUMBER, NUMBER).describe_review() == "where the answer is 50 or more"
    assert objective(SMALLEST, TWO).describe_review() == "nowhere: review.band is 0"
    assert objective(OLD_NUMBER.replace("above = 50", ""), NUMBER).describe_review().startswith("nowhere: ")
