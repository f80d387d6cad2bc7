"""What callers may give beside the features of a row: the reference of the case, and the subject it is about.

Both are opaque texts. They are recorded, and never shown to a model or written to a log.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from .checks import WITHOUT_NUL
from .schema import Column

MAX_IDENTIFIER = 200  # characters
DESCRIPTIONS = {
    "reference": "Your id of the case, by which reviewers and outcomes find it; no name of a person",
    "subject": "Your id of the person or thing that the case is about; no name of a person",
}
# of a request's model: no column can have these names
ATTRIBUTES = {"reference": "the reference", "subject": "the subject"}
Identifier = Annotated[str, Field(min_length=1, max_length=MAX_IDENTIFIER, pattern=WITHOUT_NUL)]


def identifier_fields(columns: Iterable[Column]) -> dict[str, Any]:
    """Return the fields of a request's model, each with `_` before its name if the contract has such a column."""
    taken = {column.name for column in columns}
    return {ATTRIBUTES[name]: _make_field(name, f"_{name}" if name in taken else name) for name in DESCRIPTIONS}


def _make_field(name: str, key: str) -> Any:
    more: Any = {"x-identifier": name}
    field = Field(alias=key, title=name.capitalize(), description=DESCRIPTIONS[name], json_schema_extra=more)
    return Annotated[Identifier | None, field], None
