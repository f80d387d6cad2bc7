"""The guard in front of the product: keys, sizes, other sites, and headers that browsers obey."""

from __future__ import annotations

import hmac
import logging
import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from .problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

THIS_MACHINE = re.compile(rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d*)?", re.IGNORECASE)
OPEN = ("/healthz", "/readyz", "/static/")
CONTENT_POLICY = (
    b"default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# what the API answers is data about people: nothing may keep it, run it or frame it
OF_THE_API = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
OF_THE_PAGE = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware that lets nothing through that is too large, has no key, or comes from another site.

    Parameters
    ----------
    keys
        Accepted API keys, several so that they can be rotated; none means that all may enter who
        know the product as this machine.
    max_body_bytes
        Largest request body.
    larger
        Other limits, by path.
    """

    def __init__(
        self, app: ASGIApp, *, keys: Sequence[str], max_body_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.keys = [key.encode() for key in keys]
        self.max_body_bytes = max_body_bytes
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], self.max_body_bytes)
        headers = OF_THE_API if scope["path"].startswith("/v1/") else OF_THE_PAGE
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413, _too_large(limit))
            return message

        async def with_headers(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        answer = self._refusal(scope["path"], dict(scope["headers"]), limit) or self.app
        try:
            await answer(scope, counted, with_headers)
        except Exception:
            if begun:
                raise
            # here, because what the framework answers in the end has neither these headers nor a request id
            log.exception("a request failed")
            await problem(500, "something broke; the log says where")(scope, receive, with_headers)

    def _refusal(self, path: str, headers: dict[bytes, bytes], limit: int) -> Response | None:
        # a name that a stranger made lead here would make a browser take the stranger's page for ours
        if not self.keys and not THIS_MACHINE.fullmatch(headers.get(b"host", b"localhost")):
            return problem(403, "without API keys this answers as localhost, 127.0.0.1 or [::1] only: set APP_API_KEYS")
        if not self._may_enter(path, headers):
            needed = {"WWW-Authenticate": 'ApiKey header="X-API-Key"'}
            return problem(401, "this needs an API key in the header X-API-Key", headers=needed)
        # a page elsewhere must not decide or react through the browser of somebody who may
        if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate":
            return problem(403, "other sites may not ask")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            return problem(413, _too_large(limit))
        return None

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if not self.keys or path == "/" or path.startswith(OPEN):
            return True
        given = headers.get(b"x-api-key", b"")
        # every key is compared, so that the time taken tells nothing
        return bool(sum([hmac.compare_digest(given, key) for key in self.keys]))


def _too_large(limit: int) -> str:
    return f"the body is over {limit} bytes"
