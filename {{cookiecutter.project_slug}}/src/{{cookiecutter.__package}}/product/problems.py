"""Errors as people and programs can read them: problem details, RFC 9457."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from ..errors import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

CODES = ("sqlite_errorname", "sqlstate")
log = logging.getLogger(__name__)


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
    return [_field_error(fault) for fault in faults]


def _field_error(fault: Mapping[str, Any]) -> dict[str, str]:
    where, message = [str(part) for part in fault["loc"]], said(fault)
    if fault["type"] == "json_invalid" and where:  # FastAPI's own, with a place in the text for a field
        message = f"Invalid JSON at character {where.pop()}"
    return {"field": ".".join(where) or "body", "message": message}


def failure(error: HTTPException | SQLAlchemyError) -> Response:
    """Return what a caller is told of a request that HTTP or the ledger does not allow."""
    if isinstance(error, HTTPException):
        return problem(error.status_code, str(error.detail), headers=error.headers)
    # the code that the database gives, never its words, which may repeat what was asked
    code = next((c for name in CODES if (c := getattr(getattr(error, "orig", None), name, None))), "no code")
    log.error("the ledger failed: %s, %s", type(error).__name__, code)
    detail = "the ledger cannot take it now; nothing was recorded; try again"
    return problem(503, detail, headers={"Retry-After": "2"})


def add_problems(app: FastAPI) -> None:
    """Let the application answer errors with problems."""

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        faults = field_errors(error.errors())
        if isinstance(error.body, bytes):  # which is what is not said to be JSON
            faults = [{"field": "body", "message": "send JSON, with Content-Type: application/json"}]
        return problem(422, "the request does not fit the contract", faults)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.headers and "Allow" in error.headers:
            error.headers = {"Allow": ", ".join(sorted(_methods(app, request.scope)))}
        return failure(error)

    @app.exception_handler(SQLAlchemyError)
    async def unrecorded(_request: Request, error: SQLAlchemyError) -> Response:
        return failure(error)


def _methods(app: FastAPI, scope: Scope) -> set[str]:
    """Return the methods of a path; Starlette would name those of its first route only."""
    same = [route for route in app.routes if getattr(route, "path", None) == scope["path"]]
    alike = [route for route in app.routes if route.matches(scope)[0] is not Match.NONE]
    return {method for route in same or alike for method in getattr(route, "methods", None) or ()}
