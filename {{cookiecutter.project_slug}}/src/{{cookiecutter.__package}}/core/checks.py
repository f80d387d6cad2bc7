"""What it means to fit the contract, defined once.

`checks(column)` lists what a value of a column has to be. The list is rendered for requests by pydantic
(`request_model`), for tables of the lake by Ibis (`data/curate.py`) and for files by Arrow
(`product/columns.py`). Recorded decisions go through the rendering of the lake.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

from .schema import Column

# how text spells a number: no digit separators, no hexadecimal, no words such as inf or nan
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
INTEGER = r"^[-+]?[0-9]+$"
INTEGER_LIMIT = 2**63 - 1
WITHOUT_NUL = r"^[^\x00]*$"
SHOWN_CHARACTERS = 60  # of a value in an error
# how text spells that a value is missing; a category of that name keeps its meaning
MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement of a value that is not missing."""

    name: Literal["one_of", "finite", "at_least", "at_most", "no_nul", "min_length", "max_length", "pattern"]
    limit: Any = None


def checks(column: Column) -> list[Check]:
    """Return the requirements of a column."""
    if column.categories:
        return [Check("one_of", column.categories)]
    low, high = column.low, column.high
    if column.kind == "integer":
        low = max(-INTEGER_LIMIT if low is None else low, -INTEGER_LIMIT)
        high = min(INTEGER_LIMIT if high is None else high, INTEGER_LIMIT)
    found = [Check("finite")] if column.kind == "number" and (low is None or high is None) else []
    found += [Check("no_nul")] if column.kind == "text" else []
    limits = {"at_least": low, "at_most": high, "min_length": column.min_length, "max_length": column.max_length}
    given: dict[Any, Any] = {**limits, "pattern": column.pattern}
    return found + [Check(name, limit) for name, limit in given.items() if limit is not None]


def missing_words(column: Column) -> tuple[str, ...]:
    """Return the spellings of a missing value in text files; of a text column only the empty cell."""
    return ("",) if column.kind == "text" else tuple(word for word in MISSING if word not in column.categories)


def shorten(value: Any) -> str:
    """Return a value as an error shows it."""
    return f"{repr(value)[:SHOWN_CHARACTERS]}..." if len(repr(value)) > SHOWN_CHARACTERS else repr(value)


def request_model(features: type[BaseModel], columns: tuple[Column, ...]) -> type[BaseModel]:
    """Return a contract's model for requests, with examples and audiences in its JSON Schema.

    As in a table, `3.0` is a whole number, whole numbers have 64 bits, and an empty text is a missing value.
    """

    def describe(schema: dict[str, Any]) -> None:
        for column in columns:
            marks = {"x-protected": column.protected, "x-personal": column.personal}
            schema["properties"][column.name].update({mark: True for mark, is_set in marks.items() if is_set})
            if column.kind == "text":
                least = {} if column.optional else {"minLength": column.min_length or 1}
                schema["properties"][column.name].update({"pattern": column.pattern or WITHOUT_NUL, **least})
        schema["examples"] = [{column.name: column.example for column in columns}]

    class Request(features):  # type: ignore[valid-type, misc]  # the base is a value here
        model_config = ConfigDict(json_schema_extra=describe)

    names = {kind: [column.name for column in columns if column.kind == kind] for kind in ("integer", "text")}
    fields: dict[str, Any] = {}
    for column in columns:
        if column.kind == "integer":
            field, limits = features.model_fields[column.name], {check.name: check.limit for check in checks(column)}
            bounds = Field(ge=limits["at_least"], le=limits["at_most"])
            fields[column.name] = (Annotated[field.annotation, bounds], field)
    validators: dict[str, Any] = {
        function.__name__.strip("_"): field_validator(names[kind][0], *names[kind][1:], mode=mode)(function)
        for function, kind, mode in READERS
        if names[kind]
    }
    return create_model(
        features.__name__, __base__=Request, __doc__=features.__doc__, __validators__=validators, **fields
    )


def _read_whole(value: Any) -> Any:
    is_whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
    return int(value) if is_whole else value


def _read_empty(value: Any) -> Any:
    return None if value == "" else value


def _refuse_nul(value: str | None) -> str | None:
    if value is not None and "\x00" in value:
        message = "a text must not have a NUL character"
        raise ValueError(message)
    return value


READERS: tuple[tuple[Any, str, Literal["before", "after"]], ...] = (
    (_read_whole, "integer", "before"),
    (_read_empty, "text", "before"),
    (_refuse_nul, "text", "after"),
)
