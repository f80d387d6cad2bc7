"""Telemetry: what the product does, counted in Prometheus' format. No feature ever gets here."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from collections import Counter as Tally
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

from .logs import name_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # as the client library calls it
log = logging.getLogger(__name__)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LEFT = 499  # the client hung up before its request was whole; no answer has this status
SCORES = tuple(place / 20 for place in range(1, 21))


class Telemetry:
    """Counters of one process; `observer` to the product, and its `/metrics` page."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter("decisions", "Decisions", ["model", "answer", "fallback"], registry=self.registry)
        self.reviews = Counter("decisions_to_review", "Decisions for a person to look at", registry=self.registry)
        self.scores = Histogram("decision_score", "Scores", ["model"], buckets=SCORES, registry=self.registry)
        self.reactions = Counter("reactions", "Reactions", ["verdict"], registry=self.registry)
        labels = ["method", "route", "status"]
        self.requests = Histogram("request_seconds", "Time to answer", labels, buckets=SECONDS, registry=self.registry)
        self._requests: dict[tuple[str, str, int], Histogram] = {}

    def decided(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Count decisions that were recorded."""
        # counted first and added once a batch: to look a label up takes longer than to decide
        for (model, answer, fallback), count in Tally(map(_labels, decisions)).items():
            self.decisions.labels(model, answer, fallback).inc(count)
        self.reviews.inc(sum(decision["needs_review"] for decision in decisions))
        for model, ofmodel in groupby(decisions, itemgetter("model")):
            scores = self.scores.labels(model)
            for decision in ofmodel:
                scores.observe(decision["score"])

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request and how long it took."""
        if (method, route, status) not in self._requests:
            self._requests[method, route, status] = self.requests.labels(method, route, str(status))
        self._requests[method, route, status].observe(seconds)

    def reacted(self, verdict: str) -> None:
        """Count a reaction."""
        self.reactions.labels(verdict).inc()

    async def page(self, _request: Request) -> Response:
        """Return every figure, of all workers, for Prometheus to collect."""
        registry = self.registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


@contextlib.contextmanager
def together(workers: int) -> Iterator[None]:
    """Let the processes that are started inside the block count together, if they are several."""
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        if workers > 1:
            os.environ[FOLDER] = folder
        try:
            yield
        finally:
            os.environ.pop(FOLDER, None)


class Timed:
    """ASGI middleware that names every request, and times it under the route that took it."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how long it took."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0
        request = (b"x-request-id", name_request(scope).encode())

        async def heard() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "http.disconnect":
                status = status or LEFT
            return message

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = status or message["status"]
                message["headers"] = [*message["headers"], request]
            await send(message)

        try:
            await self.app(scope, heard, noted)
        finally:
            route, seconds, status = _route(scope), time.perf_counter() - start, status or 500
            self.telemetry.requested(scope["method"], route, status, seconds)
            if status >= HTTPStatus.BAD_REQUEST and status != LEFT:
                log.info("%s %s answered %d in %.1f ms", scope["method"], route, status, seconds * 1000)


def _labels(decision: Mapping[str, Any]) -> tuple[str, str, str]:
    answer = decision["answer"] if isinstance(decision["answer"], str) else "number"
    return decision["model"], answer, "true" if decision["fallback"] else "false"


def _route(scope: Scope) -> str:
    """Return the pattern that took a request, never a path with an id: it would make a series of its own."""
    if "route" in scope:
        return str(scope["route"].path)
    # Starlette's plain routes leave no pattern behind, and those here have no parameter
    plain = "endpoint" in scope and "app_root_path" not in scope and not scope.get("path_params")
    return str(scope["path"]) if plain else "unmatched"
