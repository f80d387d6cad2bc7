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

Factory = Callable[..., asyncio.Protocol]


HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Limits:
    """What one process accepts, and how many of its connections are open now."""

    connections: int
    seconds: float  # to send a whole head, or to read the next part of an answer
    bytes: int  # that may arrive for one request: head, body, chunk sizes and trailers
    open_connections: int = 0


class LimitedProtocol(asyncio.Protocol):
    """Passes a connection on to uvicorn's protocol until it breaks a limit.

    Connections over the limit are closed at once, those that take too long when their time is over: without
    an answer, because a client could take it for that of its next request. Too many bytes are answered.
    """

    def __init__(self, make_protocol: Factory, limits: Limits, **given: Any) -> None:
        self.inner = make_protocol(**given)
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.received, self.has_head, self.tail = 0, False, b""
        self.deadline = self.loop.time() + limits.seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a first request, or close the connection if there are too many."""
        self.limits.open_connections += 1
        self.transport = cast("asyncio.Transport", transport)
        self.accepted = self.limits.open_connections <= self.limits.connections
        if not self.accepted:
            self.transport.abort()
            return
        self.timer = self.loop.call_at(self.deadline, self._check_deadline)
        self.inner.connection_made(WatchedTransport(self.transport, self._restart))

    def data_received(self, data: bytes) -> None:
        """Pass bytes on while the request is within its size limit."""
        self.received += len(data)
        if self.received > self.limits.bytes:
            answer = problem_response(431, f"head, body and trailers may have {self.limits.bytes} bytes together")
            lines = [b"%s: %s\r\n" % each for each in [*answer.raw_headers, *API_HEADERS, (b"connection", b"close")]]
            head = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            self.transport.write(b"".join([head, *lines, b"\r\n", bytes(answer.body)]))
            self.transport.close()
        elif self.accepted:
            if not self.has_head:
                recent = self.tail + data
                self.has_head, self.tail = HEAD_END in recent, recent[1 - len(HEAD_END) :]
            self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Close the connection, unless a client that sends nothing more waits for its answer (half-close)."""
        if self.accepted:
            self.inner.eof_received()
        return self.has_head

    def pause_writing(self) -> None:
        """Let the server wait for a slow client."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """Let the server go on."""
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no longer."""
        self.limits.open_connections -= 1
        if self.accepted:
            self.timer.cancel()
            self.inner.connection_lost(exc)

    def _restart(self) -> None:
        """Wait for the next request: the server has answered, at least in part."""
        self.received, self.has_head, self.tail = 0, False, b""
        self.deadline = self.loop.time() + self.limits.seconds

    def _check_deadline(self) -> None:
        # the timer is moved when it fires, not for every answer
        now = self.loop.time()
        if self.has_head:  # the time that the server takes is not the client's
            self.deadline = now + self.limits.seconds
        if now < self.deadline:
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
