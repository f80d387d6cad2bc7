"""Security middleware: API keys, body limits, DNS rebinding, cross-site requests (CSRF), and response headers."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_response

LOOPBACK_HOST = re.compile(rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d*)?", re.IGNORECASE)
OPEN_PATHS = ("/healthz", "/readyz", "/static/")  # need no key
SAFE_METHODS = ("GET", "HEAD")
CONTENT_POLICY = (
    b"default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# the API answers with data about people: no cache may keep it, no browser may run or frame it
API_HEADERS = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
PAGE_HEADERS = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
log = logging.getLogger(__name__)


class SecurityMiddleware:
    """ASGI middleware that refuses requests that are too large, have no key, or come from another site.

    FastAPI's `max_body_size` is not used: it answers a declared length that is too large as plain text and
    outside of all middleware, so without these headers.

    Parameters
    ----------
    keys
        Accepted API keys, several so that they can be rotated. Without keys, only requests that address
        the product as this machine are answered.
    max_body_bytes
        Largest request body.
    larger_bodies
        Other limits, by path.
    """

    def __init__(
        self, app: ASGIApp, *, keys: Sequence[str], max_body_bytes: int, larger_bodies: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.keys = [key.encode() for key in keys]
        self.max_body_bytes = max_body_bytes
        self.larger_bodies = larger_bodies or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger_bodies.get(scope["path"], self.max_body_bytes)
        headers = API_HEADERS if scope["path"].startswith("/v1/") else PAGE_HEADERS
        received, started = 0, False

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _too_large(limit))
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        answer = self._refuse(scope, dict(scope["headers"]), limit) or self.app
        try:
            await answer(scope, limited_receive, send_with_headers)
        except Exception:
            if started:
                raise
            # answered here, because the framework's own answer has neither these headers nor a request id
            log.exception("a request failed")
            await problem_response(500, "something failed; the log says where")(scope, receive, send_with_headers)

    def _refuse(self, scope: Scope, headers: dict[bytes, bytes], limit: int) -> Response | None:
        # Check the Host header to prevent DNS rebinding.
        if not self.keys and not LOOPBACK_HOST.fullmatch(headers.get(b"host", b"localhost")):
            detail = "without API keys only localhost, 127.0.0.1 and [::1] are answered: set APP_API_KEYS"
            return problem_response(403, detail)
        if not self._is_allowed(scope["path"], headers):
            needed = {"WWW-Authenticate": 'ApiKey header="X-API-Key"'}
            return problem_response(401, "an API key is needed in the header X-API-Key", headers=needed)
        if _is_cross_site(scope["method"], headers):
            return problem_response(403, "requests from other sites are refused")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            return problem_response(413, _too_large(limit))
        return None

    def _is_allowed(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if not self.keys or path == "/" or path.startswith(OPEN_PATHS):
            return True
        given = headers.get(b"x-api-key", b"")
        # Compare every key in constant time to prevent timing attacks.
        return bool(sum([hmac.compare_digest(given, key) for key in self.keys]))


def _is_cross_site(method: str, headers: dict[bytes, bytes]) -> bool:
    """Return whether a browser sends the request for another site (CSRF); following a link here is allowed."""
    safe = method in SAFE_METHODS
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return not (safe and headers.get(b"sec-fetch-mode") == b"navigate")
    origin = headers.get(b"origin")
    return not safe and origin is not None and urlsplit(origin).netloc.lower() != headers.get(b"host", b"").lower()


def _too_large(limit: int) -> str:
    return f"the body is over {limit} bytes"
