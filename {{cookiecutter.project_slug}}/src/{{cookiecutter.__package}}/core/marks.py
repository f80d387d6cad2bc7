"""Marks: what a field of a contract says about itself beside its type and its limits."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from .errors import UserError


class Mark(Enum):
    """What a field's `Annotated` may say beside its type and its limits."""

    PROTECTED = "protected"  # for audits and for training with fairness constraints; never an input of a model
    PERSONAL = "personal"  # identifies a person; dropped before anything is stored
    # monotonic: a larger value must not make the last answer less likely (or the number smaller); tests check it,
    # candidates have to see to it
    RISING = "rising"
    NOMINAL = "nominal"  # the order of the categories means nothing
    # a person could change it: explanations say which change would turn the answer. UP, DOWN: only to a larger, or
    # only to a smaller number or a later, or an earlier category
    ACTIONABLE = "actionable"
    ACTIONABLE_UP = "actionable up"
    ACTIONABLE_DOWN = "actionable down"


DIRECTIONS = {Mark.ACTIONABLE: (-1, 1), Mark.ACTIONABLE_UP: (1,), Mark.ACTIONABLE_DOWN: (-1,)}


def find_directions(name: str, metadata: Sequence[Any], *, is_text: bool) -> tuple[int, ...]:
    """Return the directions in which a person could change a column. Raises UserError: marks contradict each other."""
    marks = [mark for mark in Mark if mark in metadata]
    given = [mark for mark in marks if mark in DIRECTIONS]
    others: list[Mark] = [mark for mark in marks if mark in (Mark.PROTECTED, Mark.PERSONAL)]
    others += [Mark.NOMINAL] if Mark.NOMINAL in marks and given != [Mark.ACTIONABLE] else []
    names = [mark.name for mark in (*given, *others)] + ["text"] * is_text
    if given and len(names) > 1:
        raise UserError(f"contract.py: {name} is {' and '.join(names)}, which do not go together; remove a mark")
    return DIRECTIONS[given[0]] if given else ()
