"""Outcomes from a table: each row names a case and says what really happened in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.answers import normalise_time
from ..core.checks import shorten
from ..core.errors import UserError
from ..core.identifiers import MAX_IDENTIFIER
from ..core.schema import Column
from ..core.source import PLAIN
from ..stores.columns import read_column
from ..stores.convert import convert
from ..stores.files import file_errors, read_rows, show
from ..stores.ledger import Ledger
from ..stores.outcomes import MAX_OUTCOMES, find_unknown

TIME = "observed_at"
NEXT_STEP = "correct it; nothing was recorded"


def read_outcomes(place: Path | str, target: Column) -> Iterator[list[dict[str, Any]]]:
    """Yield the outcomes of a table in lists of at most MAX_OUTCOMES, as `record_outcomes` takes them.

    The table has a column `reference` or `id`, the outcome in a column of that name or of the label's, and perhaps
    `observed_at`. Other columns are not read. Raises UserError: a column is missing, or a value cannot be used.
    """
    rows = 0
    for chunk, _ in read_rows(place):
        by = _choose_column(place, chunk.schema.names, ("reference", "id"))
        outcome = _choose_column(place, chunk.schema.names, dict.fromkeys(("outcome", target.name)))
        case = Column(by, "text", "", "", min_length=1, max_length=MAX_IDENTIFIER)
        time = Column(TIME, "text", "", "", optional=True)
        label = replace(target, name=outcome, optional=False)
        with file_errors(place, f"make {by} and {TIME} columns of text"):
            converted = convert(chunk, (case, time, label), PLAIN)
        times = enumerate(_read(place, converted, time, rows))
        found = {
            by: _read(place, converted, case, rows),
            "outcome": _read(place, converted, label, rows),
            TIME: [_read_time(place, each, rows + row) for row, each in times],
        }
        every = [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
        yield from (every[start : start + MAX_OUTCOMES] for start in range(0, len(every), MAX_OUTCOMES))
        rows += chunk.num_rows


def check_outcomes(place: Path | str, target: Column, ledger: Ledger) -> list[str]:
    """Read a whole table, and return the references that no decision has.

    Raises UserError: a value cannot be used, or no decision has an id.
    """
    unknown: dict[str, None] = {}
    for outcomes in read_outcomes(place, target):
        for each in find_unknown(ledger, outcomes):
            if "id" in each:
                raise UserError(f"{show(place)}: there is no decision {shorten(each['id'])}; {NEXT_STEP}")
            unknown[each["reference"]] = None
    return list(unknown)


def _choose_column(place: Path | str, names: Sequence[str], wanted: Iterable[str]) -> str:
    found: list[str] = [name for name in wanted if name in names]
    if len(found) != 1:
        fault = "no column" if not found else "more than one column of"
        raise UserError(f"{show(place)}: {fault} {' or '.join(wanted)}; give one, beside `{TIME}` if it is known")
    return found[0]


def _read(place: Path | str, chunk: pa.RecordBatch, column: Column, rows_before: int) -> list[Any]:
    values, faults = read_column(chunk, column)
    if faults:
        raise UserError(f"{show(place)}: row {rows_before + faults[0].row + 1}: {faults[0].reason}; {NEXT_STEP}")
    found: list[Any] = values.to_pylist()
    return found


def _read_time(place: Path | str, given: str | None, row: int) -> str | None:
    try:
        return None if given is None else normalise_time(given.strip())
    except ValueError:
        fault = f"{TIME} is {shorten(given)}, expected a date or time as ISO 8601 writes them"
        raise UserError(f"{show(place)}: row {row + 1}: {fault}; {NEXT_STEP}") from None
