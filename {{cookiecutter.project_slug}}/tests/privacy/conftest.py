"""Commands that store what they read, of the wheels that are here."""

import importlib.util

import pytest

from {{ cookiecutter.__package }}.cli import composition


@pytest.fixture
def commands():
    """Return the commands of the data and model wheels; a product first has none."""
    return ("data", "train", "monitor") if importlib.util.find_spec(f"{composition.__package__}.model") else ()
