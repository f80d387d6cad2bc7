"""What people in care expect of every model."""

import pytest

CLEARLY_WELL = {"chronic_conditions": 0, "hospital_stays": 0, "limited_daily_activities": "no", "age": 66}
CLEARLY_ILL = {"chronic_conditions": 6, "hospital_stays": 3, "limited_daily_activities": "yes", "emergency_visits": 4}


@pytest.mark.parametrize("name", ["rules", "logistic", "boosting"])
def test_clear_cases_get_the_clear_answer(fitted, problem, example, name):
    well, ill = (
        problem.objective.predict(fitted(name), {column: [value] for column, value in (example | change).items()})
        for change in (CLEARLY_WELL, CLEARLY_ILL)
    )
    assert problem.objective.answers(ill) == ["poor"]
    assert problem.objective.answers(well) != ["poor"]
    assert ill[0, 0] > well[0, 0]


@pytest.mark.parametrize("name", ["rules", "logistic"])
def test_one_more_chronic_condition_never_makes_poor_health_less_likely(fitted, rows, problem, name):
    asked, model = rows.features.iloc[::20], fitted(name)
    more = asked.assign(chronic_conditions=asked["chronic_conditions"] + 1)
    before, after = (problem.objective.predict(model, table)[:, 0] for table in (asked, more))
    assert (after >= before - 1e-9).all()
