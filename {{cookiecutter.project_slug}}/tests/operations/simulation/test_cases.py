"""Simulated cases look like the rows of a table, fit the contract, and copy no row."""

import numpy as np
import pytest
from problems import SHAPES
from simulated_cases import make_source

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.operations.simulation.cases import CaseSource

COUNT = 200


@pytest.fixture(params=SHAPES)
def source(request):
    """Return a source of cases of every shape in turn."""
    return make_source(request.param)


def test_case_fits_the_contract_and_whole_numbers_stay_whole(source):
    for place in range(COUNT):
        features = dict(source.draw(place).features)
        source.problem.request.model_validate(features)
        whole = [column.name for column in source.problem.columns if column.kind == "integer"]
        assert all(isinstance(features[name], int | None) for name in whole)


def test_case_has_the_label_and_all_but_the_numbers_of_its_row(source):
    rows = dict(zip(source.names, source.rows, strict=True))
    moved = set(source.values)
    for place in range(COUNT):
        case = source.draw(place)
        row = rows[case.subject]
        assert case.truth == row[source.problem.target.name]
        kept = [column.name for column in source.problem.stored if column.name not in moved or row[column.name] is None]
        assert {name: case.features[name] for name in kept} == {name: row[name] for name in kept}


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "categories"])
def test_no_case_copies_a_row_or_another_case(name):
    source = make_source(name)
    inputs = [column.name for column in source.problem.inputs]
    cases = [source.draw(place).features for place in range(COUNT)]
    drawn = [tuple(features[name] for name in inputs) for features in cases]
    drawn = [values for values in drawn if any(value is not None for value in values)]  # nothing there can be moved
    rows = {tuple(row[name] for name in inputs) for row in source.rows}
    copied = [values for values in drawn if values in rows or drawn.count(values) > 1]
    assert len(copied) <= 0.02 * COUNT, copied


def test_values_have_the_shares_that_they_have_in_the_table():
    source = make_source("usual")
    for name, values in source.values.items():
        drawn = [source.draw(place).features[name] for place in range(1000)]
        drawn = np.array([value for value in drawn if value is not None])
        assert {*drawn.tolist()} <= {*values.tolist()}
        assert abs(drawn.mean() - values.mean()) < 0.15 * values.std()
        assert abs(drawn.std() / values.std() - 1) < 0.1


@pytest.mark.slow
def test_seed_gives_the_same_cases_and_another_seed_gives_others():
    first, again, other = ([make_source("usual", seed).draw(place) for place in range(20)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_table_without_a_usable_row_is_refused():
    with pytest.raises(UserError, match="no usable row to replay"):
        CaseSource([], [], SHAPES["usual"].problem(), 0)
