"""What people in lending expect of every model."""

from pathlib import Path

import numpy as np
import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

CLEARLY_GOOD = {"debt_to_income": 0.2, "housing_to_income": 0.15, "loan_to_value": 0.5, "consumer_credit_grade": 1}
CLEARLY_BAD = {
    "debt_to_income": 0.9,
    "loan_to_value": 1.1,
    "consumer_credit_grade": 6,
    "public_bad_credit_record": "yes",
    "denied_mortgage_insurance": "yes",
}
PROJECT = Path(__file__).parents[3]
CANDIDATES = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem.candidates()
MODELS = ["rules", *CANDIDATES]


@pytest.mark.parametrize("name", MODELS)
def test_clear_cases_get_the_clear_answer(fitted, problem, example, name):
    for change, answer in ((CLEARLY_GOOD, "no"), (CLEARLY_BAD, "yes")):
        case = {column: [value] for column, value in (example | change).items()}
        assert problem.objective.answers(problem.objective.predict(fitted(name), case)) == [answer]


@pytest.mark.parametrize("name", MODELS)
def test_more_of_a_rising_column_never_makes_a_refusal_less_likely(fitted, rows, problem, name):
    asked, model = rows.features.iloc[::20], fitted(name)
    rising = [column.name for column in problem.inputs if column.rising]
    assert "debt_to_income" in rising
    for column in rising:
        scores = [
            problem.objective.predict(model, asked.assign(**{column: asked[column] + more}))[:, 1]
            for more in (0, 0.05, 0.1, 0.2, 0.4)
        ]
        assert (np.diff(scores, axis=0) >= -1e-9).all(), column
