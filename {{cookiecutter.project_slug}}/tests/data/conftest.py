"""What the tests of the data wheel leave behind."""

import ibis
import pytest


@pytest.fixture(scope="session", autouse=True)
def backend():
    """What computes tables that are in no lake goes before the interpreter does, or DuckDB says that it leaks."""
    yield
    ibis.get_backend().disconnect()
    ibis.options.default_backend = None
