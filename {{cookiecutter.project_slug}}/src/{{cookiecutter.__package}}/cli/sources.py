"""The owner's `problem/sources.py`: how tables are read, and which are joined."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..core.errors import UserError, describe_error
from ..core.join import Join, Window
from ..core.problem import Problem, with_source
from ..core.source import PLAIN, Source, SourceColumn

KINDS = {kind.__name__: kind for kind in (Source, SourceColumn, Join, Window)}


def add_sources(problem: Problem, root: Path) -> tuple[Problem, tuple[Source, ...]]:
    """Return the problem with what is declared of its tables, and the sources beside the plan's.

    A project that an older version made has no `problem/sources.py`, or only a part of it. Raises UserError: it has an
    error, or does not fit the contract.
    """
    if not find_spec("..problem.sources", __package__):
        return with_source(problem, PLAIN), ()
    try:
        declared: Any = import_module("..problem.sources", __package__)
    except ValidationError as error:
        faults = [describe_error(fault, KINDS.get(error.title)) for fault in error.errors()]
        raise UserError(f"sources.py: {'; '.join(faults)}") from None
    more = tuple(getattr(declared, "SOURCES", ()))
    if nameless := [f"SOURCES: {place}: give its `place`" for place, other in enumerate(more, 1) if not other.place]:
        raise UserError(f"sources.py: {'; '.join(nameless)}")
    joins = []
    for join in getattr(declared, "JOINS", ()):
        from ..stores.files import find_table  # only where there are some: it takes a while

        joins.append((find_table(join.source.place, root), join))
    return with_source(problem, declared.SOURCE, joins), more
