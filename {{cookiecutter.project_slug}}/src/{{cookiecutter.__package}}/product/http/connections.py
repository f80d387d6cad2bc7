"""Limits of connections, around uvicorn's protocol: how many, how long a client may take, how much is read.

uvicorn has a timeout for idle connections after their first answer, and none for a client that sends nothing
or half a head, or that does not read its answer (Slowloris attacks). It has no limit on the size of a head
either. The timeout of a body is in `security.py`, which can answer it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from .problems import problem_response
from .security import API_HEADERS


@dataclass(slots=True)
class Limits:
    """What one process accepts, and how many of its connections are open now."""

    connections: int
    seconds: float  # to send a whole head, or to read the next part of an answer
    bytes: int  # that may arrive for one request: head, body, chunk sizes and trailers
    open_connections: int = 0


class LimitedProtocol:
    """Passes the events of a connection on to uvicorn's protocol until the connection breaks a limit.

    Connections over the limit are closed at once, slow ones at their deadline. Neither gets an answer, because a
    client could match it with its next request. A request with too many bytes gets 431.
    """

    def __init__(self, make_protocol: Callable[..., asyncio.Protocol], limits: Limits, **given: Any) -> None:
        self.inner = make_protocol(**given)
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.timer: asyncio.TimerHandle | None = None
        self.restart()

    def restart(self) -> None:
        """Wait for the next request: the server has answered, at least in part."""
        self.received, self.has_head, self.tail = 0, False, b""
        self.deadline = self.loop.time() + self.limits.seconds

    def __getattr__(self, name: str) -> Any:
        """Pass on all other events (backpressure: `pause_writing`, `resume_writing`)."""
        return getattr(self.inner, name)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for a first request, or close the connection if there are too many."""
        self.transport = transport
        self.limits.open_connections += 1
        if self.limits.open_connections > self.limits.connections:
            transport.abort()
        else:
            self.timer = self.loop.call_at(self.deadline, self._check_deadline)
            self.inner.connection_made(cast("asyncio.Transport", WatchedTransport(transport, self.restart)))

    def data_received(self, data: bytes) -> None:
        """Pass bytes on while the request is within its size limit."""
        self.received += len(data)
        if self.received > self.limits.bytes:
            answer = problem_response(431, f"head, body and trailers may have {self.limits.bytes} bytes together")
            lines = [b"%s: %s\r\n" % each for each in [*answer.raw_headers, *API_HEADERS, (b"connection", b"close")]]
            head = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            self.transport.write(b"".join([head, *lines, b"\r\n", bytes(answer.body)]))
            self.transport.close()
            return
        if not self.has_head:
            recent = self.tail + data
            self.has_head, self.tail = b"\r\n\r\n" in recent, recent[-3:]
        self.inner.data_received(data)

    def eof_received(self) -> bool:
        """Close the connection, unless a client that sends nothing more waits for its answer (half-close)."""
        self.inner.eof_received()
        return self.has_head

    def connection_lost(self, error: Exception | None) -> None:
        """Count the connection no longer."""
        self.limits.open_connections -= 1
        if self.timer:  # else the connection was over the limit, and the inner protocol never saw it
            self.timer.cancel()
            self.inner.connection_lost(error)

    def _check_deadline(self) -> None:
        # the timer is moved when it fires, not for every answer
        now = self.loop.time()
        if self.has_head:  # the time that the server takes is not the client's
            self.deadline = now + self.limits.seconds
        if now < self.deadline:
            self.timer = self.loop.call_at(self.deadline, self._check_deadline)
        else:
            self.transport.abort()


class WatchedTransport:
    """A transport that reports every write."""

    def __init__(self, transport: asyncio.Transport, report: Callable[[], None]) -> None:
        self.transport, self.report = transport, report
        self.is_closing = transport.is_closing  # asked several times for each request

    def __getattr__(self, name: str) -> Any:
        """Pass on everything else."""
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.report()
        self.transport.write(data)
