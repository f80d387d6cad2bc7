"""Training rows of the synthetic problems, without a lake or a registry."""

import pytest
from problems import SHAPES
from training import training_table

from {{ cookiecutter.__package }}.model.evaluate import split_columns


@pytest.fixture(params=list(SHAPES))
def shape(request):
    """Return every shape in turn."""
    return SHAPES[request.param]


@pytest.fixture
def problem(shape):
    """Return the problem of the shape."""
    return shape.problem()


@pytest.fixture
def table(shape):
    """Return the training table of the shape, which a test may change."""
    return training_table(next(name for name in SHAPES if SHAPES[name] is shape)).copy()


@pytest.fixture
def rows(table, problem):
    """Return the training table of the shape, taken apart."""
    return split_columns(table, problem)
