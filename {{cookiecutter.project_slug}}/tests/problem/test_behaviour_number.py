"""What anybody in insurance would expect of every model."""

import pytest

from {{ cookiecutter.__package }}.product.openapi import example

CLEARLY_CHEAP = {"age": 10, "chronic_conditions_index": 0, "self_rated_health": "excellent"}
CLEARLY_DEAR = {"age": 60, "chronic_conditions_index": 40, "self_rated_health": "poor", "physical_limitation": "yes"}


@pytest.mark.parametrize("name", ["rules", "linear", "boosting"])
def test_clear_cases_are_clear(fitted, objective, name):
    cheap, dear = (
        objective.raw(fitted[name], {column: [value] for column, value in (example() | change).items()})[0]
        for change in (CLEARLY_CHEAP, CLEARLY_DEAR)
    )
    assert dear > 3 * cheap


@pytest.mark.parametrize("name", ["rules", "linear"])
def test_more_chronic_conditions_never_cost_less(fitted, rows, objective, name):
    asked = rows.features.iloc[::20]
    more = asked.assign(chronic_conditions_index=asked["chronic_conditions_index"] + 5)
    assert (objective.raw(fitted[name], more) >= objective.raw(fitted[name], asked) - 1e-9).all()


@pytest.mark.parametrize("name", ["linear", "boosting"])
def test_about_the_planned_share_of_answers_is_too_low(fitted, rows, objective, name):
    low = (objective.raw(fitted[name], rows.features) < rows.truth).mean()
    assert low == pytest.approx(1 - objective.quantile, abs=0.03)
