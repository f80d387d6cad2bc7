"""What people in insurance expect of every model."""

import pytest

CLEARLY_CHEAP = {"age": 10, "chronic_conditions_index": 0, "self_rated_health": "excellent"}
CLEARLY_EXPENSIVE = {
    "age": 60,
    "chronic_conditions_index": 40,
    "self_rated_health": "poor",
    "physical_limitation": "yes",
}


@pytest.mark.parametrize("name", ["rules", "linear", "boosting"])
def test_clear_cases_get_clearly_different_answers(fitted, problem, example, name):
    cheap, expensive = (
        problem.objective.predict(fitted(name), {column: [value] for column, value in (example | change).items()})[0]
        for change in (CLEARLY_CHEAP, CLEARLY_EXPENSIVE)
    )
    assert expensive > 3 * cheap


@pytest.mark.parametrize("name", ["rules", "linear"])
def test_more_chronic_conditions_never_cost_less(fitted, rows, problem, name):
    asked, model = rows.features.iloc[::20], fitted(name)
    more = asked.assign(chronic_conditions_index=asked["chronic_conditions_index"] + 5)
    before, after = (problem.objective.predict(model, table) for table in (asked, more))
    assert (after >= before - 1e-9).all()


@pytest.mark.parametrize("name", ["linear", "boosting"])
def test_the_planned_share_of_answers_is_too_low(fitted, rows, problem, name):
    too_low = (problem.objective.predict(fitted(name), rows.features) < rows.truth).mean()
    assert too_low == pytest.approx(1 - problem.objective.quantile, abs=0.03)
