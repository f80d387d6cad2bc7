"""Sheets for labellers: a table with the features of each case, an empty column for the label, and one for a note."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.checks import shorten
from ..core.errors import UserError
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.cells import write_cell
from ..stores.columns import read_column
from ..stores.convert import to_text
from ..stores.files import WRITERS, file_errors, open_writer, read_rows, suffix
from ..stores.labelling import MAX_NOTE

OWN = " "  # after the name of a column that is no contract's, so that a contract may have `id` and `note` as well
ID, NOTE = f"id{OWN}", f"note{OWN}"
SHOWN = 20  # faults in an error
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a text that begins so would be run by a spreadsheet
Rows = list[dict[str, Any]]


def name_sheets(file: Path, labellers: Sequence[str]) -> dict[str, Path]:
    """Return the sheet of each labeller: the file, or of several labellers one with the name in it.

    Raises UserError: a sheet cannot be written there, or it is there already and may have labels.
    """
    kind = suffix(file, WRITERS)
    names = {who: file.with_name(f"{file.name[: -len(kind)]}.{who}{kind}") for who in labellers}
    names = names if len(labellers) > 1 else dict.fromkeys(labellers, file)
    for path in names.values():
        if path.exists():
            raise UserError(f"{path}: is there already, and may have labels; choose another file")
    if not file.parent.is_dir():
        raise UserError(f"{file}: there is no folder {file.parent}; make it first")
    return names


def shown_columns(problem: Problem, *, show_protected: bool) -> list[Column]:
    """Return the columns that labellers see. Protected ones could bias labels, and no model sees them either."""
    return [column for column in problem.stored if show_protected or not column.protected]


def write_sheet(path: Path, cases: Mapping[str, Mapping[str, Any]], columns: Sequence[Column], label: Column) -> None:
    """Write features by the id of their task, whole or not at all. Raises UserError: it cannot be written."""
    cells: dict[str, list[str | None]] = {ID.strip(): [*cases]}
    for column in columns:
        cells[_header(column.description, column)] = [_write(row.get(column.name)) for row in cases.values()]
    asked = _header(f"{label.description}: {label.expected}", label)
    cells |= dict.fromkeys((asked, NOTE.strip()), [None] * len(cases))
    chunk = pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in cells.items()})
    part = path.with_name(f".{path.name}.part")
    with file_errors(path, "choose another place; nothing was recorded"):
        try:
            with open_writer(part, suffix(path), chunk.schema) as writer:
                writer.write_batch(chunk)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def read_sheet(
    path: Path, labeller: str, tasks: Mapping[str, Mapping[str, Any]], problem: Problem
) -> tuple[Rows, Rows, int]:
    """Return new labels, labels that are on record already, and the number of rows without a label.

    `tasks`: all tasks by id, as `read_tasks` returns them. Raises UserError: a column is missing; or rows have faults,
    all of which are named.
    """
    faults: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    needed = _needed_columns([task for task in tasks.values() if task["labeller"] == labeller], problem)
    for place, row in enumerate(_read_rows(path, problem, needed), start=1):
        wrong = _find_faults(row, labeller, tasks.get(row["id"]), problem.target.name)
        wrong += [f"id {row['id']} is there twice"] if row["id"] in found else []
        faults += [f"row {place}: {fault}" for fault in wrong]
        found[row["id"]] = row
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise UserError(f"{path}: {'; '.join(faults[:SHOWN])}{more}; correct it; nothing was recorded")
    given = [row for row in found.values() if row["answer"] is not None]
    new = [row for row in given if tasks[row["id"]]["answer"] is None]
    return new, [row for row in given if row not in new], len(found) - len(given)


def _needed_columns(tasks: Iterable[Mapping[str, Any]], problem: Problem) -> list[str]:
    """Return the columns that a sheet must have: with a protected one, or one that was always empty, it may differ."""
    recorded = {name for task in tasks for name, value in task["features"].items() if value is not None}
    return [column.name for column in problem.inputs if column.name in recorded]


def _read_rows(path: Path, problem: Problem, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows that are not empty: id, answer, note, the fault of the answer, and cells of features."""
    target = replace(problem.target, optional=True)
    for chunk, _ in read_rows(path):
        names = [_name(header) for header in chunk.schema.names]
        fault = [f"column {name.strip()} is missing" for name in (ID, NOTE, *needed, target.name) if name not in names]
        fault += [f"column {name.strip()} is there twice" for name in {*names} if names.count(name) > 1]
        if fault:
            raise UserError(f"{path}: {'; '.join(fault)}; fill in the sheet as it was written; nothing was recorded")
        chunk = chunk.rename_columns(names)  # noqa: PLW2901
        with file_errors(path, "make all columns texts"):
            answers, faults = read_column(chunk, target)
            texts = {name: to_text(chunk[name]).to_pylist() for name in names if name != target.name}
        wrong = {fault.row: fault.reason for fault in faults}
        for place, answer in enumerate(answers.to_pylist()):
            cells = {name: (values[place] or "").strip() for name, values in texts.items()}
            if answer is not None or place in wrong or any(cells.values()):
                features = {column.name: cells[column.name] for column in problem.stored if column.name in cells}
                row = {"id": cells[ID], "answer": answer, "note": cells[NOTE]}
                yield row | {"fault": wrong.get(place), "features": features}


def _find_faults(row: Mapping[str, Any], labeller: str, task: Mapping[str, Any] | None, target: str) -> list[str]:
    if task is None:
        return [f"id is {shorten(row['id'])}, which was given to nobody"]
    if task["labeller"] != labeller:
        return [f"was given to {task['labeller']}, not to {labeller}"]
    other = [name for name, cell in row["features"].items() if not _is_same(cell, task["features"].get(name))]
    faults = [f"{other[0]} is not that of id {row['id']}: are the rows mixed up?"] if other else []
    faults += [row["fault"]] if row["fault"] else []
    faults += [f"note has more than {MAX_NOTE} characters"] if len(row["note"]) > MAX_NOTE else []
    if row["answer"] is not None and task["answer"] not in (None, row["answer"]):
        faults.append(f"{target} is {shorten(row['answer'])}, and {shorten(task['answer'])} is on record")
    return faults


def _is_same(cell: str, value: Any) -> bool:
    """Return whether a cell is a recorded value as it was written, or the same number in another spelling."""
    written = (_write(value) or "").strip()
    if cell == written:
        return True
    try:
        return math.isclose(float(cell), float(written), rel_tol=1e-9)  # spreadsheets keep 15 digits
    except ValueError:
        # a spreadsheet changes the ends of lines, and may take the quote before a formula for its own
        return cell.replace("\r\n", "\n") in (written.replace("\r\n", "\n"), written.removeprefix("'"))


def _header(text: str, column: Column) -> str:
    """Return a header that ends in the name of its column, so that a description may change meanwhile."""
    return f"{' '.join(text.split())} [{column.name}]"


def _name(header: str) -> str:
    """Return the name of a contract's column, or the header of another one."""
    found = re.search(r"\[(\w+)\]$", header.strip())
    return found[1] if found else f"{header.strip()}{OWN}"


def _write(value: Any) -> str | None:
    cell = write_cell(value)
    return f"'{cell}" if isinstance(value, str) and cell and cell.startswith(FORMULA) else cell
