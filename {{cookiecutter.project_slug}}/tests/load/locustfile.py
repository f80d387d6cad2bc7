"""One user: asks for decisions on features drawn from the product's contract, at a constant rate."""

import os

from locust import HttpUser, constant_throughput, task
from payload import draw_features, features_schema

RATE = float(os.environ["LOAD_RATE_OF_A_USER"])
WAIT = float(os.environ["LOAD_SECONDS_TO_WAIT"])
HEADERS = {"X-API-Key": os.environ.get("LOAD_API_KEY", "")}


class Reviewer(HttpUser):
    """A person or a program that asks for decisions."""

    wait_time = constant_throughput(RATE)

    def on_start(self):
        """Read the contract from the product."""
        answer = self.client.get("/openapi.json", headers=HEADERS, name="openapi", timeout=WAIT)
        self.schema = features_schema(answer.json())

    @task
    def decide(self):
        """Ask for one decision; an answer that takes too long is an error."""
        self.client.post("/v1/decisions", json=draw_features(self.schema), headers=HEADERS, name="decide", timeout=WAIT)
