"""The heads of HTTP: of a request, which must end, and of an answer, which waits for its body."""

from __future__ import annotations

import asyncio

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .guard import OF_THE_API
from .problems import problem

MOST = 32_768
PIECE = 4_096


class Heads(HttpToolsProtocol):
    """HTTP by httptools, which alone would read headers without an end, and send an answer in two pieces.

    Whatever is not body is counted, be it headers, the sizes and extensions of chunks, or trailers.
    """

    head: int = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from a client; hang up on one who goes on and on without a body."""
        # in pieces, because the parser does not say where in them a head begins or ends
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self.head += len(piece)
            super().data_received(piece)
            if self.head > MOST:
                self.send_400_response("")
            if self.transport.is_closing():
                return

    def send_400_response(self, _msg: str) -> None:
        """Say what is wrong with what is no HTTP, or too much of it, and hang up."""
        # a whole request that waits for its own answer would take this one for it
        if not (getattr(self.cycle, "more_body", True) or self.cycle.response_complete):
            self.transport.close()
        if self.transport.is_closing():
            return
        if self.head > MOST:
            answer = problem(431, f"headers, trailers and chunk extensions may have {MOST} bytes")
        else:
            answer = problem(400, "this is not HTTP as it should be")
        lines = [b"%s: %s\r\n" % header for header in [*answer.raw_headers, *OF_THE_API, (b"connection", b"close")]]
        self.transport.write(b"".join([STATUS_LINE[answer.status_code], *lines, b"\r\n", bytes(answer.body)]))
        self.transport.close()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        if self.head > MOST:
            raise HttpParserError  # the parser stops, and whoever feeds it sends the answer above
        self.head = 0
        super().on_headers_complete()
        # an answer to HEAD has no body to wait for, and a wish for another protocol begins none
        if getattr(self.cycle, "transport", None) is self.transport and self.scope["method"] != "HEAD":
            self.cycle.transport = OnePiece(self.transport)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which has limits of its own."""
        self.head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self.head = 0
        super().on_message_complete()


class OnePiece(asyncio.Transport):
    """Holds the head of one answer back until its body begins: to send them apart takes nearly twice as long."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.begun = False
        self.held: bytes = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a part of the answer, unless it is the head."""
        if self.begun or bytes(data[:12]) == b"HTTP/1.1 100":  # who asks whether to go on has to hear it now
            self.transport.write(self.held + data)
            self.held = b""
        else:
            self.begun, self.held = True, bytes(data)

    def is_closing(self) -> bool:
        """Tell whether the client can still be reached."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Send what is held, and hang up."""
        self.transport.write(self.held)
        self.transport.close()
