"""What anybody in care would expect of every model."""

import pytest

from {{ cookiecutter.__package }}.product.openapi import example

CLEARLY_WELL = {"chronic_conditions": 0, "hospital_stays": 0, "limited_daily_activities": "no", "age": 66}
CLEARLY_ILL = {"chronic_conditions": 6, "hospital_stays": 3, "limited_daily_activities": "yes", "emergency_visits": 4}


@pytest.mark.parametrize("name", ["rules", "logistic", "boosting"])
def test_clear_cases_are_clear(fitted, objective, name):
    well, ill = (
        objective.raw(fitted[name], {column: [value] for column, value in (example() | change).items()})
        for change in (CLEARLY_WELL, CLEARLY_ILL)
    )
    assert objective.answers(ill) == ["poor"]
    assert objective.answers(well) != ["poor"]
    assert ill[0, 0] > well[0, 0]


@pytest.mark.parametrize("name", ["rules", "logistic"])
def test_one_more_chronic_condition_never_makes_poor_health_less_likely(fitted, rows, objective, name):
    asked = rows.features.iloc[::20]
    more = asked.assign(chronic_conditions=asked["chronic_conditions"] + 1)
    assert (objective.raw(fitted[name], more)[:, 0] >= objective.raw(fitted[name], asked)[:, 0] - 1e-9).all()
