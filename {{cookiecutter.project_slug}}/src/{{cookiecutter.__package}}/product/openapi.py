"""The API's description: what FastAPI knows, and the routes that it does not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .. import contract
from ..schema import columns
from .decide import MOST
from .problems import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

# what the contract checks of a reaction, in words that programs know
ANSWER_GOES_WITH_OVERRIDE = {
    "if": {"properties": {"verdict": {"const": "override"}}},
    "then": {"required": ["answer"], "properties": {"answer": {"not": {"type": "null"}}}},
    "else": {"properties": {"answer": {"type": "null"}}},
}


REFERENCE = "#/components/schemas/{model}"

# what FastAPI does not meet on its own routes
UNKNOWN: list[tuple[type[BaseModel], Literal["validation"]]] = [
    (contract.Features, "validation"),
    (contract.Decision, "validation"),
    (Problem, "validation"),
]


class Recorded(contract.Decision):
    """A decision on record, with what was asked and what a person said, if anybody did."""

    features: dict[str, Any]
    verdict: str | None
    reaction_answer: contract.Answer | None
    note: str | None


class Reason(BaseModel):
    """What one column did to the score."""

    column: str
    effect: float
    text: str


class Explained(Recorded):
    """A decision on record, the numbers that the model was shown, and its reasons."""

    encoded: dict[str, float | None]
    reasons: list[Reason]
    unexplained: str | None


class Reacted(contract.Reaction):
    """A reaction as it was recorded."""

    decision_id: str
    reacted_at: str


def example() -> dict[str, Any]:
    """Return features that the contract accepts, from its own examples."""
    return {column.name: column.example for column in columns(contract.Features)}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = made["components"]["schemas"]
        schemas.update(models_json_schema(UNKNOWN, ref_template=REFERENCE)[1]["$defs"])
        for column in columns(contract.Features):
            marks = {"x-protected": column.protected, "x-personal": column.personal}
            schemas["Features"]["properties"][column.name].update({mark: True for mark, on in marks.items() if on})
        schemas["Features"]["examples"] = [example()]
        schemas["Reaction"] |= ANSWER_GOES_WITH_OVERRIDE
        many = {"type": "array", "minItems": 1, "maxItems": MOST}
        made["paths"].setdefault("/v1/decisions", {})["post"] = _decide("decide", _ref("Features"), _ref("Decision"))
        made["paths"]["/v1/decisions/batch"] = {
            "post": _decide("decide_many", many | {"items": _ref("Features")}, many | {"items": _ref("Decision")})
        }
        made["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        made["security"] = [{"key": []}, {}]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                _add_problems(path, method, operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _decide(name: str, asked: dict[str, Any], answered: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": name.replace("_", " ").capitalize(),
        "operationId": name,
        "description": "All or nothing, and on record before it is answered.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"201": {"description": "Decided", "content": {"application/json": {"schema": answered}}}},
    }


def _add_problems(path: str, method: str, responses: dict[str, Any]) -> None:
    """Write down the problems that any route may answer with, and fill in those that one names."""
    statuses = {401, 403, 503} | ({413, 422} if method == "post" else set())
    statuses |= {int(status) for status in responses if int(status) >= HTTPStatus.BAD_REQUEST}
    if path == "/healthz":
        statuses -= {401, 503}
    for status in sorted(statuses):
        content = {"application/problem+json": {"schema": _ref("Problem")}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=name)}
