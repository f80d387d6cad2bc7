"""What anybody in lending would expect of every model."""

import numpy as np
import pytest

from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.product.openapi import example

CLEARLY_GOOD = {"debt_to_income": 0.2, "housing_to_income": 0.15, "loan_to_value": 0.5, "consumer_credit_grade": 1}
CLEARLY_BAD = {
    "debt_to_income": 0.9,
    "loan_to_value": 1.1,
    "consumer_credit_grade": 6,
    "public_bad_credit_record": "yes",
    "denied_mortgage_insurance": "yes",
}


@pytest.mark.parametrize("name", ["rules", "logistic", "mitigated"])
def test_clear_cases_are_clear(fitted, objective, name):
    for change, answer in ((CLEARLY_GOOD, "no"), (CLEARLY_BAD, "yes")):
        case = {column: [value] for column, value in (example() | change).items()}
        assert objective.answers(objective.raw(fitted[name], case)) == [answer]


@pytest.mark.parametrize("name", ["rules", "logistic", "mitigated"])
@pytest.mark.parametrize("column", [column.name for column in FEATURES if column.rising])
def test_more_of_what_only_hurts_never_helps(fitted, rows, objective, name, column):
    asked = rows.features.iloc[::20]
    scores = [
        objective.raw(fitted[name], asked.assign(**{column: asked[column] + more})) for more in (0, 0.05, 0.1, 0.2, 0.4)
    ]
    assert (np.diff(scores, axis=0) >= -1e-9).all()


def test_the_debt_ratio_is_one_of_them():
    assert "debt_to_income" in {column.name for column in FEATURES if column.rising}
