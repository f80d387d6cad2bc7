"""What a contract's fields say of themselves: kind, bounds, categories, and who may see them.

>>> from .contract import Features
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
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from .errors import UserError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class Audience(Enum):
    """Who may see a field. Write it into the field's `Annotated`."""

    PROTECTED = "protected"  # recorded to audit fairness; no model ever sees it
    PERSONAL = "personal"  # names a person; dropped before anything is stored


class Effect(Enum):
    """What is known beforehand of a field's effect. Write it into the field's `Annotated`."""

    RISING = "rising"  # more of it never makes yes less likely, or the number lower


PROTECTED, PERSONAL, RISING = Audience.PROTECTED, Audience.PERSONAL, Effect.RISING


class Strict(BaseModel):
    """Base of contracts and of the plan: no unknown field, no silent conversion, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Look every type up now: one that is not known is an error of the line that has it, not of a later one."""
        cls.model_rebuild()


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a contract, as tables, forms and models need to know it.

    `low` and `high` are inclusive, in the field's own unit; `categories` keep their declared order.
    """

    name: str
    kind: Literal["number", "integer", "category", "text"]
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
    def seen_by_models(self) -> bool:
        """True unless the column is protected or personal."""
        return not (self.protected or self.personal)

    @property
    def expected(self) -> str:
        """The values allowed, in words: `0 to 3`, `one of no, yes`."""
        if self.categories:
            return "one of " + ", ".join(self.categories)
        if self.kind == "text":
            return "text"
        if self.low is None and self.high is None:
            return f"any {self.kind}"
        if self.high is None:
            return f"{self.low:g} or more"
        return f"up to {self.high:g}" if self.low is None else f"{self.low:g} to {self.high:g}"


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
    return Column(
        name=name,
        kind=kind,
        description=field.description or "",
        example=field.examples[0] if field.examples else (categories[0] if categories else None),
        low=bounds.get("ge"),
        high=bounds.get("le"),
        categories=categories,
        optional=optional,
        protected=PROTECTED in field.metadata,
        personal=PERSONAL in field.metadata,
        rising=RISING in field.metadata,
    )


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kept = [part for part in typing.get_args(annotation) if part is not type(None)]
        if len(kept) == 1:
            return kept[0], True
    return annotation, False


def _kind(name: str, annotation: Any) -> tuple[Literal["number", "integer", "category", "text"], tuple[str, ...]]:
    if typing.get_origin(annotation) is Literal and all(isinstance(v, str) for v in typing.get_args(annotation)):
        return "category", typing.get_args(annotation)
    if annotation is float:
        return "number", ()
    if annotation is int:
        return "integer", ()
    if annotation is str:
        return "text", ()
    said = getattr(annotation, "__name__", annotation)
    message = f'contract.py: {name} is {said}; use float, int, str, or a Literal of texts, as Literal["no", "yes"]'
    raise UserError(message)
