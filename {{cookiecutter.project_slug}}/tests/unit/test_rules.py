"""Rules are a model like any other; the first rule that matches gives the answer."""

import dataclasses

import numpy as np
import pytest
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.rules import COMPARE, RuleModel, rule_errors
from {{ cookiecutter.__package }}.core.schema import Column

NUMBER = Column("size", "number", "Size", 1.0)
CHOICE = Column("colour", "category", "Colour", "red", categories=("red", "blue"))
TEXT = Column("remark", "text", "Remark", "text")
INPUTS = [NUMBER, CHOICE, TEXT]
TWO = Column("bought", "category", "Bought", "no", categories=("no", "yes"))
THREE = Column("kind", "category", "Kind", "low", categories=("low", "mid", "high"))
AMOUNT = Column("amount", "number", "Amount", 1.0, low=0, high=100)


def rule(column="size", comparison=">", value=0.0, prediction=0.5, reason="because"):
    return (column, comparison, value, prediction, reason)


def test_first_rule_that_matches_gives_the_answer():
    model = RuleModel([rule(value=5, prediction=0.9), rule(value=2, prediction=0.7, reason="later")], 0.1).fit()
    asked = {"size": [6, 3, 1]}
    assert model.reasons(asked) == ["because", "later", "no rule matches"]
    assert model.predict(asked).tolist() == [0.9, 0.7, 0.1]
    assert model.predict_proba(asked)[:, 1].tolist() == [0.9, 0.7, 0.1]


WRONG = {
    "a part missing": (rule()[:4], "is not a tuple of column, comparison, value, prediction, reason"),
    "no tuple": ("luck", "'luck' is not a tuple of column, comparison, value, prediction, reason"),
    "an unknown comparison": (rule(comparison="=~"), "comparison: Input should be '==', '!=', '>'"),
    "a number in quotes": (rule(value="0.5"), "size is compared with '0.5'; use a number, without quotes"),
    "a truth for a number": (rule(value=True), "value: Input should be a valid number"),
    "no number": (rule(value=float("nan")), "value: Input should be a finite number"),
    "another spelling": (rule("colour", "==", "RED"), "colour is compared with 'RED'; use one of red, blue"),
    "a number for a category": (rule("colour", "==", 1), "colour is compared with 1.0; use one of red, blue"),
    "an order of categories": (rule("colour", ">", "red"), "colour cannot be compared by '>'; use one of ==, !="),
    "an order of texts": (rule("remark", "<", "a"), "remark cannot be compared by '<'; use one of ==, !="),
    "no reason": (rule(reason=" "), "reason: String should have at least 1 character"),
    "a number as reason": (rule(reason=0.9), "reason: Input should be a valid string"),
    "an impossible probability": (rule(prediction=-0.5), "it predicts -0.5; use a probability, 0 to 1"),
    "a prediction in quotes": (rule(prediction="0.5"), "prediction: Input should be a valid"),
    "several probabilities": (rule(prediction=(0.5, 0.5)), "it predicts (0.5, 0.5); use a probability, 0 to 1"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_fault_is_named_with_the_number_of_its_rule(fault):
    wrong, words = WRONG[fault]
    found = rule_errors([rule(), wrong, rule()], 0.5, INPUTS, TWO)
    assert found
    assert all(line.startswith("rule 2: ") for line in found)
    assert any(words in line for line in found), found


def test_all_faults_are_named_at_once():
    found = rule_errors([rule(value="0.5"), rule(reason="")], "x", INPUTS, TWO)
    assert list(dict.fromkeys(line.partition(":")[0] for line in found)) == ["rule 1", "rule 2", "OTHERWISE"]


def test_fault_of_several_rules_is_named_once_with_what_to_write():
    found = rule_errors([rule("luck"), rule(), rule("luck")], 0.5, INPUTS, TWO)
    assert found == ["rule 1, rule 3: luck is not a column that models see; the nearest are colour, remark, size"]


@pytest.mark.parametrize("written", [None, "luck", 5])
def test_rules_that_are_no_list_are_one_line(written):
    [found] = rule_errors(written, 0.5, INPUTS, TWO)
    assert found.startswith(f"RULES is {written!r}; write a list of rules")


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [
        (TWO, 0.5, 1.5),
        (THREE, (0.2, 0.3, 0.5), (0.1, 0.15, 0.25)),
        (THREE, [0.2, 0.3, 0.5], (1.0,)),
        (THREE, (0.0, 0.0, 1.0), 0.5),
        (AMOUNT, 50, 101),
        (AMOUNT, 0.5, (50.0,)),
    ],
)
def test_prediction_follows_the_label(target, good, bad):
    assert rule_errors([rule(prediction=good)], good, INPUTS, target) == []
    found = rule_errors([rule(prediction=bad)], bad, INPUTS, target)
    assert [line.partition(": ")[0] for line in found] == ["rule 1", "OTHERWISE"]


@pytest.mark.parametrize("comparison", COMPARE)
def test_missing_value_matches_no_rule(comparison):
    model = RuleModel([rule(comparison=comparison, value=2)], 0.5).fit()
    assert model.reasons({"size": [None, float("nan")]}) == ["no rule matches"] * 2
    assert "because" in model.reasons({"size": [1, 2, 3]})
    for equal in ("==", "!="):
        words = RuleModel([rule("colour", equal, "red")], 0.5).fit()
        assert words.reasons({"colour": [None, float("nan")]}) == ["no rule matches"] * 2
        assert words.reasons({"colour": ["red", "blue"]}).count("because") == 1


def test_digest_changes_with_a_rule_and_with_the_prediction_otherwise():
    digests = {RuleModel([rule()], 0.5).digest, RuleModel([rule(value=1)], 0.5).digest, RuleModel([rule()], 0.4).digest}
    assert len(digests) == 3
    assert RuleModel([rule()], 0.5).fit().digest in digests


@pytest.mark.parametrize("name", SHAPES)
def test_protected_and_personal_columns_cannot_be_used(name):
    shape = SHAPES[name]
    for column in shape.problem().columns:
        if not column.is_input:
            wrong = dataclasses.replace(shape, rules=[(column.name, "==", "a", shape.otherwise, "because")])
            with pytest.raises(UserError, match=rf"rules\.py: rule 1: {column.name} is not a column that models see"):
                wrong.problem()


@pytest.mark.parametrize("name", SHAPES)
def test_rules_answer_every_row_of_their_problem(name):
    problem, row = SHAPES[name].problem(), SHAPES[name].table(1)[0]
    asked = {c.name: [float(row[c.name] or "nan") if c.is_numeric else row[c.name] or None] for c in problem.inputs}
    predictions = problem.objective.predict(problem.rules.fit(), asked)
    assert len(problem.objective.answers(predictions)) == 1
    assert np.isfinite(problem.objective.scores(predictions)).all()


def test_wrong_rule_is_one_line_when_the_product_starts(workspace, run_command):
    shape = dataclasses.replace(USUAL, rules=[USUAL.rules[0], ("risk", ">", "high", 0.9, "because")])
    code, out, error = run_command(dataclasses.replace(workspace, shape=shape), "run", "--prepare")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith("error: rules.py: rule 2: risk is compared with 'high'")
