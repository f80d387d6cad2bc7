"""Read Parquet, JSON and Excel. Parquet keeps its types; cells of the others become text, as those of a CSV file."""

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from ..core.checks import shorten
from ..core.errors import UserError, in_one_line
from ..core.source import PLAIN, Source
from .cells import is_total, make_chunk, name_columns, write_cell
from .csv_reader import Reject

PARQUET_ROWS = 65_536  # in a chunk
TEXT_ROWS = 10_000  # in a chunk
Chunks = Iterator[tuple[pa.RecordBatch, float]]  # and which share of the table has been read with each
EXPECTED = "give one object a line, or a list of objects"
BY_NAME = "`init --sheet`, or table=... in problem/sources.py"


def read_parquet(path: Path, _source: Source = PLAIN, _reject: Reject | None = None) -> Chunks:
    """Yield every chunk of rows, and which share of the file has been read with it."""
    with pyarrow.parquet.ParquetFile(path) as file:
        done = 0
        for chunk in file.iter_batches(batch_size=PARQUET_ROWS):
            done += chunk.num_rows
            names = name_columns(chunk.schema.names)
            fields = [field.with_type(column.type) for field, column in zip(names, chunk.columns, strict=True)]
            yield pa.RecordBatch.from_arrays(chunk.columns, schema=pa.schema(fields)), done / file.metadata.num_rows


def read_json(path: Path, source: Source = PLAIN, reject: Reject | None = None) -> Chunks:
    """Yield the objects of a file, one a line or all in one list; a key that an object lacks is a missing value.

    Raises UserError: the file is not text, or ends within a line; an item of the list is no object; or a line is
    none, and `reject` is not given or no line is an object.
    """
    # objects may leave out what is missing, so that the last one may bring a new column: the file is read twice
    names: dict[str, None] = {}
    total, faults = 0, []
    for record in _read_objects(path, lambda *fault: faults.append(fault)):
        names.update(dict.fromkeys(record))
        total += 1
    for line, reason in faults:
        if not reject or not total:
            raise UserError(f"{path}: line {line}: {reason}; {EXPECTED}")
        reject(line, reason)
    records = _read_objects(path, lambda *_: None)
    rows = ([write_cell(record.get(name), source.decimal) for name in names] for record in records)
    yield from share_read(rows, name_columns([*names]), total)


def read_workbook(path: Path, source: Source = PLAIN, _reject: Reject | None = None) -> Chunks:
    """Yield the rows of a sheet: the one that the source names, or the first one. Empty rows are no rows."""
    from openpyxl import load_workbook  # noqa: PLC0415  # only workbooks need it

    with (
        in_one_line(str(path), "is it whole? Save it again as a workbook (.xlsx), or as CSV"),
        contextlib.closing(load_workbook(path, read_only=True, data_only=True)) as book,
    ):
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        name = source.table or next(iter(sheets), "")
        if name not in sheets:
            raise UserError(f"{path}: no sheet {name!r}; name one by {BY_NAME}: {', '.join(sheets)}")
        total = sheets[name].max_row or 1
        sheets[name].reset_dimensions()  # some programs write a wrong size, beyond which no cell would be read
        rows = _read_sheet(path, sheets[name].iter_rows(values_only=True), source)
        header, first = next(rows, []), next(rows, None)
        if first is None and len(sheets) > 1:
            others = ", ".join(title for title in sheets if title != name)
            raise UserError(f"{path}: sheet {name!r} has no rows; name another by {BY_NAME}: {others}")
        rows = itertools.chain([first] if first else [], rows)
        yield from share_read(rows, name_columns(header), total)


def share_read(
    rows: Iterable[Sequence[str | None]], schema: pa.Schema, total: int
) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield rows of texts in chunks, with the share of `total` rows that has been read."""
    remaining, done = iter(rows), 0
    while part := list(itertools.islice(remaining, TEXT_ROWS)):
        done += len(part)
        yield make_chunk(part, schema), min(done / max(total, 1), 1.0)


def _read_objects(path: Path, reject: Reject) -> Iterator[dict[str, Any]]:
    place = "line 1"
    with path.open(encoding="utf-8-sig") as file:
        try:
            is_list = file.read(1000).lstrip().startswith("[")
            file.seek(0)
            if is_list:
                place = "the list"
                for row, record in enumerate(json.load(file, object_pairs_hook=_check_keys), start=1):
                    place = f"row {row}"
                    yield _check_record(record)
                return
            for number, line in enumerate(file, start=1):
                place = f"line {number}"
                if line.strip() and (record := _read_line(line, number, reject)) is not None:
                    yield record
                place = f"line {number + 1}"
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: {place}: {_explain(error)}; {EXPECTED}") from None


def _read_line(line: str, number: int, reject: Reject) -> dict[str, Any] | None:
    """Return the object of a line, or None if it is none. Raises ValueError: and the file ends within the line."""
    try:
        record = _check_record(json.loads(line, object_pairs_hook=_check_keys))
        if "\\u" in line:
            json.dumps(record, ensure_ascii=False).encode()  # an error if half of a surrogate pair is escaped
    except (ValueError, RecursionError) as error:
        if not line.endswith("\n"):
            raise ValueError(f"{_explain(error)}, and the file ends here: is it whole?") from None
        reject(number, _explain(error))
        return None
    return record


def _explain(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.pos + 1})"
    if isinstance(error, RecursionError):
        return "lists or objects within more than a thousand others"
    return "not text in UTF-8" if isinstance(error, UnicodeError) else str(error)


def _check_record(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ValueError(f"{shorten(record)}, expected an object with a value for each column")  # noqa: TRY004
    return record


def _check_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice in one object")
    return found


def _read_sheet(path: Path, rows: Iterator[tuple[Any, ...]], source: Source) -> Iterator[list[str | None]]:
    """Yield the header of a sheet and its rows, as texts; every row is as wide as the header."""
    width, row = 0, 0
    for cells in itertools.islice(rows, source.skip_lines, None):
        texts = [write_cell(cell, source.decimal) for cell in cells]
        while texts and texts[-1] is None:
            texts.pop()
        is_comment = bool(source.comment and texts and (texts[0] or "").startswith(source.comment))
        if not texts or is_comment or is_total(texts, source):
            continue
        if not width:
            width = len(texts)
            yield texts if source.header else [f"column {place}" for place in range(1, width + 1)]
            if source.header:
                continue
        row += 1
        if len(texts) > width:
            fault = f"{len(texts)} cells, expected {width} as in the first row of the sheet"
            raise UserError(f"{path}: row {row}: {fault}; delete what is above the header, or beside the table")
        yield texts + [None] * (width - len(texts))
