"""The guard in front of the product: keys, body size, and headers that browsers obey."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from .problems import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/healthz", "/readyz", "/static/")
CONTENT_POLICY = (
    b"default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Guard:
    """ASGI middleware that lets nothing through that is too large or has no key.

    Parameters
    ----------
    keys
        Accepted API keys, several so that they can be rotated; none means that all may enter.
    max_body_bytes
        Largest request body.
    """

    def __init__(self, app: ASGIApp, *, keys: Sequence[str], max_body_bytes: int) -> None:
        self.app = app
        self.keys = [key.encode() for key in keys]
        self.max_body_bytes = max_body_bytes
        self.too_large = f"the body is over {max_body_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not self._may_enter(scope["path"], headers):
            answer = problem(401, "this needs an API key in the header X-API-Key")
            await answer(scope, receive, send)
        elif not length.isdigit() or int(length) > self.max_body_bytes:
            await problem(413, self.too_large)(scope, receive, send)
        else:
            await self._pass_on(scope, receive, send)

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if not self.keys or path == "/" or path.startswith(OPEN):
            return True
        given = headers.get(b"x-api-key", b"")
        # every key is compared, so that the time taken tells nothing
        return bool(sum([hmac.compare_digest(given, key) for key in self.keys]))

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.max_body_bytes:
                raise HTTPException(413, self.too_large)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self.app(scope, counted, with_headers)
