"""Columns: what the fields of a contract say about themselves."""

import hashlib
import json
import math
import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from .errors import UserError

Kind = Literal["number", "integer", "category", "text"]
LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
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
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

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
            length = f" of {self.min_length or 0} to {self.max_length} characters" if self.max_length else ""
            return f"text{length}{f' that matches {self.pattern}' if self.pattern else ''}"
        unit = "a number" if self.kind == "number" else "a whole number"
        low, high = _excluded_bound(self.low, -math.inf), _excluded_bound(self.high, math.inf)
        if self.low is not None and self.high is not None and low is None and high is None:
            return f"{unit} from {self.low:g} to {self.high:g}"
        words = [] if self.low is None else [f"{self.low:g} or more" if low is None else f"above {low:g}"]
        words += [] if self.high is None else [f"up to {self.high:g}" if high is None else f"below {high:g}"]
        return ", ".join([unit, *words])


def columns(contract: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of a contract in declared order.

    Raises UserError: a field has a type or a constraint that tables cannot hold, or names differ only in case.
    """
    names = [name.lower() for name in contract.model_fields]
    if twice := [name for name in contract.model_fields if names.count(name.lower()) > 1]:
        raise UserError(f"contract.py: {' and '.join(twice)} differ only in case; rename one")
    return tuple(_column(name, field) for name, field in contract.model_fields.items())


def fingerprint(*contracts: type[BaseModel]) -> str:
    """Return 16 hex digits that change whenever a contract does."""
    text = json.dumps([contract.model_json_schema() for contract in contracts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _column(name: str, field: FieldInfo) -> Column:
    annotation, optional = _unwrap(field.annotation)
    kind, categories = _kind(name, annotation)
    limits = _limits(name, field)
    low, high = _bounds(kind, limits)
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
        min_length=limits.get("min_length"),
        max_length=limits.get("max_length"),
        pattern=limits.get("pattern"),
    )


def _limits(name: str, field: FieldInfo) -> dict[str, Any]:
    """Return the constraints of a field by name, as `ge` or `max_length`."""
    found: dict[str, Any] = {}
    for item in field.metadata:
        known = {limit: getattr(item, limit) for limit in LIMITS if getattr(item, limit, None) is not None}
        if not known and not isinstance(item, Audience | Effect):
            raise UserError(f"contract.py: tables cannot hold {name} to {item}; use {', '.join(LIMITS)}")
        found |= known
    return found


def _bounds(kind: Kind, limits: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return the smallest and the largest value allowed."""
    low, high = limits.get("ge"), limits.get("le")
    if "gt" in limits:
        low = math.floor(limits["gt"]) + 1 if kind == "integer" else math.nextafter(limits["gt"], math.inf)
    if "lt" in limits:
        high = math.ceil(limits["lt"]) - 1 if kind == "integer" else math.nextafter(limits["lt"], -math.inf)
    return low, high


def _excluded_bound(bound: float | None, side: float) -> float | None:
    """Return the bound that `gt` or `lt` excludes: the shorter number next to the smallest or largest value."""
    outside = None if bound is None else math.nextafter(bound, side)
    return outside if len(repr(outside)) < len(repr(bound)) else None


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
        categories = typing.get_args(annotation)
        if wrong := [category for category in categories if category != category.strip() or not category]:
            message = f"contract.py: {name} has the category {wrong[0]!r}; remove the spaces, and write some text"
            raise UserError(message)
        return "category", categories
    if annotation in KINDS:
        return KINDS[annotation], ()
    written = getattr(annotation, "__name__", annotation)
    message = f'contract.py: {name} is {written}; use float, int, str, or a Literal of texts, as Literal["no", "yes"]'
    raise UserError(message)
