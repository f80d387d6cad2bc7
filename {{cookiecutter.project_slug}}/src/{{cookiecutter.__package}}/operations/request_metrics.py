"""Request metrics: how long each route takes to answer, and with which status."""

import functools
import logging
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .logs import set_request_id
from .metrics import Metrics

CLIENT_CLOSED = 499  # the client left before its request was complete; no response has this status
log = logging.getLogger(__name__)


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
                names = "http.request.method", "http.route", "http.response.status_code"
                attributes = dict(zip(names, (scope["method"], route, status), strict=True))
                text = "%s %s answered %d in %.1f ms"
                log.info(text, *attributes.values(), seconds * 1000, extra={"attributes": attributes})


def _route(scope: Scope) -> str:
    """Return the pattern of the route that took a request: a path with an id would be a series of its own."""
    if "route" in scope:
        return str(scope["route"].path)
    # Starlette's plain routes leave no pattern in the scope, and those here have no parameter
    plain = "endpoint" in scope and "app_root_path" not in scope and not scope.get("path_params")
    return str(scope["path"]) if plain else "unmatched"
