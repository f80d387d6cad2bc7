"""What one user does: ask for decisions with features drawn from the contract, at a steady pace."""

import os

from locust import HttpUser, constant_throughput, task
from payload import body

RATE = float(os.environ["LOAD_RATE_OF_A_USER"])
WAIT = float(os.environ["LOAD_SECONDS_TO_WAIT"])
KEY = os.environ.get("LOAD_API_KEY", "")


class Reviewer(HttpUser):
    """Somebody who asks."""

    wait_time = constant_throughput(RATE)

    @task
    def decide(self):
        """Ask for one decision; whoever waits too long has got none."""
        self.client.post("/v1/decisions", json=body(), headers={"X-API-Key": KEY}, name="decide", timeout=WAIT)
