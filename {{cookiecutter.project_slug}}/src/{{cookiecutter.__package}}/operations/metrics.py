"""Metrics: what the product does, counted in Prometheus' format. They never hold a feature."""

import contextlib
import functools
import logging
import os
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .logs import set_request_id

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the client library's name
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# buckets from 0 to 1: if the label is a number, only the count and the sum of scores say something
SCORES = tuple(step / 20 for step in range(1, 21))
CLIENT_CLOSED = 499  # the client left before its request was complete; no response has this status
log = logging.getLogger(__name__)


class Metrics:
    """Counters of one process, and the `/metrics` endpoint."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter("decisions", "Decisions", ["model", "answer", "fallback"], registry=self.registry)
        self.reviews = Counter("decisions_to_review", "Decisions that need a review", registry=self.registry)
        self.scores = Histogram("decision_score", "Scores", ["model"], buckets=SCORES, registry=self.registry)
        self.reactions = Counter("reactions", "Reactions", ["verdict"], registry=self.registry)
        self.outcomes = Counter("outcomes", "Outcomes", ["recorded"], registry=self.registry)
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

    def count_reaction(self, verdict: str) -> None:
        """Count a reaction."""
        self.reactions.labels(verdict).inc()

    def count_outcomes(self, recorded: Iterable[str]) -> None:
        """Count outcomes by what they were: new, unchanged or corrected."""
        for kind, count in Tally(recorded).items():
            self.outcomes.labels(kind).inc(count)

    async def endpoint(self, _request: Request) -> Response:
        """Return every metric, of all workers, for Prometheus to collect."""
        registry = self.registry
        if SHARED_FOLDER in os.environ:
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


class RequestMetrics:
    """ASGI middleware that gives every request an id, and measures its time under the route that took it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.histogram = functools.lru_cache(maxsize=1024)(metrics.requests.labels)  # a look-up takes microseconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0
        request_id = (b"x-request-id", set_request_id(scope).encode())

        async def watch_receive() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "http.disconnect":
                status = status or CLIENT_CLOSED
            return message

        async def watch_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = status or message["status"]
                message["headers"] = [*message["headers"], request_id]
            await send(message)

        try:
            await self.app(scope, watch_receive, watch_send)
        finally:
            route, seconds, status = _route(scope), time.perf_counter() - start, status or 500
            self.histogram(scope["method"], route, str(status)).observe(seconds)
            if status >= HTTPStatus.BAD_REQUEST and status != CLIENT_CLOSED:
                log.info("%s %s answered %d in %.1f ms", scope["method"], route, status, seconds * 1000)


def _decision_labels(decision: Mapping[str, Any]) -> tuple[str, str, str]:
    answer = decision["answer"] if isinstance(decision["answer"], str) else "number"
    return decision["model"], answer, str(decision["fallback"]).lower()


def _route(scope: Scope) -> str:
    """Return the pattern of the route that took a request: a path with an id would be a series of its own."""
    if "route" in scope:
        return str(scope["route"].path)
    # Starlette's plain routes leave no pattern in the scope, and those here have no parameter
    plain = "endpoint" in scope and "app_root_path" not in scope and not scope.get("path_params")
    return str(scope["path"]) if plain else "unmatched"
