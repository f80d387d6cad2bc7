"""The API's description: what FastAPI knows, and the one route that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from .. import contract
from ..schema import columns

if TYPE_CHECKING:
    from fastapi import FastAPI


def example() -> dict[str, Any]:
    """Return features that the contract accepts, from its own examples."""
    return {column.name: column.example for column in columns(contract.Features)}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for model in (contract.Features, contract.Decision):
            schemas[model.__name__] = model.model_json_schema()
        for column in columns(contract.Features):
            marks = {"x-protected": column.protected, "x-personal": column.personal}
            schemas["Features"]["properties"][column.name].update({mark: True for mark, on in marks.items() if on})
        schemas["Features"]["examples"] = [example()]
        made["paths"].setdefault("/v1/decisions", {})["post"] = _decide()
        app.openapi_schema = made
    return app.openapi_schema


def _decide() -> dict[str, Any]:
    return {
        "summary": "Decide",
        "operationId": "decide",
        "description": "The decision is on record before it is answered.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Features")}}},
        "responses": {
            "201": {"description": "Decided", "content": {"application/json": {"schema": _ref("Decision")}}},
            "413": {"description": "The body is too large"},
            "422": {"description": "The features do not fit the contract"},
            "503": {"description": "Too much is waiting, or nothing can be recorded; try again"},
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
