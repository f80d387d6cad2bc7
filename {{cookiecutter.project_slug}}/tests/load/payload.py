"""Features drawn from the contract, within its bounds. Locust is not imported here: it changes the process it is in."""

import random

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns

FEATURES = columns(contract.Features)
OPTIONAL_LEFT_OUT = 0.1


def body():
    """Return features that the contract accepts."""
    asked = [column for column in FEATURES if not column.optional or random.random() >= OPTIONAL_LEFT_OUT]
    return {column.name: drawn(column) for column in asked}


def drawn(column):
    """Return a value that the contract accepts."""
    if column.categories:
        return random.choice(column.categories)
    if column.kind == "text":
        return column.example or ""
    low = column.low if column.low is not None else 0
    high = column.high if column.high is not None else low + 1000
    return random.randint(int(low), int(high)) if column.kind == "integer" else random.uniform(low, high)
