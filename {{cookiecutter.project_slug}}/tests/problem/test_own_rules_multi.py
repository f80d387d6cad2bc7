"""What people in care expect of the rules: the first model, and the fallback of every later one."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

PROJECT = Path(__file__).parents[2]
PROBLEM = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem

CASES = [
    ({"chronic_conditions": 6}, "poor", "four or more chronic conditions"),
    ({"limited_daily_activities": "yes"}, "poor", "daily activities are limited"),
    ({"hospital_stays": 2}, "poor", "two or more stays in hospital"),
]


def predict(change):
    """Return the predictions for the contract's example with a change, and the reason."""
    case = {c.name: [change.get(c.name, c.example)] for c in PROBLEM.inputs}
    model = PROBLEM.rules.fit()
    return PROBLEM.objective.predict(model, case), model.reasons(case)[0]


@pytest.mark.parametrize(("change", "answer", "reason"), CASES)
def test_clear_case_gets_answer_and_reason(change, answer, reason):
    predictions, given = predict(change)
    assert PROBLEM.objective.answers(predictions) == [answer]
    assert given == reason


def test_member_without_conditions_is_not_poor():
    assert PROBLEM.objective.answers(predict({"chronic_conditions": 0})[0]) != ["poor"]
