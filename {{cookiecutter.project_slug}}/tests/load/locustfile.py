"""What one user does: ask for decisions with features drawn from the contract, at a steady pace."""

import os
import random

from locust import HttpUser, constant_throughput, task

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns

FEATURES = columns(contract.Features)
RATE = float(os.environ["LOAD_RATE_OF_A_USER"])
KEY = os.environ.get("LOAD_API_KEY", "")


def drawn(column):
    """Return a value that the contract accepts."""
    if column.categories:
        return random.choice(column.categories)
    low = column.low if column.low is not None else 0
    high = column.high if column.high is not None else low + 1000
    return random.randint(int(low), int(high)) if column.kind == "integer" else random.uniform(low, high)


class Reviewer(HttpUser):
    """Somebody who asks."""

    wait_time = constant_throughput(RATE)

    @task
    def decide(self):
        """Ask for one decision."""
        body = {column.name: drawn(column) for column in FEATURES if column.kind != "text"}
        self.client.post("/v1/decisions", json=body, headers={"X-API-Key": KEY}, name="decide")
