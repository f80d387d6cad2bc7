"""What people in insurance expect of the rules: the first model, and the fallback of every later one."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

PROJECT = Path(__file__).parents[2]
PROBLEM = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem

CASES = [
    ({"self_rated_health": "poor"}, 600.0, "health is rated poor"),
    ({"physical_limitation": "yes"}, 250.0, "a physical limitation"),
    ({"age": 1}, 150.0, "an infant"),
    ({"age": 10, "chronic_conditions_index": 0}, 60.0, "a child"),
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


def test_sick_member_costs_more_than_a_healthy_child():
    child = predict({"age": 10, "chronic_conditions_index": 0})[0]
    assert predict({"self_rated_health": "poor"})[0] > 3 * child
