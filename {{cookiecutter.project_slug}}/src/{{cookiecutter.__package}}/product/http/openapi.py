"""The description of the API: what FastAPI finds, with the problems that any route may answer.

The decision endpoints are declared here for the description alone; `product/decisions.py` answers them.
"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from ...core.problem import Problem
from .problems import ProblemDetails

REFERENCE = "#/components/schemas/{model}"
OPEN = {"/healthz": {403}, "/readyz": {403, 503}}  # paths that need no key, and how they may refuse


class Reason(BaseModel):
    """What one column did to the score."""

    column: str
    effect: float
    text: str


def response_types(problem: Problem) -> tuple[Any, Any, Any]:
    """Return the types of a decision on record, of one with its reasons, and of a reaction on record."""
    answer: Any = problem.decision.model_fields["answer"].annotation

    class Recorded(problem.decision):  # type: ignore[name-defined, misc]
        """A decision on record, with its features and its reaction, if there is one."""

        features: dict[str, Any]
        note: str | None
        verdict: str | None
        reaction_answer: answer | None

    class Explained(Recorded):
        """A decision on record, the numbers that the model was given, and its reasons."""

        encoded: dict[str, float | None]
        reasons: list[Reason]
        unexplained: str | None

    class Reacted(problem.reaction):  # type: ignore[name-defined, misc]
        """A reaction as it was recorded."""

        decision_id: str
        reacted_at: str

    return Recorded, Explained, Reacted


def declare_decisions(app: FastAPI, problem: Problem, max_rows: int) -> None:
    """Declare the decision endpoints for the document only; the plain routes of `app.py` come first and answer."""
    Features, Decision = problem.request, problem.decision  # noqa: N806  # types
    several: Any = Field(min_length=1, max_length=max_rows)

    @app.post("/v1/decisions", status_code=201, operation_id="decide")
    def decide(features: Features) -> Decision:  # type: ignore[valid-type]
        """All or nothing, and recorded before it is answered."""

    @app.post("/v1/decisions/batch", status_code=201, operation_id="decide_batch")
    def decide_batch(rows: Annotated[list[Features], several]) -> Annotated[list[Decision], several]:  # type: ignore[valid-type, empty-body]
        """All or nothing, and recorded before it is answered."""


def build_document(app: FastAPI) -> dict[str, Any]:
    """Return FastAPI's description with the API key, and the problems that routes answer with; it is made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    app.openapi_schema = api = get_openapi(title=app.title, version=app.version, routes=app.routes)
    details = ProblemDetails.model_json_schema(ref_template=REFERENCE)
    schemas = api["components"]["schemas"] | details.pop("$defs") | {"Problem": details}
    for unused in ("HTTPValidationError", "ValidationError"):
        del schemas[unused]
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    api["components"] = {"schemas": schemas, "securitySchemes": {"key": key}}
    api["security"] = [{"key": []}, {}]
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            statuses = OPEN.get(path, {401, 403, 503}) | ({408, 413, 415, 422} if method == "post" else set())
            statuses |= {int(status) for status in operation["responses"] if int(status) >= HTTPStatus.BAD_REQUEST}
            for status in sorted(statuses):
                operation["responses"][str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return api
