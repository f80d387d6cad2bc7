"""Logs: a line of JSON each, with the request that it belongs to. No feature ever gets here."""

from __future__ import annotations

import json
import logging
import random
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Scope

NAME = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
NAMES = random.Random()  # noqa: S311  # they need not be secret
REQUEST: ContextVar[str | None] = ContextVar("request", default=None)


def name_request(scope: Scope) -> str:
    """Return the id that a request came with, or a new one, and write it on every line from here on."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    name = given.decode() if NAME.fullmatch(given) else f"{NAMES.getrandbits(64):016x}"
    REQUEST.set(name)
    return name


class JsonLines(logging.Formatter):
    """Write records as JSON; of an error its kind and its place, for its text may repeat what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (request := REQUEST.get()) is not None:
            line["request"] = request
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(line)
