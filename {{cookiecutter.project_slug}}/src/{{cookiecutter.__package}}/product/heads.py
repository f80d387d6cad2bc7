"""A limit on the head of a request, before anybody knows who sent it."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 32_768


class BoundedHead(HttpToolsProtocol):
    """HTTP by httptools, which alone would read headers without an end into memory."""

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

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self.head = 0
        super().on_message_complete()
