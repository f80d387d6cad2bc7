"""Errors as people and programs can read them: problem details, RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """What is wrong, for programs and people."""

    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


def problem(
    status: int, detail: str, errors: Iterable[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response that says what is wrong and, where fields are to blame, which."""
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    named = list(errors)
    if named:
        body["errors"] = named
    return Response(to_json(body), status, headers=headers, media_type="application/problem+json")


def field_errors(faults: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Turn pydantic's errors into pairs of field path and message; what was sent is not repeated."""
    return [
        {"field": ".".join(str(part) for part in fault["loc"]) or "body", "message": str(fault["msg"])}
        for fault in faults
    ]
