"""Errors as people and programs can read them: problem details (RFC 9457)."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from ...core.errors import error_message

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


def problem_response(
    status: int, detail: str, errors: Iterable[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response that says what is wrong and, for faulty fields, which."""
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if named := list(errors):
        body["errors"] = named
    return Response(to_json(body), status, headers=headers, media_type="application/problem+json")


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return pydantic's errors as pairs of field path and message; what was sent is not repeated."""
    return [_field_error(error) for error in errors]


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    where, message = [str(part) for part in error["loc"]], error_message(error)
    if error["type"] == "json_invalid" and where:  # FastAPI's own form, with a place in the text for a field
        message = f"Invalid JSON at character {where.pop()}"
    return {"field": ".".join(where) or "body", "message": message}


def add_error_handlers(app: FastAPI) -> None:
    """Let the application answer errors with problem details."""

    @app.exception_handler(RequestValidationError)
    async def invalid_request(_request: Request, error: RequestValidationError) -> Response:
        return problem_response(422, "the request does not fit the contract", field_errors(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if "Allow" in headers:
            headers["Allow"] = ", ".join(sorted(_allowed_methods(app, request.scope)))
        return problem_response(error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(SQLAlchemyError)
    async def ledger_error(_request: Request, error: SQLAlchemyError) -> Response:
        # the code of the database, never its words, which may repeat what was sent
        code = next((c for name in CODES if (c := getattr(getattr(error, "orig", None), name, None))), "no code")
        log.error("the ledger failed: %s, %s", type(error).__name__, code)
        if isinstance(error, DataError):
            return problem_response(422, "the ledger cannot hold one of the values; nothing was recorded")
        detail = "the ledger does not accept writes now; nothing was recorded; try again"
        return problem_response(503, detail, headers={"Retry-After": "2"})


def _allowed_methods(app: FastAPI, scope: Scope) -> set[str]:
    """Return the methods of a path; Starlette names those of its first route only."""
    same = [route for route in app.routes if getattr(route, "path", None) == scope["path"]]
    matching = [route for route in app.routes if route.matches(scope)[0] is not Match.NONE]
    return {method for route in same or matching for method in getattr(route, "methods", None) or ()}
