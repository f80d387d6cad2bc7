"""The description of the API: what FastAPI finds, with the problems that any route may answer.

The decision endpoints are declared here for the description alone; `product/decisions.py` answers them.
"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field, create_model

from ...core.answers import Decision, Reaction
from ...core.problem import Problem
from .problems import Problem as ProblemDetails

REFERENCE = "#/components/schemas/Problem"
ERRORS = {401, 403, 503}
ERRORS_OF_BODIES = {408, 413, 415, 422}


class Reason(BaseModel):
    """What one column did to the score."""

    column: str
    effect: float
    text: str


class Responses:
    """The types of what the API answers, made from a problem."""

    def __init__(self, problem: Problem) -> None:
        answer: Any = problem.decision.model_fields["answer"].annotation
        reacted: dict[str, Any] = {"verdict": (str | None, ...), "reaction_answer": (answer | None, ...)}
        self.recorded: type[Decision] = create_model(
            "Recorded",
            __base__=problem.decision,
            __doc__="A decision on record, with its features and its reaction, if there is one.",
            features=(dict[str, Any], ...),
            note=(str | None, ...),
            **reacted,
        )
        self.explained: type[Decision] = create_model(
            "Explained",
            __base__=self.recorded,
            __doc__="A decision on record, the numbers that the model was given, and its reasons.",
            encoded=(dict[str, float | None], ...),
            reasons=(list[Reason], ...),
            unexplained=(str | None, ...),
        )
        self.reacted: type[Reaction] = create_model(
            "Reacted",
            __base__=problem.reaction,
            __doc__="A reaction as it was recorded.",
            decision_id=(str, ...),
            reacted_at=(str, ...),
        )


def declare_decisions(app: FastAPI, problem: Problem, max_rows: int) -> None:
    """Describe the decision endpoints, whose requests a plain route takes before these see them."""
    Features, Decision = problem.request, problem.decision  # noqa: N806  # types
    several: Any = Field(min_length=1, max_length=max_rows)

    @app.post("/v1/decisions", status_code=201, operation_id="decide")
    def decide(features: Features) -> Decision:  # type: ignore[valid-type]
        """All or nothing, and recorded before it is answered."""

    @app.post("/v1/decisions/batch", status_code=201, operation_id="decide_batch")
    def decide_batch(rows: Annotated[list[Features], several]) -> Annotated[list[Decision], several]:  # type: ignore[valid-type, empty-body]
        """All or nothing, and recorded before it is answered."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = made["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        details = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= details.pop("$defs") | {"Problem": details}
        made["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        made["security"] = [{"key": []}, {}]
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                _add_problems(path, method, operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _add_problems(path: str, method: str, responses: dict[str, Any]) -> None:
    """Add the problems that any route may answer with, and fill in those that the route names."""
    statuses = ERRORS | (ERRORS_OF_BODIES if method == "post" else set())
    statuses |= {int(status) for status in responses if int(status) >= HTTPStatus.BAD_REQUEST}
    if path == "/healthz":
        statuses -= {401, 503}
    for status in sorted(statuses):
        content = {"application/problem+json": {"schema": {"$ref": REFERENCE}}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
