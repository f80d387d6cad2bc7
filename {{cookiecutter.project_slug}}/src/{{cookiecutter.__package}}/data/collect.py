"""Collect: bring every source to one table of typed columns, each row with its origin and what is wrong with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..core.checks import shorten
from ..core.errors import UserError
from ..core.problem import Problem
from ..core.schema import Column
from ..core.source import Source
from ..stores.cells import repeated_names
from ..stores.columns import TYPES, mark_missing, read_column
from ..stores.convert import convert, to_text
from ..stores.deliveries import find_files, read_ahead
from ..stores.dialect import describe_dialect
from ..stores.files import choose_source, file_errors, read_rows, show
from ..stores.lake import KEY, ORIGIN, ROW, SOURCE, SUBJECT, TIME
from ..stores.moments import TIMES, read_moments
from .labels import FILE

# why a row cannot be used; like the other columns of ours, none of a contract begins with _
REASON = "_reason"
MOMENT = "_moment"  # at which a row was decided on, where there are joins: see `read_moments`
SHOWN = 3  # faults in an error


@dataclass(frozen=True, slots=True)
class Table:
    """A file or a table of a database, and how it is read: as the source of its problem declares.

    `name` is how it is recorded. Without a key column, rows have their numbers for keys, behind the name of the table
    unless it is the only one. Of a table with a `cursor`, the rows after `after` and up to `until` are read.
    """

    place: Path | str
    problem: Problem
    name: str = ""
    is_only: bool = True
    after: str | None = None
    until: str | None = None


def read_file(place: Path | str, problem: Problem) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, of every file in a folder, or of a table of a database, as `read_table` does."""
    files = find_files(place)
    for file in files:
        yield from read_table(Table(file, problem, show(file), is_only=file == place))


