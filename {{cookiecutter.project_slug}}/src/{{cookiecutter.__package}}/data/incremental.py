"""Incremental collection: read the files that are new or have changed, and the rows of databases that have."""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

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
from ..stores.forgotten import NOBODY, Forgotten
from ..stores.lake import ROW, SOURCE, Lake
from ..stores.lake_erasure import find_forgotten
from ..stores.sql_table import newest_cursor
from .collect import Table, read_table, row_schema
from .curate import ORDER

FAR = 2**32  # more than a delivery has rows
DELIVERIES = {"name": "string", "fingerprint": "string", "rows": "int64"}
VERSION = 2  # of what is kept of a delivery; another one has every file read again


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Where rows that were read are kept (None: nowhere), whose rows are left out, and what is called with progress.

    `report` gets the name of a delivery, and which share of it has been read.
    """

    folder: Path | None = None
    forgotten: Forgotten = NOBODY
    report: Callable[[str, float], None] = lambda *_: None


FRESH = KeptRows()


@dataclass(frozen=True, slots=True)
class Collected:
    """The deliveries of all sources, in the order in which later rows replace earlier ones; and how many are new."""

    folder: Path
    deliveries: tuple[Delivery, ...]
    new: int

    def read_rows(self, lake: Lake) -> ir.Table:
        """Return all rows, with what decides which one of a key is the latest."""
        places = [
            {SOURCE: delivery.name, "_place": place * FAR, "_is_ordered": delivery.is_ordered}
            for place, delivery in enumerate(self.deliveries)
        ]
        schema = ibis.schema({SOURCE: "string", "_place": "int64", "_is_ordered": "boolean"})
        rows = lake.read_parquet(self.folder).join(ibis.memtable(places, schema=schema), SOURCE)
        order = rows["_place"] + ibis.ifelse(rows["_is_ordered"], rows[ROW], 0)
        return rows.mutate(**{ORDER: order}).drop("_place", "_is_ordered")


def list_deliveries(deliveries: Sequence[Delivery]) -> pa.Table:
    """Return what is known of each delivery."""
    rows = [{name: getattr(delivery, name) for name in DELIVERIES} for delivery in deliveries]
    return pa.Table.from_pylist(rows, ibis.schema(DELIVERIES).to_pyarrow())


def with_order(decisions: ir.Table) -> ir.Table:
    """Return the rows of decisions with the same columns; each has a key of its own."""
    return decisions.mutate(**{ORDER: ibis.literal(0, "int64")})


@contextlib.contextmanager
def collect_sources(
    places: Sequence[tuple[Path | str, Source]], problem: Problem, kept: KeptRows
) -> Iterator[Collected]:
    """Read what was not read before, and return the deliveries that make up the sources as they are now.

    Files are the truth: the rows of a file that was changed or removed go with it. Of a table with a `cursor`, only
    the rows that changed since the last run are read, and the others stay. A run that is interrupted has kept
    complete deliveries only, and the next one goes on. When somebody was forgotten, everything is read again.

    Raises UserError: a source cannot be read; what was read before stays.
    """
    deliveries: list[Delivery] = []
    new = 0
    with contextlib.ExitStack() as stack:
        folder = kept.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for place, source in places:
            for file in find_files(place):
                name = name_place(place, file, source.table, {delivery.name for delivery in deliveries})
                table = Table(file, replace(problem, source=source), name, is_only=file == place)
                changes = _collect_changes if source.cursor else _collect_rows
                collect = _collect_file if isinstance(file, Path) else changes
                found, added = collect(table, folder, kept)
                deliveries += found
                new += added
        drop_others(folder, [delivery.file for delivery in deliveries])
        yield Collected(folder, tuple(deliveries), new)


def _collect_file(table: Table, folder: Path, kept: KeptRows) -> tuple[list[Delivery], int]:
    """Read a file, unless it was read as it is now."""
    digest = digest_file(Path(table.place))
    stem = f"{_stem(table, kept.forgotten)}-{digest[:16]}"
    if known := read_delivery(folder / f"{stem}.parquet"):
        return [known], 0
    return [_keep(table, folder, stem, kept, digest=digest)], 1


def _collect_rows(table: Table, folder: Path, kept: KeptRows) -> tuple[list[Delivery], int]:
    """Read all rows of a table of a database, which does not say what has changed."""
    stem = _stem(table, kept.forgotten)
    before = read_delivery(folder / f"{stem}.parquet")
    found = _keep(table, folder, stem, kept)
    return [found], int(before is None or before.fingerprint != found.fingerprint)


def _collect_changes(table: Table, folder: Path, kept: KeptRows) -> tuple[list[Delivery], int]:
    """Read the rows of a table of a database that are newer than those that were read before.

    Rows with the newest value are read again with later ones, because others may have been added with that value.
    """
    stem = _stem(table, kept.forgotten)
    known = read_deliveries(folder, stem)
    after = known[-1].cursor if known else None
    newest = newest_cursor(str(table.place), table.problem.source)
    if newest is None or newest == after:
        return known, 0
    table = replace(table, name=f"{table.name} ({len(known) + 1})", after=after, until=newest)
    return [*known, _keep(table, folder, f"{stem}-{len(known):06}", kept, cursor=newest)], 1


def _keep(
    table: Table, folder: Path, stem: str, kept: KeptRows, *, digest: str = "", cursor: str | None = None
) -> Delivery:
    source = table.problem.source
    facts: dict[str, Any] = {"name": table.name, "fingerprint": digest, "cursor": cursor, "left_out": 0}
    facts["is_ordered"] = bool(source.cursor)

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in read_table(table, lambda share: kept.report(table.name, share)):
            found = find_forgotten(batch, kept.forgotten, keyed=not source.number_rows)
            facts["left_out"] += found.true_count
            yield batch.filter(pc.invert(found)) if found.true_count else batch

    return keep_delivery(folder, stem, rows(), row_schema(table.problem), facts)


def _stem(table: Table, forgotten: Forgotten) -> str:
    """Return the start of the names of a table's Parquet files: it changes with the way in which the table is read."""
    reader = [VERSION, forgotten.fingerprint, table.name, table.is_only, table.problem.key, table.problem.fingerprint]
    reader += sorted(table.problem.joined)
    text = f"{reader} {table.problem.source.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]
