"""Rows about a subject in the lake and in the source of the plan."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..stores.erasure import record_deletion
from ..stores.files import choose_source, find_table, read_rows, show
from ..stores.forgotten import Forgotten
from ..stores.lake import KEY, SUBJECT, TIME, Lake, file_of, find_forgotten, rewrite_file
from ..stores.ledger import Ledger
from .composition import Project


@dataclass(frozen=True)
class LakeRows:
    """The lake while no other command can write to it, or None if there is none."""

    project: Project
    lake: Lake | None

    def has(self, forgotten: Forgotten) -> bool:
        """Return whether a table has rows about somebody on a list."""
        return self.lake is not None and any(self.lake.count_rows(self._find(forgotten)).values())

    def remove(self, ledger: Ledger, forgotten: Forgotten) -> dict[str, int]:
        """Remove the rows about everybody on a list; return how many of each table, which is recorded as an event."""
        return self._remove(ledger, self._find(forgotten), "forget", "a subject was forgotten")

    def remove_expired(self, ledger: Ledger, before: str) -> dict[str, int]:
        """Remove the rows of decisions that were made before a time."""

        def find(rows: pa.Table) -> pa.Array:
            times = rows[TIME].combine_chunks() if TIME in rows.column_names else pa.nulls(rows.num_rows, pa.string())
            return pc.fill_null(pc.less(times, before), False)  # noqa: FBT003  # a value

        return self._remove(ledger, find, "retention", f"decisions before {before}")

    def find_in_source(self, forgotten: Forgotten) -> tuple[str, int]:
        """Return the source of the plan, and how many of its rows are about somebody on a list."""
        problem = self.project.problem
        place = find_table(self.project.plan.data.source, self.project.settings.root)
        source = choose_source(place, problem.source, (*problem.columns, problem.target))
        names, rows = {SUBJECT: source.subject, KEY: source.key or problem.key}, 0
        for chunk, _ in read_rows(place, source):
            texts = {each: _read(chunk, name) for each, name in names.items()}
            rows += find_forgotten(pa.table(texts), forgotten, keyed=not source.number_rows).true_count
        return show(place), rows

    def _find(self, forgotten: Forgotten) -> Callable[[Any], pa.Array]:
        return partial(find_forgotten, forgotten=forgotten, keyed=not self.project.problem.source.number_rows)

    def _remove(self, ledger: Ledger, find: Callable[[Any], pa.Array], kind: Any, why: str) -> dict[str, int]:
        counts = self.lake.remove_rows(find) if self.lake else {}
        if counts:
            record_deletion(ledger, kind, "lake", counts, why)
        return counts


@contextlib.contextmanager
def open_rows(project: Project) -> Iterator[LakeRows]:
    """Hold the lake, so that `data` does not bring back what is removed; rewrite its file afterwards.

    Raises UserError: another command has the lake open.
    """
    path = file_of(project.settings.lake)
    if path is not None and not path.is_file():
        yield LakeRows(project, None)
        return
    with project.lake() as lake:
        yield LakeRows(project, lake)
    rewrite_file(project.settings.lake)


def _read(chunk: pa.RecordBatch, name: str) -> pa.Array:
    is_there = bool(name) and name in chunk.schema.names and not pa.types.is_nested(chunk[name].type)
    return chunk[name].cast(pa.string()) if is_there else pa.nulls(chunk.num_rows, pa.string())