def read_table(table: Table, report: Callable[[float], None] = lambda _: None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table, each with the reason why it cannot be used, or null; `report` gets the share read.

    Lines of a text file that are no rows have their place for a key.

    Raises UserError: a column is missing, unknown or there twice; or a value is not of its column's type or an
    unknown category: the table and the contract disagree, and a person has to decide which is right.
    """
    place, problem = table.place, table.problem
    source = choose_source(place, problem.source, (*problem.columns, problem.target))
    rejected: list[tuple[int, str]] = []
    rows = 0
    bounds = (table.after, table.until) if table.until is not None else None
    chunks = read_rows(place, source, reject=lambda *line: rejected.append(line), bounds=bounds)
    for chunk, share in read_ahead(chunks):
        if not rows:
            _check_names(place, chunk.schema, problem, source)
        yield _read_chunk(table, chunk, rows, source)
        rows += chunk.num_rows
        report(share)
    if rejected:
        yield _list_rejected(table, rejected)


def row_schema(problem: Problem) -> pa.Schema:
    """Return the columns of a row: what identifies it, where it comes from, its values, and what is wrong with it."""
    types = {name: pa.string() for name in (KEY, SUBJECT, ORIGIN, TIME)}
    types |= {MOMENT: pa.int64()} if problem.joins else {}
    types |= {column.name: TYPES[column.kind] for column in kept_columns(problem)}
    return pa.schema(types | {SOURCE: pa.string(), ROW: pa.int64(), REASON: pa.string()})


def kept_columns(problem: Problem) -> tuple[Column, ...]:
    """Return the columns of the training table: all but the personal ones, and the label."""
    return (*problem.stored, problem.target)


def _read_chunk(table: Table, chunk: pa.RecordBatch, rows: int, source: Source) -> pa.RecordBatch:
    """Return the rows of a chunk, before which `rows` others were read."""
    place, problem = table.place, table.problem
    keys = _read_keys(table, chunk, rows, source)
    subjects = _read_texts(place, chunk, source.subject) if source.subject else pa.nulls(len(keys), pa.string())
    own = [column for column in kept_columns(problem) if column.name not in problem.joined]
    converted = convert(chunk, own, source)
    columns = {KEY: keys, SUBJECT: subjects, ORIGIN: pa.repeat(FILE, len(keys)), TIME: pa.nulls(len(keys), pa.string())}
    reasons: dict[int, str] = {}  # of the few rows that have some
    if problem.joins:
        columns[MOMENT] = read_moments(chunk[source.time]) if source.time else pa.nulls(len(keys), pa.int64())
        for row in pc.indices_nonzero(pc.is_null(columns[MOMENT])).to_pylist() if source.time else []:
            reasons[row] = f"{source.time} is {shorten(chunk[source.time][row].as_py())}, expected {TIMES}"
    contradictions: list[tuple[int, str]] = []
    for column in kept_columns(problem):
        columns[column.name], faults = read_column(converted, column)
        for fault in faults:
            reasons[fault.row] = f"{reasons[fault.row]}; {fault.reason}" if fault.row in reasons else fault.reason
        contradictions += [(fault.row, fault.reason) for fault in faults if fault.contradicts]
    if contradictions:
        shown = "; ".join(f"row {rows + row + 1} ({keys[row]}): {reason}" for row, reason in contradictions[:SHOWN])
        more = "; and more" if len(contradictions) > SHOWN else ""
        raise UserError(f"{show(place)}: {shown}{more}; correct the source, or widen contract.py")
    columns[SOURCE] = pa.repeat(table.name, len(keys))
    columns[ROW] = pa.array(np.arange(rows + 1, rows + len(keys) + 1))
    found: list[str | None] = [None] * len(keys)
    for row, reason in reasons.items():
        found[row] = reason
    columns[REASON] = pa.array(found, pa.string())
    return pa.RecordBatch.from_pydict(columns, row_schema(problem))


def _list_rejected(table: Table, rejected: Sequence[tuple[int, str]]) -> pa.RecordBatch:
    """Return the lines of a file that are no rows."""
    rows = [
        {KEY: f"{table.name}:{line}", ORIGIN: FILE, SOURCE: table.name, ROW: line, REASON: f"line {line}: {reason}"}
        for line, reason in rejected
    ]
    return pa.RecordBatch.from_pylist(rows, row_schema(table.problem))


def _read_keys(table: Table, chunk: pa.RecordBatch, rows: int, source: Source) -> pa.Array:
    """Return what identifies each row: the key column, or the number of the row in the table."""
    if _has_no_key(chunk.schema, table.problem, source):
        if isinstance(table.place, str):
            fault = "rows of a database have no order; give `key` in problem/sources.py"
            raise UserError(f"{show(table.place)}: {fault}")
        before = "" if table.is_only else f"{table.name} "
        return pa.array([f"{before}{row}" for row in range(rows + 1, rows + chunk.num_rows + 1)], pa.string())
    return _read_texts(table.place, chunk, source.key or table.problem.key)


def _read_texts(place: Path | str, chunk: pa.RecordBatch, name: str) -> pa.Array:
    """Return a column as texts without the spaces around them, with null for an empty one."""
    with file_errors(place, f"make {name} a column of text"):
        cells = to_text(chunk[name]) if pa.types.is_nested(chunk[name].type) else chunk[name]
        texts = pc.utf8_trim_whitespace(mark_missing(cells, Column(name, "text", "", "")).cast(pa.string()))
        return pc.if_else(pc.equal(texts, ""), None, texts)


def _has_no_key(schema: pa.Schema, problem: Problem, source: Source) -> bool:
    return source.number_rows and (problem.key not in schema.names or problem.key in source.ignored)


def _check_names(place: Path | str, schema: pa.Schema, problem: Problem, source: Source) -> None:
    """Raise UserError unless the table has every column of the contract, and no other one that is not ignored."""
    key = [] if _has_no_key(schema, problem, source) else [source.key or problem.key]
    key += [source.subject] if source.subject else []
    allowed = {*source.ignored, source.cursor, source.time}
    key += [source.time] if source.time and problem.joins else []
    own = [column for column in (*problem.columns, problem.target) if column.name not in problem.joined]
    wanted = dict.fromkeys([*key, *(source.column(column.name).name for column in own)])
    twice = repeated_names(schema, source)
    faults = []
    if not source.time and any(join.source.time for _, join in problem.joins):
        faults.append("no column says when a row was decided on: give its name by time=... in problem/sources.py")
    faults += [f"column {name} is missing" for name in wanted if name not in schema.names]
    faults += [f"column {name} is there twice" for name in dict.fromkeys(twice.values())]
    unknown = [name for name in schema.names if name not in {*wanted, *allowed, *twice}]
    faults += [f"column {name} comes from JOINS: add it to `ignored`" for name in unknown if name in problem.joined]
    unknown = [name for name in unknown if name not in problem.joined]
    faults += [f"column {name} is not in contract.py" for name in unknown]
    if faults:
        seems = describe_dialect(place, source) if isinstance(place, Path) else ""
        next_step = "contract.py and problem/sources.py have to name the columns of the table"
        raise UserError(f"{show(place)}: {'; '.join(faults)}; {seems or next_step}")
