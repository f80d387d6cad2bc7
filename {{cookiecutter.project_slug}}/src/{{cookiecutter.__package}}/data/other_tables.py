"""Read the tables that are joined with the sources: `JOINS` of `problem/sources.py`."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import shorten
from ..core.errors import UserError
from ..core.join import AnyJoin, Join
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.columns import TYPES, mark_missing, read_column
from ..stores.convert import convert, to_text
from ..stores.deliveries import (
    Delivery,
    digest_file,
    drop_others,
    find_files,
    keep_delivery,
    name_place,
    read_delivery,
)
from ..stores.files import file_errors, read_rows, show
from ..stores.lake import KEY, ROW, SOURCE, SUBJECT
from ..stores.lake_erasure import find_forgotten
from ..stores.moments import TIMES, read_moments
from .incremental import KeptRows

ON, KNOWN, VALUE = "_on", "_known", "_value"  # the key; from when on a row was known; and, numbered, its values
FOLDER = "joined"  # of what was read of these tables


@dataclass(frozen=True, slots=True)
class OtherTable:
    """A table as it was read: the folder that has its rows, its deliveries, and how many of them are new."""

    join: AnyJoin
    folder: Path
    deliveries: tuple[Delivery, ...]
    new: int


@contextlib.contextmanager
def collect_joined(problem: Problem, kept: KeptRows) -> Iterator[list[OtherTable]]:
    """Read the files of all joins that were not read before as they are now; tables of databases are read whole.

    Raises UserError: one cannot be read, lacks a column, or has a value that is not of its column's type.
    """
    with contextlib.ExitStack() as stack:
        parent = (kept.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))) / FOLDER
        tables = [_collect(place, join, parent, problem, kept) for place, join in problem.joins]
        for folder in {*parent.glob("*")} - {table.folder for table in tables}:  # of a join that was another one
            shutil.rmtree(folder, ignore_errors=True)
        yield tables


def value_columns(join: AnyJoin, problem: Problem) -> list[Column]:
    """Return what is read of a table beside key and time; missing values are allowed there."""
    if isinstance(join, Join):
        named = {column.name: column for column in problem.stored}
        return [replace(named[name], optional=True) for name in join.columns]
    names = dict.fromkeys(of for how, of in join.columns.values() if how != "count")
    return [Column(name, "number", "", 0.0, optional=True) for name in names]


def _collect(place: Path | str, join: AnyJoin, parent: Path, problem: Problem, kept: KeptRows) -> OtherTable:
    reader = f"{show(place)} {type(join).__name__} {join.model_dump_json()} {problem.fingerprint}"
    folder = parent / hashlib.sha256(f"{reader} {kept.forgotten.fingerprint}".encode()).hexdigest()[:24]
    deliveries: list[Delivery] = []
    new = 0
    for file in find_files(place):
        name = name_place(place, file, join.source.table, {delivery.name for delivery in deliveries})
        digest = digest_file(file) if isinstance(file, Path) else ""
        stem = hashlib.sha256(f"{name} {digest}".encode()).hexdigest()[:24]
        before = read_delivery(folder / f"{stem}.parquet")
        facts: dict[str, Any] = {"name": name, "fingerprint": digest, "cursor": None, "left_out": 0}
        facts["is_ordered"] = False
        rows = _read(file, join, problem, kept, facts)
        found = before if before and digest else keep_delivery(folder, stem, rows, _schema(join, problem), facts)
        new += before is None or before.fingerprint != found.fingerprint
        deliveries.append(found)
    drop_others(folder, [delivery.file for delivery in deliveries])
    return OtherTable(join, folder, tuple(deliveries), new)


def _schema(join: AnyJoin, problem: Problem) -> pa.Schema:
    types = {ON: pa.string(), KNOWN: pa.int64(), SOURCE: pa.string(), ROW: pa.int64()}
    values = {f"{VALUE}{place}": TYPES[c.kind] for place, c in enumerate(value_columns(join, problem))}
    return pa.schema(types | values)


def _read(
    place: Path | str, join: AnyJoin, problem: Problem, kept: KeptRows, facts: dict[str, Any]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table without those of somebody who was forgotten, which are counted in `facts`."""
    source, columns, rows = join.source, value_columns(join, problem), 0
    needed = {source.key, source.time, *(source.column(column.name).name for column in columns)} - {""}
    for chunk, share in read_rows(place, source):
        if missing := [f"column {name} is missing" for name in sorted(needed - {*chunk.schema.names})]:
            next_step = "JOINS in problem/sources.py has to name the columns of the table"
            raise UserError(f"{show(place)}: {'; '.join(missing)}; {next_step}")
        with file_errors(place, f"make {source.key} a column of text"):
            keys = mark_missing(to_text(chunk[source.key]), Column(source.key, "category", "", "")).cast(pa.string())
        found = {ON: keys, KNOWN: pa.nulls(len(keys), pa.int64())}
        if source.time:
            found[KNOWN] = read_moments(chunk[source.time])
            if found[KNOWN].null_count:
                row = pc.indices_nonzero(pc.is_null(found[KNOWN]))[0].as_py()
                cell = shorten(chunk[source.time][row].as_py())
                raise UserError(f"{show(place)}: row {rows + row + 1}: {source.time} is {cell}, expected {TIMES}")
        found |= {SOURCE: pa.repeat(facts["name"], len(keys)), ROW: pa.array(range(rows, rows + len(keys)))}
        converted = convert(chunk, columns, source)
        for number, column in enumerate(columns):
            found[f"{VALUE}{number}"], faults = read_column(converted, column)
            if wrong := [fault for fault in faults if fault.contradicts]:
                next_step = "correct the table, or widen contract.py"
                raise UserError(f"{show(place)}: row {rows + wrong[0].row + 1}: {wrong[0].reason}; {next_step}")
        rows += len(keys)
        kept.report(facts["name"], share)
        batch = pa.RecordBatch.from_pydict(found, _schema(join, problem))
        of_nobody = pa.nulls(len(keys), pa.string())
        who = {SUBJECT: keys if join.on == "subject" else of_nobody, KEY: keys if join.on == "key" else of_nobody}
        left_out = find_forgotten(pa.table(who), kept.forgotten, keyed=not problem.source.number_rows)
        facts["left_out"] += left_out.true_count
        yield batch.filter(pc.invert(left_out)) if left_out.true_count else batch
