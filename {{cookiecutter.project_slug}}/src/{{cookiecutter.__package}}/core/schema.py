"""Columns: what the fields of a contract say about themselves.

>>> [column.name for column in columns(Features) if column.protected]
['race']
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from .errors import UserError

Kind = Literal["number", "integer", "category", "text"]
KINDS: dict[Any, Kind] = {float: "number", int: "integer", str: "text"}


class Audience(Enum):
    """Who may see a field. Write it into the field's `Annotated`."""

    PROTECTED = "protected"  # recorded to audit fairness; never an input of a model
    PERSONAL = "personal"  # identifies a person; dropped before anything is stored


class Effect(Enum):
    """What is known of a field's effect before training. Write it into the field's `Annotated`."""

    RISING = "rising"  # a larger value never makes the last answer less likely, or the number smaller


PROTECTED, PERSONAL, RISING = Audience.PROTECTED, Audience.PERSONAL, Effect.RISING


class Strict(BaseModel):
    """Base of contracts and of the plan: no unknown field, no silent conversion, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Resolve every annotation now, so that an unknown type is an error of the line that has it."""
        cls.model_rebuild()


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a contract, as tables, forms and models need to know it.

    `low` and `high` are inclusive, in the field's own unit; `categories` keep their declared order.
    """

    name: str
    kind: Kind
    description: str
    example: Any
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    optional: bool = False
    protected: bool = False
    personal: bool = False
    rising: bool = False

    @property
    def is_input(self) -> bool:
        """True if models may see the column: it is neither protected nor personal."""
        return not (self.protected or self.personal)

    @property
    def is_numeric(self) -> bool:
        """True for numbers and integers."""
        return self.kind in ("number", "integer")

    @property
    def expected(self) -> str:
        """The values allowed, in words: `a number from 0 to 3`, `one of no, yes`."""
        if self.categories:
            return "one of " + ", ".join(self.categories)
        if not self.is_numeric:
            return "text"
        unit = "a number" if self.kind == "number" else "a whole number"
        if self.low is not None and self.high is not None:
            return f"{unit} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{unit}, {self.low:g} or more"
        return unit if self.high is None else f"{unit} up to {self.high:g}"


def columns(contract: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of a contract in declared order.

    Raises
    ------
    UserError
        A field has a type other than float, int, str or a Literal of strings.
    """
    return tuple(_column(name, field) for name, field in contract.model_fields.items())


def fingerprint(*contracts: type[BaseModel]) -> str:
    """Return 16 hex digits that change whenever a contract does."""
    text = json.dumps([contract.model_json_schema() for contract in contracts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _column(name: str, field: FieldInfo) -> Column:
    annotation, optional = _unwrap(field.annotation)
    kind, categories = _kind(name, annotation)
    bounds = {key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)}
    low, high = bounds.get("ge"), bounds.get("le")
    return Column(
        name=name,
        kind=kind,
        description=field.description or name.replace("_", " ").capitalize(),
        example=field.examples[0] if field.examples else _example(kind, categories, low, high),
        low=low,
        high=high,
        categories=categories,
        optional=optional,
        protected=PROTECTED in field.metadata,
        personal=PERSONAL in field.metadata,
        rising=RISING in field.metadata,
    )


def _example(kind: Kind, categories: tuple[str, ...], low: float | None, high: float | None) -> Any:
    """Return a value that fits, for a field that gives no example."""
    if categories:
        return categories[0]
    if kind == "text":
        return "text"
    inside = max(low, 0) if low is not None else min(high or 0, 0)
    value = inside if low is None or high is None else (low + high) / 2
    return int(value) if kind == "integer" else float(value)


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [part for part in typing.get_args(annotation) if part is not type(None)]
        if len(members) == 1:
            return members[0], True
    return annotation, False


def _kind(name: str, annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if typing.get_origin(annotation) is Literal and all(isinstance(v, str) for v in typing.get_args(annotation)):
        return "category", typing.get_args(annotation)
    if annotation in KINDS:
        return KINDS[annotation], ()
    written = getattr(annotation, "__name__", annotation)
    message = f'contract.py: {name} is {written}; use float, int, str, or a Literal of texts, as Literal["no", "yes"]'
    raise UserError(message)
