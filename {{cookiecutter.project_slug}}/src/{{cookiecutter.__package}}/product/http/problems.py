"""Errors as people and programs can read them: problem details (RFC 9457)."""

import logging
from collections.abc import Iterable, Mapping, Sequence
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

from ...core.errors import error_message

log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemDetails(BaseModel, title="Problem"):
    """What is wrong, for programs and people."""

    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


def problem_response(
    status: int, detail: str, errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response that says what is wrong and, for faulty fields, which."""
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    return Response(to_json(body), status, headers=headers, media_type="application/problem+json")


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return pydantic's errors as pairs of field path and message; what was sent is not repeated."""
    found = []
    for error in errors:
        where, message = [str(part) for part in error["loc"]], error_message(error)
        if error["type"] == "json_invalid" and where:  # FastAPI's own form, with a place in the text for a field
            message = f"Invalid JSON at character {where.pop()}"
        found.append({"field": ".".join(where) or "body", "message": message})
    return found


def add_error_handlers(app: FastAPI, metrics: Any) -> None:
    """Let the application answer errors with problem details, and count those of a ledger that does not answer."""
    routes: Any = app.routes

    @app.exception_handler(RequestValidationError)
    async def invalid_request(_request: Request, error: RequestValidationError) -> Response:
        return problem_response(422, "the request does not fit the contract", field_errors(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if "Allow" in headers:  # Starlette names the methods of the first route of a path only
            path = next(route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
            methods = {method for route in routes if route.path == path for method in route.methods}
            headers["Allow"] = ", ".join(sorted(methods))
        return problem_response(error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(SQLAlchemyError)
    async def ledger_error(_request: Request, error: SQLAlchemyError) -> Response:
        # the code of the database, never its words, which may repeat what was sent
        driver = getattr(error, "orig", None)
        code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None) or "no code"
        log.error("the ledger failed: %s, %s", type(error).__name__, code)
        if isinstance(error, DataError):
            # requests that are recorded together fail together
            detail = "the ledger cannot hold a value of this request, or of one recorded with it; nothing was recorded"
            return problem_response(422, detail)
        metrics.count_ledger_error()
        detail = "the ledger does not answer now; nothing was recorded; try again"
        return problem_response(503, detail, headers={"Retry-After": "2"})
