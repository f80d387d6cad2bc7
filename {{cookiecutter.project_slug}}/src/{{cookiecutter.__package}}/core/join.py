"""Columns of the contract that come from other tables: what `JOINS` in `problem/sources.py` declares.

A feature must not know what came after the decision: of a table with times, only rows from before it are used. What
was known is decided by `time` of the sources: that of the plan's table says when a row was decided on, and that of
the other table from when on a row of it was known.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from .errors import hide_passwords
from .schema import Column, Strict
from .source import Source, source_faults

How = Literal["count", "sum", "mean", "min", "max"]
OF_ROW = ("subject", "key")  # what says whom or what a row is about


class _OtherTable(Strict):
    """Another table, found by its key."""

    source: Source  # its `place`; its `key`, the column that names a row's subject; and how it is read
    on: str = "subject"  # what its key is compared with: "subject", "key", or a column of the contract


class Join(_OtherTable):
    """Columns of the other table's row with a key; given the source's `time`, of the latest before the decision.

    Without `time` the row is used as it is now: join so only what does not change, because a later value would be a
    leak.

    `columns`: names in the contract; `source.columns` says which columns of the table these are.
    """

    columns: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the contract that come from here."""
        return self.columns


class Window(_OtherTable):
    """Aggregates of the other table's rows with a key from the days before the decision, and not from its moment on.

    `columns`: by name in the contract, what is computed of which column of numbers; `("count", "")` counts rows.
    """

    days: Annotated[float, Field(gt=0)]
    columns: Annotated[dict[str, tuple[How, str]], Field(min_length=1)]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the contract that come from here."""
        return tuple(self.columns)


AnyJoin = Join | Window


def describe_join(join: AnyJoin) -> str:
    """Return in words where its columns come from."""
    table = f"{hide_passwords(join.source.place)}, by {join.source.key} = {join.on}"
    if isinstance(join, Window):
        of = ", ".join(f"{how} of {column or 'rows'}" for how, column in join.columns.values())
        return f"{of} in the {join.days:g} days before the decision, of {table}"
    return f"{'the latest before the decision' if join.source.time else 'the row'} of {table}"


def join_faults(joins: Sequence[AnyJoin], columns: Sequence[Column]) -> list[str]:
    """Return what does not fit between joins and the columns of the contract, in words."""
    known, faults = {column.name: column for column in columns}, []
    names = [name for join in joins for name in join.names]
    faults += [f"{name} is there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    for place, join in enumerate(joins, 1):
        needed = {"place": join.source.place, "key": join.source.key}
        needed |= {"time": join.source.time} if isinstance(join, Window) else {}
        found = [f"give `{field}` of its source" for field, value in needed.items() if not value]
        found += [f"{name} is not in contract.py" for name in join.names if name not in known]
        if join.on not in OF_ROW and (join.on not in known or known[join.on].kind == "number"):
            found.append(f"on: {join.on!r} is neither 'subject' nor 'key' nor a column of texts or whole numbers")
        found += source_faults(join.source, columns) if isinstance(join, Join) else _window_faults(join, known)
        faults += [f"{place}: {fault}" for fault in found]
    return [f"JOINS: {fault}" for fault in faults]


def _window_faults(window: Window, known: Mapping[str, Column]) -> list[str]:
    faults = []
    for name, (how, of) in window.columns.items():
        kinds = ("number", "integer") if how == "count" else ("number",)
        if name in known and known[name].kind not in kinds:
            faults.append(f"{name}: a {how} is a number; contract.py expects {known[name].expected}")
        if (how == "count") == bool(of):
            faults.append(f'{name}: a count is ("count", ""), and others name a column: ("sum", "amount")')
    return faults
