"""A client of a running product: JSON over connections that are kept, one a thread."""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ...core.errors import UserError, hide_passwords

TIMEOUT = 30.0  # seconds
ATTEMPTS = 5  # of a request that found no connection or a product that is busy
PAUSE = 0.2  # seconds, and as much more after every attempt
NO_PRODUCT = "no product answers; start it by `run`, or name another with --url"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: Any

    @property
    def reason(self) -> str:
        """What the product says is wrong: the first error of a field, or the detail."""
        if not isinstance(self.body, dict):
            return f"status {self.status}"
        detail = str(self.body.get("detail") or self.body.get("title") or f"status {self.status}")
        errors = self.body.get("errors")
        return f"{detail}: {_describe(errors[0])}" if isinstance(errors, list) and errors else detail


class Client:
    """Sends requests to a product. Raises UserError: the address cannot be used."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = hide_passwords(url)
        try:
            address = urlsplit(url if "://" in url else f"http://{url}")
            self.host, self.port = address.hostname or "", address.port
        except ValueError:
            address, self.host, self.port = urlsplit(""), "", None
        if address.scheme not in ("http", "https") or not self.host:
            raise UserError(f"--url: {self.url!r} is no address; write http://HOST:PORT")
        self.path = address.path.rstrip("/")
        self._connect = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self.headers = {"Content-Type": "application/json"} | ({"X-API-Key": key} if key else {})
        self._own = threading.local()

    def check(self) -> None:
        """Raise UserError unless the product answers and the key, if any is needed, is right."""
        answer = self.send("GET", "/v1/decisions?limit=1")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise UserError(f"{self.url}: {answer.reason}; set APP_API_KEYS to a key of that product")
        if answer.status != HTTPStatus.OK or not isinstance(answer.body, list):
            raise UserError(f"{self.url}: {answer.reason}: this is no product of this template; check --url")

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to a request. A product that is busy, or starts again, is asked again for seconds.

        Raises UserError: there is no connection.
        """
        content = None if body is None else json.dumps(body).encode()
        answer = None
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE * attempt)
            try:
                answer = self._send_once(method, path, content)
            except (OSError, http.client.HTTPException):
                self._own.connection = None
                continue
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
        if answer is None:
            raise UserError(f"{self.url}: {NO_PRODUCT}")
        return answer

    def _send_once(self, method: str, path: str, content: bytes | None) -> Answer:
        if getattr(self._own, "connection", None) is None:
            self._own.connection = self._connect(self.host, self.port, timeout=TIMEOUT)
        self._own.connection.request(method, self.path + path, content, self.headers)
        response = self._own.connection.getresponse()
        text = response.read()
        try:
            return Answer(response.status, json.loads(text or b"null"))
        except ValueError:  # a page of something else
            return Answer(response.status, None)


def _describe(error: Any) -> str:
    return " ".join(map(str, error.values())) if isinstance(error, dict) else str(error)
