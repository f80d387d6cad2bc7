"""How the rows of a delivered table become columns of the contract: what `problem/sources.py` declares."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from .schema import Column, Strict

Part = Literal["days", "year", "month", "day", "weekday", "hour"]
Sign = Annotated[str, Field(max_length=1)]


class SourceColumn(Strict):
    """Where a column of the contract comes from, and how its cells are spelt.

    Cells that are no text are spelt as `stores/cells.py` writes them: `true`, `1`, `0.5`, `2024-01-31`.
    """

    name: str  # in the table, as its header has it
    missing: tuple[str, ...] = ()  # spellings of a missing value, beside those of the whole source
    values: dict[str, str] = Field({})  # spelling in the table: category of the contract
    other: str = ""  # the category that stands for all values which the contract does not have
    unit: str = ""  # what is removed from every number, as % or €
    accounting: bool = False  # (1,234) and 1,234- are negative numbers
    date: str = ""  # format of a date, as `datetime.strptime` reads it; `part` of it is the value
    part: Part = "days"  # days since 1970-01-01; weekday: 1 is Monday


class Source(Strict):
    """How a table is read. The defaults are those of a plain CSV file, with the contract's names."""

    # of every source but the plan's: a file, a folder, a pattern as `data/*.csv`, or the URL of a database
    place: str = ""
    # the column with the date or time at which a row was decided on; of a table that is joined, from which on it was
    # known. Joins need it (`core/join.py`)
    time: str = ""
    cursor: str = ""  # of a table of a database: the column by which rows that are new or have changed are found
    encoding: str = "utf-8"  # a byte-order mark is dropped
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Sign = '"'  # doubled inside a cell; empty: no cell has quotes
    escape: Sign = ""  # as a backslash before a quote
    skip_spaces: bool = False  # after a delimiter: `1, "a, b"` has two cells
    skip_lines: Annotated[int, Field(ge=0)] = 0  # above the header
    header: bool = True  # without one, columns are named `column 1`, `column 2`, ...
    trailing_delimiter: bool = False  # rows end in a delimiter, after which there is no cell
    comment: str = ""  # lines that begin with it are no rows
    # rows whose first cell that is not empty is one of these are sums, not cases; "" for rows without a value
    totals: tuple[str, ...] = ()
    decimal: Literal[".", ","] = "."
    thousands: Sign = ""
    missing: tuple[str, ...] = ()  # spellings of a missing value, beside the usual ones (`core/checks.py`)
    table: str = ""  # of a database, or sheet of a workbook
    number_rows: bool = False  # no column identifies a row: its key is its number in the table
    key: str = ""  # the column that identifies a row, if its name is not the contract's KEY
    # the column with the person or thing that a row is about: rows of one share a fold; it is no input of models
    subject: str = ""
    columns: dict[str, SourceColumn] = Field({})  # by name in the contract; others have that name in the table too
    ignored: tuple[str, ...] = ()  # columns of the table that are not used

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"no encoding of text is called {encoding!r}; most are utf-8, cp1252 or utf-16") from None
        return encoding

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        for signs in ((self.delimiter, self.quote, self.escape), (self.decimal, self.thousands)):
            given = [sign for sign in signs if sign]
            if len({*given}) < len(given) or {*given} & {"\n", "\r", "\0"}:
                raise ValueError(f"{', '.join(map(repr, given))}: each sign has to be another one, and no line break")
        if self.key and self.number_rows:
            raise ValueError("give `key` or `number_rows`, not both")
        return self

    def column(self, name: str) -> SourceColumn:
        """Return where a column of the contract comes from."""
        return self.columns.get(name) or SourceColumn(name=name)


PLAIN = Source()


def source_faults(source: Source, columns: Sequence[Column]) -> list[str]:
    """Return what does not fit between a source and the columns of the contract, in words."""
    known, faults = {column.name: column for column in columns}, []
    for name, spec in source.columns.items():
        if name not in known:
            faults.append(f"columns: {name} is not in contract.py; it has {', '.join(known)}")
            continue
        column = known[name]
        words = [*dict.fromkeys(spec.values.values()), *([spec.other] if spec.other else [])]
        if column.categories and (wrong := [word for word in words if word not in column.categories]):
            faults.append(f"columns: {name}: {wrong[0]!r} is no category of contract.py; use {column.expected}")
        if spec.other and not column.categories:
            faults.append(f"columns: {name}: `other` is for categories; contract.py expects {column.expected}")
        if (spec.date or spec.unit or spec.accounting) and not column.is_numeric:
            kinds = "`date`, `unit` and `accounting` are for numbers"
            faults.append(f"columns: {name}: {kinds}; contract.py expects {column.expected}")
    return faults
