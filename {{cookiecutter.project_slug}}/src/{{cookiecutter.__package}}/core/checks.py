"""What it means to fit the contract, defined once.

`checks(column)` lists what a value of a column has to be. The list is rendered for requests by pydantic
(`request_model`), for tables of the lake by Ibis (`data/validate.py`) and for files by Arrow
(`stores/columns.py`). Recorded decisions are held against the model of requests.
"""

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from .schema import Column

# how text spells a number: no digit separators, no hexadecimal, no words such as inf or nan
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
INTEGER_LIMIT = 2**63 - 1
WITHOUT_NUL = r"^[^\x00]*$"
SHOWN_CHARACTERS = 60  # of a value in an error
# how text spells that a value is missing; a category of that name keeps its meaning
MISSING = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
MISSING += ["N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"]


def checks(column: Column) -> dict[str, Any]:
    """Return the requirements of a value that is not missing, by name: what it has to be, or its limit."""
    if column.categories:
        return {"one_of": column.categories}
    low, high = column.low, column.high
    if column.kind == "integer":
        low = max(-INTEGER_LIMIT if low is None else low, -INTEGER_LIMIT)
        high = min(INTEGER_LIMIT if high is None else high, INTEGER_LIMIT)
    found: dict[str, Any] = {"finite": True} if column.kind == "number" and None in (low, high) else {}
    found |= {"no_nul": True} if column.kind == "text" else {}
    found |= {"at_least": low, "at_most": high}
    found |= {"min_length": column.min_length, "max_length": column.max_length, "pattern": column.pattern}
    return {name: limit for name, limit in found.items() if limit is not None}


def missing_words(column: Column) -> tuple[str, ...]:
    """Return the spellings of a missing value in text files; of a text column only the empty cell."""
    return ("",) if column.kind == "text" else tuple(word for word in MISSING if word not in column.categories)


def shorten(value: Any) -> str:
    """Return a value as an error shows it."""
    return f"{repr(value)[:SHOWN_CHARACTERS]}..." if len(repr(value)) > SHOWN_CHARACTERS else repr(value)


def request_model(
    features: type[BaseModel], columns: tuple[Column, ...], more: Mapping[str, Any] = MappingProxyType({})
) -> type[BaseModel]:
    """Return a contract's model for requests, with examples and audiences in its JSON Schema, and with more fields.

    As in a table, `3.0` is a whole number, whole numbers have 64 bits, and an empty text is a missing value.
    """

    class Request(features):  # type: ignore[valid-type, misc]  # the base is a value here
        model_config = ConfigDict(json_schema_extra=lambda schema: _describe_columns(schema, columns))

    fields: dict[str, Any] = {c.name: _request_field(features.model_fields[c.name], c) for c in columns}
    return create_model(features.__name__, __base__=Request, __doc__=features.__doc__, **fields, **more)


def _request_field(field: FieldInfo, column: Column) -> tuple[Any, FieldInfo]:
    field = copy.copy(field)  # the contract's own stays as it is
    # the last BeforeValidator is called first: it has to come before every limit of the owner
    if column.kind == "integer":
        bounds = Field(ge=checks(column)["at_least"], le=checks(column)["at_most"])
        field.metadata = [*bounds.metadata, *field.metadata, BeforeValidator(_read_whole)]
    elif column.kind == "text":
        field.metadata = [*field.metadata, BeforeValidator(_read_text)]
    return field.annotation, field


def _describe_columns(schema: dict[str, Any], columns: tuple[Column, ...]) -> None:
    for column in columns:
        words: dict[str, Any] = {"x-protected": column.protected, "x-personal": column.personal}
        if column.kind == "text":
            least = 0 if column.optional else column.min_length or 1
            words |= {"pattern": column.pattern or WITHOUT_NUL, "minLength": least}
        schema["properties"][column.name] |= {key: word for key, word in words.items() if word}
    schema["examples"] = [{column.name: column.example for column in columns}]


def _read_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_text(value: Any) -> Any:
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("a text must not have a NUL character")
    return None if value == "" else value
