"""Columns: what the fields of a contract say about themselves."""

import hashlib
import json
import math
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.fields import FieldInfo

from .errors import UserError
from .marks import DIRECTIONS, Mark, find_directions

Kind = Literal["number", "integer", "category", "text"]
KINDS: dict[Any, Kind] = {float: "number", int: "integer", str: "text"}
EXAMPLE = "text"  # of a text field that gives none
TEXT_LIMITS = ("min_length", "max_length", "pattern")
LIMITS = ("ge", "gt", "le", "lt", *TEXT_LIMITS)


PROTECTED, PERSONAL, RISING, NOMINAL, ACTIONABLE, ACTIONABLE_UP, ACTIONABLE_DOWN = Mark


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

    `low` and `high` are inclusive, in the field's own unit; `categories` keep their declared order, which models
    take for a rank unless the column is `nominal`.
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
    nominal: bool = False
    directions: tuple[int, ...] = ()  # in which a person could change it: -1 to a smaller value, 1 to a larger one
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
    def use(self) -> str:
        """What the column is for, in words of the cards."""
        if self.personal:
            return "personal: dropped before it is stored"
        return "protected: recorded for audit, never shown to a model" if self.protected else "input"

    @property
    def expected(self) -> str:
        """The values allowed, in words: `a number from 0 to 3`, `one of no, yes`."""
        if self.categories:
            return f"one of {', '.join(self.categories)}"
        if self.kind == "text":
            length = f" of {self.min_length} or more characters" if self.min_length else ""
            length = f" of {self.min_length or 0} to {self.max_length} characters" if self.max_length else length
            return f"text{length}{f' that matches {self.pattern}' if self.pattern else ''}"
        words = ["a number" if self.kind == "number" else "a whole number"]
        above, below = _excluded_bound(self.low, -math.inf), _excluded_bound(self.high, math.inf)
        if None not in (self.low, self.high) and above is below is None:
            return f"{words[0]} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            words.append(f"{self.low:g} or more" if above is None else f"above {above:g}")
        if self.high is not None:
            words.append(f"up to {self.high:g}" if below is None else f"below {below:g}")
        return ", ".join(words)


def columns(contract: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of a contract in declared order.

    Raises UserError: tables cannot hold a type or a constraint, an example is missing, pydantic has something of a
    name already, or names differ only in case.
    """
    names = [name.lower() for name in contract.model_fields]
    if twice := [name for name in contract.model_fields if names.count(name.lower()) > 1]:
        raise UserError(f"contract.py: {' and '.join(twice)} differ only in case; rename one")
    return tuple(_column(name, field) for name, field in contract.model_fields.items())


def fingerprint(*contracts: type[BaseModel]) -> str:
    """Return 16 hex digits that change whenever a contract does; its JSON Schema does not have the marks.

    What is actionable is left out, because no model depends on it.
    """
    fields = [field for contract in contracts for field in contract.model_fields.items()]
    kept = [mark for mark in Mark if mark not in DIRECTIONS]
    marks = {name: sorted(mark.value for mark in kept if mark in field.metadata) for name, field in fields}
    text = json.dumps([*(contract.model_json_schema() for contract in contracts), marks], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _column(name: str, field: FieldInfo) -> Column:
    annotation, members = field.annotation, [part for part in get_args(field.annotation) if part is not NoneType]
    optional = get_origin(annotation) in (Union, UnionType) and len(members) == 1
    if callable(field.default):
        raise UserError(f"contract.py: {name} is the name of something that pydantic's models have; rename it")
    kind, categories = _kind(name, members[0] if optional else annotation)
    if NOMINAL in field.metadata and not categories:
        raise UserError(f"contract.py: {name} is marked NOMINAL and has no categories; remove the mark")
    directions = find_directions(name, field.metadata, is_text=kind == "text")
    limits: dict[str, Any] = {}
    for item in field.metadata:
        found = {limit: getattr(item, limit) for limit in LIMITS if getattr(item, limit, None) is not None}
        if not found and not isinstance(item, Mark):
            raise UserError(f"contract.py: tables cannot hold {name} to {item}; use {', '.join(LIMITS)}")
        limits |= found
    low, high = limits.get("ge"), limits.get("le")
    if "gt" in limits:
        low = math.floor(limits["gt"]) + 1 if kind == "integer" else math.nextafter(limits["gt"], math.inf)
    if "lt" in limits:
        high = math.ceil(limits["lt"]) - 1 if kind == "integer" else math.nextafter(limits["lt"], -math.inf)
    texts = {limit: limits[limit] for limit in TEXT_LIMITS if limit in limits}
    fits = kind != "text" or TypeAdapter(Annotated[str, Field(**texts)]).validator.isinstance_python(EXAMPLE)
    if not fits and not field.examples:
        raise UserError(f"contract.py: {name} has limits that {EXAMPLE!r} does not fit; give it examples=[...]")
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
        nominal=NOMINAL in field.metadata,
        directions=directions,
        **texts,
    )


def _kind(name: str, annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    categories = get_args(annotation)
    if get_origin(annotation) is Literal and all(isinstance(category, str) for category in categories):
        if wrong := [category for category in categories if category != category.strip() or not category]:
            raise UserError(f"contract.py: {name} has the category {wrong[0]!r}; write some text, without outer spaces")
        return "category", categories
    if annotation in KINDS:
        return KINDS[annotation], ()
    written = getattr(annotation, "__name__", annotation)
    message = f'contract.py: {name} is {written}; use float, int, str, or a Literal of texts, as Literal["no", "yes"]'
    raise UserError(message)


def _example(kind: Kind, categories: tuple[str, ...], low: float | None, high: float | None) -> Any:
    """Return a value that fits, for a field that gives no example."""
    if kind in ("category", "text"):
        return categories[0] if categories else EXAMPLE
    inside = max(low, 0) if low is not None else min(high or 0, 0)
    value = inside if low is None or high is None else (low + high) / 2
    return int(value) if kind == "integer" else float(value)


def _excluded_bound(bound: float | None, side: float) -> float | None:
    """Return the bound that `gt` or `lt` excludes: the shorter number next to the smallest or largest value."""
    outside = None if bound is None else math.nextafter(bound, side)
    return outside if len(repr(outside)) < len(repr(bound)) else None
