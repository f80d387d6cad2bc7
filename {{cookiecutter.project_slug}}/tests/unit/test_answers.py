"""Decision and reaction take the answers of the label and no others."""

import jsonschema
import pytest
from problems import SHAPES
from pydantic import ValidationError

PROBLEMS = {shape: SHAPES[shape].problem() for shape in SHAPES}
DECISION = {"id": "0" * 32, "score": 0.5, "model": "rules:1", "needs_review": False, "fallback": False}
DECISION |= {"decided_at": "2026-01-01T00:00:00.000+00:00", "blind": False, "reference": None, "subject": None}


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]


@pytest.fixture
def answer(problem):
    return problem.target.categories[-1] if problem.target.categories else 12.5


def wrong_answers(target):
    wrong = [True, [], {}, "no such answer"]
    wrong += [5, "", f" {target.categories[0]}", target.categories[0].swapcase()] if target.categories else ["5"]
    wrong += [float("inf"), float("nan")] if target.is_numeric else []
    wrong += [target.low - 1] if target.low is not None else []
    return wrong + ([target.high + 1] if target.high is not None else [])


def test_decision_takes_every_answer_of_the_label(problem, answer):
    for each in problem.target.categories or (answer,):
        assert problem.decision.model_validate(DECISION | {"answer": each}).answer == each


def test_decision_and_reaction_refuse_any_other_answer(problem):
    for wrong in wrong_answers(problem.target):
        with pytest.raises(ValidationError):
            problem.decision.model_validate(DECISION | {"answer": wrong})
        with pytest.raises(ValidationError):
            problem.reaction.model_validate({"verdict": "override", "answer": wrong})


def test_override_and_blind_need_an_answer_and_accept_has_none(problem, answer):
    for verdict in ("override", "blind"):
        assert problem.reaction.model_validate({"verdict": verdict, "answer": answer}).answer == answer
    assert problem.reaction.model_validate({"verdict": "accept"}).note == ""
    missing = [{"verdict": "override"}, {"verdict": "blind"}]
    for wrong in (*missing, {"verdict": "accept", "answer": answer}, {"verdict": "reject"}, {}):
        with pytest.raises(ValidationError):
            problem.reaction.model_validate(wrong)


@pytest.mark.parametrize("note", ["x" * 501, "a\0b", "\0", 5, None])
def test_note_that_no_ledger_can_store_is_refused(problem, note):
    """PostgreSQL stores no NUL in a text."""
    with pytest.raises(ValidationError):
        problem.reaction.model_validate({"verdict": "accept", "note": note})


@pytest.mark.parametrize("note", ["", "x" * 500, "one line\nand another", "\u00e9\U0001f600"])
def test_note_with_any_other_characters_is_taken(problem, note):
    assert problem.reaction.model_validate({"verdict": "accept", "note": note}).note == note


def test_json_schema_of_a_reaction_says_what_its_validation_does(problem, answer):
    schema = problem.reaction.model_json_schema()
    choices = ("accept", "override", "blind")
    given = [{"verdict": verdict} | extra for verdict in choices for extra in ({}, {"answer": answer})]
    given += [{"verdict": "accept", "note": "a\0b"}, {"verdict": "accept", "note": "a\nb"}, {"verdict": "other"}]
    for reaction in given:
        try:
            problem.reaction.model_validate(reaction)
        except ValidationError:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(reaction, schema)
        else:
            jsonschema.validate(reaction, schema)


def test_score_of_categories_is_a_probability_and_of_a_number_is_any_number(problem, answer):
    high = DECISION | {"answer": answer, "score": 1.5}
    if problem.target.categories:
        with pytest.raises(ValidationError):
            problem.decision.model_validate(high)
    else:
        assert problem.decision.model_validate(high).score == 1.5
