"""Security middleware: API keys, limits of bodies, DNS rebinding, cross-site requests (CSRF), response headers."""

import asyncio
import hmac
import logging
import re
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_response

LOOPBACK_HOST = re.compile(rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d*)?", re.IGNORECASE)
LISTS = ("/v1/decisions/batch", "/v1/outcomes")  # paths whose bodies may be lists of rows
OPEN_PATHS = ("/healthz", "/readyz", "/static/")  # need no key
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

    There may be several keys, so that they can be rotated; without one, only requests that address the product as
    this machine are answered. `read_seconds` is the timeout of a whole body. FastAPI's `max_body_size` is not used:
    it answers a declared length that is too large as plain text and without these headers.
    """

    def __init__(
        self, app: ASGIApp, *, keys: Sequence[str], max_body_bytes: int, max_batch_bytes: int, read_seconds: float
    ) -> None:
        self.app = app
        self.keys = [key.encode() for key in keys]
        self.max_body_bytes, self.max_batch_bytes = max_body_bytes, max_batch_bytes
        self.read_seconds = read_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.max_batch_bytes if scope["path"] in LISTS else self.max_body_bytes
        headers = API_HEADERS if scope["path"].startswith("/v1/") else PAGE_HEADERS
        received, complete, started = 0, False, False
        deadline = asyncio.get_running_loop().time() + self.read_seconds

        async def limited_receive() -> Message:
            nonlocal received, complete
            try:
                async with asyncio.timeout_at(None if complete else deadline):
                    message = await receive()
            except TimeoutError:
                detail = f"the body did not arrive within {self.read_seconds:g} s; send it again"
                raise HTTPException(408, detail, {"Connection": "close"}) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > limit:
                raise HTTPException(413, f"the body is over {limit} bytes")
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            answer = self._refuse(scope["method"], scope["path"], dict(scope["headers"]), limit) or self.app
            await answer(scope, limited_receive, send_with_headers)
        except Exception:
            if started:
                raise
            # answered here, because the framework's own answer has neither these headers nor a request id
            log.exception("a request failed")
            await problem_response(500, "something failed; the log says where")(scope, receive, send_with_headers)

    def _refuse(self, method: str, path: str, headers: dict[bytes, bytes], limit: int) -> Response | None:
        # Check the Host header to prevent DNS rebinding.
        if not self.keys and not LOOPBACK_HOST.fullmatch(headers.get(b"host", b"localhost")):
            detail = "without API keys only localhost, 127.0.0.1 and [::1] are answered: set APP_API_KEYS"
            return problem_response(403, detail)
        # Compare every key in constant time to prevent timing attacks.
        has_key = sum([hmac.compare_digest(headers.get(b"x-api-key", b""), key) for key in self.keys])
        if self.keys and not has_key and path != "/" and not path.startswith(OPEN_PATHS):
            needed = {"WWW-Authenticate": 'ApiKey header="X-API-Key"'}
            return problem_response(401, "an API key is needed in the header X-API-Key", headers=needed)
        if _is_cross_site(method, headers):
            return problem_response(403, "requests from other sites are refused")
        media_type = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
        # A form of another site can send text, which needs no preflight request; JSON does (CSRF).
        if method == "POST" and media_type != b"application/json":
            return problem_response(415, "the body is not JSON; send JSON, with Content-Type: application/json")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            return problem_response(413, f"the body is over {limit} bytes")
        return None


def _is_cross_site(method: str, headers: dict[bytes, bytes]) -> bool:
    """Return whether a browser sends the request for another site (CSRF); following a link here is allowed."""
    is_safe, site = method in ("GET", "HEAD"), headers.get(b"sec-fetch-site")
    is_navigation = headers.get(b"sec-fetch-mode") == b"navigate"
    if site == b"cross-site":
        return not (is_safe and is_navigation)
    if is_safe or site == b"same-origin":
        return False
    # an Origin is a scheme and a host, or `null`, which has no host
    origin = headers.get(b"origin")
    host = (origin or b"").partition(b"://")[2].lower() or None
    is_foreign = origin is not None and host != headers.get(b"host", b"").lower()
    return is_navigation or is_foreign
