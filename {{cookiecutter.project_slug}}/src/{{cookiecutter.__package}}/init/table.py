"""What is known of a table: its columns, and what a person should know before learning from it."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from ..core.source import SourceColumn

ProfileKind = Literal["number", "integer", "category", "text", "date", "empty"]
# what becomes of the columns of a finding, unless a person says otherwise
Consequence = Literal["left out", "kept", "asked", "refused"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One column of a table, as its cells are, and what a contract would say about it."""

    name: str  # in the table
    field: str  # in the contract: a Python name that is no keyword
    kind: ProfileKind
    source: SourceColumn  # how its cells are read; of a date, its format
    # typed: float64 (of a date: days since 1970-01-01) or string; null is missing
    values: pa.Array = dataclasses.field(repr=False)
    rows: int = 0
    missing: int = 0
    distinct: int = 0  # of the values that are not missing
    low: float | None = None  # bounds with room, as a person would choose them
    high: float | None = None
    categories: tuple[str, ...] = ()  # in a sensible order
    is_nominal: bool = False  # the order of the categories means nothing
    description: str = ""
    example: Any = None
    notes: tuple[str, ...] = ()  # what was decided about the column, one sentence each


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know about columns or rows of a table, with its evidence."""

    kind: str  # as "identifier", "constant", "copy", "leak", "personal", "protected", "duplicates"
    columns: tuple[str, ...]  # names in the table; empty for the whole table
    evidence: str  # one sentence with figures: what was seen, and what it means
    consequence: Consequence = "kept"

    @property
    def sentence(self) -> str:
        """The evidence, with the columns that it is about."""
        return f"{', '.join(self.columns)}: {self.evidence}" if self.columns else self.evidence


@dataclass(frozen=True, slots=True)
class Options:
    """What a person said about a table, in the table's own names."""

    target: str
    key: str | None = None
    protected: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # though a finding would leave them out
    dropped: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # dates whose month and weekday are asked for, too
    time: str | None = None
    outcome_order: tuple[str, ...] = ()
    number: bool = False  # the target is a number, however few values it has
    question: str = ""
