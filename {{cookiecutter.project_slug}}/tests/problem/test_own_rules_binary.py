"""What people in lending expect of the rules: the first model, and the fallback of every later one."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

PROJECT = Path(__file__).parents[2]
PROBLEM = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem

CASES = [
    ({}, "no", False, "no rule matches"),
    ({"denied_mortgage_insurance": "yes"}, "yes", False, "mortgage insurance was denied"),
    ({"public_bad_credit_record": "yes"}, "yes", False, "there is a public record of bad credit"),
    ({"debt_to_income": 0.6}, "yes", False, "debt payments take over half of the income"),
    ({"debt_to_income": 0.45}, "no", True, "debt payments take over 42 % of the income"),
]


def predict(change):
    """Return the predictions for the contract's example with a change, and the reason."""
    case = {c.name: [change.get(c.name, c.example)] for c in PROBLEM.inputs}
    model = PROBLEM.rules.fit()
    return PROBLEM.objective.predict(model, case), model.reasons(case)[0]


@pytest.mark.parametrize(("change", "answer", "review", "reason"), CASES)
def test_case_gets_answer_review_and_reason(change, answer, review, reason):
    predictions, given = predict(change)
    assert PROBLEM.objective.answers(predictions) == [answer]
    assert PROBLEM.objective.needs_review(predictions) == [review]
    assert given == reason
