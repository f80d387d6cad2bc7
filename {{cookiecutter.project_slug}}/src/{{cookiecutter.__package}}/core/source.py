"""How the rows of a delivered table become columns of the contract: what `problem/sources.py` declares."""

from typing import Annotated, Literal

from pydantic import Field

from .schema import Strict

Part = Literal["days", "year", "month", "day", "weekday", "hour"]
Sign = Annotated[str, Field(max_length=1)]


class SourceColumn(Strict):
    """Where a column of the contract comes from, and how its cells are spelt."""

    name: str  # in the table, as its header has it
    missing: tuple[str, ...] = ()  # spellings of a missing value, beside those of the whole source
    values: dict[str, str] = {}  # spelling in the table: category of the contract
    other: str = ""  # the category that stands for all values which the contract does not have
    unit: str = ""  # what is removed from every number, as % or €
    date: str = ""  # format of a date, as `datetime.strptime` reads it; `part` of it is the value
    part: Part = "days"  # days since 1970-01-01; weekday: 1 is Monday


class Source(Strict):
    """How a table is read. The defaults are those of a plain CSV file, with the contract's names."""

    encoding: str = "utf-8"  # a byte-order mark is dropped
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Sign = '"'  # doubled inside a cell; empty: no cell has quotes
    escape: Sign = ""  # as a backslash before a quote
    skip_lines: Annotated[int, Field(ge=0)] = 0  # above the header
    header: bool = True  # without one, columns are named `column 1`, `column 2`, ...
    trailing_delimiter: bool = False  # rows end in a delimiter, after which there is no cell
    comment: str = ""  # lines that begin with it are no rows
    totals: tuple[str, ...] = ()  # rows whose first cell that is not empty is one of these are sums, not cases
    decimal: Literal[".", ","] = "."
    thousands: Sign = ""
    missing: tuple[str, ...] = ()  # spellings of a missing value, beside the usual ones (`core/checks.py`)
    table: str = ""  # of a database, or sheet of a workbook
    number_rows: bool = False  # no column identifies a row: its key is its number in the table
    key: str = ""  # the column that identifies a row, if its name is not the contract's KEY
    columns: dict[str, SourceColumn] = {}  # by name in the contract; others have the contract's name in the table
    ignored: tuple[str, ...] = ()  # columns of the table that are not used
