"""What it means to fit the contract, defined once.

`checks(column)` lists what a value of a column has to be. The list is rendered for requests by pydantic
(`request_model`), for tables of the lake by Ibis (`data/curate.py`) and for files by Arrow
(`product/columns.py`). Recorded decisions go through the rendering of the lake.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, create_model

from .schema import Column

# how text spells a number: no digit separators, no hexadecimal, no words such as inf or nan
NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
INTEGER = r"^[-+]?[0-9]+$"
INTEGER_LIMIT = 2**63 - 1
SHOWN_CHARACTERS = 60  # of a value in an error
# how text spells that a value is missing; a category of that name keeps its meaning
MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("N/A", "NA", "NULL", "NaN", "n/a", "nan", "null"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement of a value that is not missing."""

    name: Literal["finite", "whole", "at_least", "at_most", "one_of"]
    limit: Any = None


def checks(column: Column) -> list[Check]:
    """Return the requirements of a column, in the order in which they are tested."""
    found = [Check("one_of", column.categories)] if column.categories else []
    is_bounded = column.low is not None and column.high is not None
    found += [Check("finite")] if column.kind == "number" and not is_bounded else []
    found += [Check("whole")] if column.kind == "integer" else []
    found += [Check("at_least", column.low)] if column.low is not None else []
    found += [Check("at_most", column.high)] if column.high is not None else []
    return found


def missing_words(column: Column) -> tuple[str, ...]:
    """Return the spellings of a missing value in text files; of a text column only the empty cell."""
    return ("",) if column.kind == "text" else tuple(word for word in MISSING if word not in column.categories)


def shorten(value: Any) -> str:
    """Return a value as an error shows it."""
    return f"{repr(value)[:SHOWN_CHARACTERS]}..." if len(repr(value)) > SHOWN_CHARACTERS else repr(value)


def request_model(features: type[BaseModel], columns: tuple[Column, ...]) -> type[BaseModel]:
    """Return the contract's features for requests, with examples and audiences in their JSON Schema.

    JSON's `3.0` is a whole number, as it is in a table.
    """
    by_name = {column.name: column for column in columns}

    def describe(schema: dict[str, Any]) -> None:
        for name, column in by_name.items():
            marks = {"x-protected": column.protected, "x-personal": column.personal}
            schema["properties"][name].update({mark: True for mark, is_set in marks.items() if is_set})
        schema["examples"] = [{column.name: column.example for column in columns}]

    class Request(features):  # type: ignore[valid-type, misc]  # the base is a value here
        model_config = ConfigDict(json_schema_extra=describe)

    fields: dict[str, Any] = {
        name: (Annotated[features.model_fields[name].annotation, BeforeValidator(_whole)], features.model_fields[name])
        for name, column in by_name.items()
        if column.kind == "integer"
    }
    return create_model(features.__name__, __base__=Request, __doc__=features.__doc__, **fields)


def _whole(value: Any) -> Any:
    is_whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
    return int(value) if is_whole else value
