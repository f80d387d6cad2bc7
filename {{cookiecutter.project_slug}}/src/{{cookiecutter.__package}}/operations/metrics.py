"""Metrics: what the product does, counted in Prometheus' format. They never hold a feature."""

import contextlib
import os
import tempfile
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from .process_metrics import ProcessMetrics, forget_dead_processes

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the client library's name
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# buckets from 0 to 1: if the label is a number, only the count and the sum of scores say something
SCORES = tuple(step / 20 for step in range(1, 21))


class Metrics:
    """Counters of one process, and the `/metrics` endpoint."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.process = ProcessMetrics(self.registry)
        self.decisions = Counter("decisions", "Decisions", ["model", "answer", "fallback"], registry=self.registry)
        self.reviews = Counter("decisions_to_review", "Decisions that need a review", registry=self.registry)
        self.scores = Histogram("decision_score", "Scores", ["model"], buckets=SCORES, registry=self.registry)
        self.reactions = Counter("reactions", "Reactions", ["verdict"], registry=self.registry)
        self.outcomes = Counter("outcomes", "Outcomes", ["recorded"], registry=self.registry)
        self.arms = Counter("arm_decisions", "Decisions of a rollout", ["arm"], registry=self.registry)
        self.ledger_errors = Counter("ledger_errors", "Requests that the ledger failed", registry=self.registry)
        labels = ["model", "arm"]
        self.calls = Histogram("model_seconds", "Time of a model call", labels, buckets=SECONDS, registry=self.registry)
        labels = ["method", "route", "status"]
        self.requests = Histogram("request_seconds", "Time to answer", labels, buckets=SECONDS, registry=self.registry)

    def count_decisions(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Count decisions that were recorded."""
        # the look-up of labels takes longer than a decision: once for each of their combinations
        for labels, count in Tally(map(_decision_labels, decisions)).items():
            self.decisions.labels(*labels).inc(count)
        self.reviews.inc(sum(decision["needs_review"] for decision in decisions))
        scores = {model: self.scores.labels(model) for model in {decision["model"] for decision in decisions}}
        for decision in decisions:
            scores[decision["model"]].observe(decision["score"])
        for arm, count in Tally(decision["arm"] for decision in decisions if decision["arm"]).items():
            self.arms.labels(arm).inc(count)
        # decisions of one batch share a call
        for model, arm, seconds in {(each["model"], each["arm"], each["model_seconds"]) for each in decisions}:
            self.calls.labels(model, arm or "champion").observe(seconds)

    def count_reaction(self, verdict: str) -> None:
        """Count a reaction."""
        self.reactions.labels(verdict).inc()

    def count_ledger_error(self) -> None:
        """Count a request that was not answered because the ledger failed."""
        self.ledger_errors.inc()

    def count_outcomes(self, recorded: Iterable[str]) -> None:
        """Count outcomes by what they were: new, unchanged or corrected."""
        for kind, count in Tally(recorded).items():
            self.outcomes.labels(kind).inc(count)

    async def endpoint(self, _request: Request) -> Response:
        """Return every metric, of all workers, for Prometheus to collect."""
        registry = self.registry
        if folder := os.environ.get(SHARED_FOLDER):
            forget_dead_processes(folder)
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


@contextlib.contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """Let the processes that are started inside the block count together, if there are several."""
    with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
        if workers > 1:
            os.environ[SHARED_FOLDER] = folder
        try:
            yield
        finally:
            os.environ.pop(SHARED_FOLDER, None)


def _decision_labels(decision: Mapping[str, Any]) -> tuple[str, str, str]:
    answer = decision["answer"] if isinstance(decision["answer"], str) else "number"
    return decision["model"], answer, str(decision["fallback"]).lower()
