"""What anybody in insurance would expect of every model."""

import pytest

from {{ cookiecutter.__package }}.model.candidates import candidates
from {{ cookiecutter.__package }}.model.evaluate import fit
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.product.openapi import example

CLEARLY_CHEAP = {"age": 10, "chronic_conditions_index": 0, "self_rated_health": "excellent", "physical_limitation": "no"}
CLEARLY_DEAR = {"age": 60, "chronic_conditions_index": 40, "self_rated_health": "poor", "physical_limitation": "yes"}


@pytest.fixture(scope="session")
def models(rows, plan):
    learned = {name: fit(model, rows) for name, model in candidates(FEATURES, plan).items()}
    return {"rules": RuleBook().fit(), **learned}


@pytest.mark.parametrize("name", ["rules", "linear", "boosting"])
def test_clear_cases_are_clear(models, objective, name):
    cheap, dear = (
        objective.raw(models[name], {column: [value] for column, value in (example() | change).items()})[0]
        for change in (CLEARLY_CHEAP, CLEARLY_DEAR)
    )
    assert dear > 3 * cheap


@pytest.mark.parametrize("name", ["rules", "linear"])
def test_more_chronic_conditions_never_cost_less(models, rows, objective, name):
    asked = rows.features.iloc[::20]
    more = asked.assign(chronic_conditions_index=asked["chronic_conditions_index"] + 5)
    assert (objective.raw(models[name], more) >= objective.raw(models[name], asked) - 1e-9).all()


@pytest.mark.parametrize("name", ["linear", "boosting"])
def test_about_the_planned_share_of_answers_is_too_low(models, rows, objective, name):
    low = (objective.raw(models[name], rows.features) < rows.truth).mean()
    assert low == pytest.approx(1 - objective.quantile, abs=0.03)
