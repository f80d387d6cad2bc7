"""Logs: one line of JSON each, with the id of the request. They never hold a feature.

Attributes of requests and traces have the names of OpenTelemetry's semantic conventions.
"""

import json
import logging
import re
import secrets
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
TRACE_PARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")  # W3C Trace Context
current_request: ContextVar[str | None] = ContextVar("request", default=None)
current_trace: ContextVar[str | None] = ContextVar("trace", default=None)


def set_request_id(scope: Scope) -> str:
    """Return the X-Request-ID of a request, or a new id, and add it to every log line from here on.

    If the request belongs to a trace of its caller, the id of the trace is added, too.
    """
    headers = dict(scope["headers"])
    given = headers.get(b"x-request-id", b"")
    trace = TRACE_PARENT.fullmatch(headers.get(b"traceparent", b""))
    current_trace.set(trace[1].decode() if trace else None)
    request_id = given.decode() if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    current_request.set(request_id)
    return request_id


def configure_logging() -> None:
    """Write every log record to standard error as a line of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class JsonLines(logging.Formatter):
    """Format records as JSON; of an error its type and its place, because its text may repeat what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request.get():
            line["request"] = request
        if trace := current_trace.get():
            line["trace_id"] = trace
        line |= getattr(record, "attributes", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(line)
