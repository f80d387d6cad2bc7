"""Incremental collection: read the files that are new or have changed, and the rows of databases that have."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.problem import Problem
from ..core.source import Source
from ..stores.deliveries import (
    Delivery,
    digest_file,
    drop_others,
    find_files,
    keep_delivery,
    name_place,
    read_deliveries,
    read_delivery,
)
from ..stores.sql_table import newest_cursor
from .collect import Table, read_table, row_schema

VERSION = 1  # of what is kept of a delivery; another one has every file read again
Report = Callable[[str, float], None]  # the name of a delivery that is being read, and which share of it is read


@dataclass(frozen=True, slots=True)
class Collected:
    """The deliveries of all sources, in the order in which later rows replace earlier ones; and how many are new."""

    deliveries: tuple[Delivery, ...]
    new: int


def collect_sources(
    places: Sequence[tuple[Path | str, Source]], problem: Problem, folder: Path, report: Report
) -> Collected:
    """Read what was not read before, and return the deliveries that make up the sources as they are now.

    Files are the truth: the rows of a file that was changed or removed go with it. Of a table with a `cursor`, only
    the rows that changed since the last run are read, and the others stay. A run that is interrupted has kept
    complete deliveries only, and the next one goes on.

    Raises UserError: a source cannot be read; what was read before stays.
    """
    deliveries: list[Delivery] = []
    new = 0
    for place, source in places:
        for file in find_files(place):
            name = name_place(place, file, source.table, {delivery.name for delivery in deliveries})
            table = Table(file, replace(problem, source=source), name, is_only=file == place)
            collect = _collect_file if isinstance(file, Path) else _collect_changes if source.cursor else _collect_rows
            found, added = collect(table, folder, report)
            deliveries += found
            new += added
    drop_others(folder, [delivery.file for delivery in deliveries])
    return Collected(tuple(deliveries), new)


def _collect_file(table: Table, folder: Path, report: Report) -> tuple[list[Delivery], int]:
    """Read a file, unless it was read as it is now."""
    digest = digest_file(Path(table.place))
    stem = f"{_stem(table)}-{digest[:16]}"
    if known := read_delivery(folder / f"{stem}.parquet"):
        return [known], 0
    return [_keep(table, folder, stem, report, digest=digest)], 1


def _collect_rows(table: Table, folder: Path, report: Report) -> tuple[list[Delivery], int]:
    """Read all rows of a table of a database, which does not say what has changed."""
    stem = _stem(table)
    before = read_delivery(folder / f"{stem}.parquet")
    found = _keep(table, folder, stem, report)
    return [found], int(before is None or before.fingerprint != found.fingerprint)


def _collect_changes(table: Table, folder: Path, report: Report) -> tuple[list[Delivery], int]:
    """Read the rows of a table of a database that are newer than those that were read before.

    Rows with the newest value are read again with later ones, because others may have been added with that value.
    """
    stem = _stem(table)
    known = read_deliveries(folder, stem)
    after = known[-1].cursor if known else None
    newest = newest_cursor(str(table.place), table.problem.source)
    if newest is None or newest == after:
        return known, 0
    table = replace(table, name=f"{table.name} ({len(known) + 1})", after=after, until=newest)
    return [*known, _keep(table, folder, f"{stem}-{len(known):06}", report, cursor=newest)], 1


def _keep(
    table: Table, folder: Path, stem: str, report: Report, *, digest: str = "", cursor: str | None = None
) -> Delivery:
    rows = read_table(table, lambda share: report(table.name, share))
    is_ordered = bool(table.problem.source.cursor)
    facts = {"name": table.name, "fingerprint": digest, "cursor": cursor, "is_ordered": is_ordered}
    return keep_delivery(folder, stem, rows, row_schema(table.problem), facts)


def _stem(table: Table) -> str:
    """Return the begin of the names of a table's Parquet files: it changes with the way in which the table is read."""
    reader = [VERSION, table.name, table.is_only, table.problem.key, table.problem.fingerprint]
    text = f"{reader} {table.problem.source.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]
