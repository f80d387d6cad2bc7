"""The heads of HTTP: of a request, which must end, and of an answer, which waits for its body."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 32_768


class Heads(HttpToolsProtocol):
    """HTTP by httptools, which alone would read headers without an end, and send an answer in two pieces."""

    head: int = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from a client; hang up on one whose headers do not end."""
        self.head += len(data)
        super().data_received(data)
        if self.head > MOST and not self.transport.is_closing():
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Begin to answer; what follows is a body, which has limits of its own."""
        self.head = -(2**62)
        super().on_headers_complete()
        # an answer to HEAD has no body to wait for, and a wish for another protocol begins none
        if getattr(self.cycle, "transport", None) is self.transport and self.scope["method"] != "HEAD":
            self.cycle.transport = OnePiece(self.transport)

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
