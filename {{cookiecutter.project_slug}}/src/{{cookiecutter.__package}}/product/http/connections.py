"""Limits of connections, around uvicorn's protocol: how many, how long one exchange takes, how much is read.

uvicorn has a timeout for idle connections after their first answer, and none for a client that sends nothing,
half a head or half a body. It has no limit on the size of a head either. Here every exchange, from the first
byte that is awaited to the last one that is answered, has one time limit and one size limit (Slowloris attacks).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from .problems import problem_response
from .security import API_HEADERS

Factory = Callable[..., asyncio.Protocol]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process accepts."""

    connections: int
    seconds: float  # of one exchange
    bytes: int  # that may arrive in one exchange: head, body, chunk sizes and trailers


class LimitedProtocol(asyncio.Protocol):
    """Passes a connection on to uvicorn's protocol until it breaks a limit.

    Connections over the limit are closed at once, those that take too long when their time is over: without
    an answer, because a client could take it for that of its next request. Too many bytes are answered.
    """

    open_connections = 0

    def __init__(self, make_protocol: Factory, limits: Limits, **given: Any) -> None:
        self.inner = make_protocol(**given)
        self.limits = limits
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin an exchange, or close the connection if there are too many."""
        LimitedProtocol.open_connections += 1
        self.transport = cast("asyncio.Transport", transport)
        self.loop = asyncio.get_running_loop()
        self.accepted = LimitedProtocol.open_connections <= self.limits.connections
        if not self.accepted:
            self.transport.abort()
            return
        self.deadline = self.loop.time() + self.limits.seconds
        self.timer = self.loop.call_at(self.deadline, self._check_deadline)
        self.inner.connection_made(WatchedTransport(self.transport, self._restart))

    def data_received(self, data: bytes) -> None:
        """Pass bytes on while the exchange is within its size limit."""
        self.received += len(data)
        if self.received > self.limits.bytes:
            answer = problem_response(431, f"head, body and trailers may have {self.limits.bytes} bytes together")
            lines = [b"%s: %s\r\n" % each for each in [*answer.raw_headers, *API_HEADERS, (b"connection", b"close")]]
            head = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            self.transport.write(b"".join([head, *lines, b"\r\n", bytes(answer.body)]))
            self.transport.close()
        elif self.accepted:
            self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the end of the client's bytes on."""
        return self.inner.eof_received() if self.accepted else None

    def pause_writing(self) -> None:
        """Let the server wait for a slow client."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """Let the server go on."""
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no longer."""
        LimitedProtocol.open_connections -= 1
        if self.accepted:
            self.timer.cancel()
            self.inner.connection_lost(exc)

    def _restart(self) -> None:
        """Begin the next exchange: the server has answered, at least in part."""
        self.received = 0
        self.deadline = self.loop.time() + self.limits.seconds

    def _check_deadline(self) -> None:
        # the timer is moved when it fires, not for every answer
        if self.loop.time() < self.deadline:
            self.timer = self.loop.call_at(self.deadline, self._check_deadline)
        else:
            self.transport.abort()


class WatchedTransport(asyncio.Transport):
    """A transport that reports every write."""

    def __init__(self, transport: asyncio.Transport, written: Callable[[], None]) -> None:
        self.transport = transport
        self.written = written

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        self.written()
        self.transport.write(data)

    def is_closing(self) -> bool:
        """Return whether the connection is closed or about to be."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Close the connection after what was written is sent."""
        self.transport.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return addresses and the socket."""
        return self.transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Stop reading (back-pressure)."""
        self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        self.transport.resume_reading()
