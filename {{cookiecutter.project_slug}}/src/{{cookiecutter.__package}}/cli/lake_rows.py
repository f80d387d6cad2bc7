"""Rows about a subject in the lake and in the source of the plan."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..core.join import OF_ROW
from ..core.source import Source
from ..stores.deliveries import find_files
from ..stores.erasure import record_deletion
from ..stores.files import choose_source, find_table, read_rows, show
from ..stores.forgotten import Forgotten
from ..stores.lake import KEY, SUBJECT, TIME, Lake, file_of
from ..stores.lake_erasure import count_rows, find_forgotten, remove_rows
from ..stores.ledger import Ledger
from .composition import Project
from .data import DELIVERIES, find_folder, lock_lake


@dataclass(frozen=True)
class LakeRows:
    """The lake while no other command can write to it, or None if there is none."""

    project: Project
    lake: Lake | None

    def has(self, forgotten: Forgotten) -> bool:
        """Return whether a table has rows about somebody on a list."""
        return self.lake is not None and any(count_rows(self.lake, self._find(forgotten)).values())

    def remove(self, ledger: Ledger, forgotten: Forgotten) -> dict[str, int]:
        """Remove the rows about everybody on a list; return how many of each table, which is recorded as an event.

        The next `data` reads the sources again, without them.
        """
        if folder := find_folder(self.project):
            shutil.rmtree(folder / DELIVERIES, ignore_errors=True)
        return self._remove(ledger, self._find(forgotten), "forget", "a subject was forgotten")

    def remove_expired(self, ledger: Ledger, before: str) -> dict[str, int]:
        """Remove the rows of decisions that were made before a time."""

        def find(rows: pa.Table) -> pa.Array:
            times = rows[TIME].combine_chunks() if TIME in rows.column_names else pa.nulls(rows.num_rows, pa.string())
            return pc.fill_null(pc.less(times, before), False)  # noqa: FBT003  # a value

        return self._remove(ledger, find, "retention", f"decisions before {before}")

    def find_in_sources(self, forgotten: Forgotten) -> dict[str, int]:
        """Return how many rows of each table of the sources are about somebody on a list, where there are some."""
        problem, root, found = self.project.problem, self.project.settings.root, {}
        declared = [(self.project.plan.data.source, problem.source)]
        declared += [(source.place, source) for source in self.project.sources]
        for given, declared_source in declared:
            for place in find_files(find_table(given, root)):
                source = choose_source(place, declared_source, (*problem.columns, problem.target))
                if number := _count_in_table(place, source, problem.key, forgotten):
                    found[show(place)] = number
        for joined, join in problem.joins:
            about = join.source.model_copy(update={"subject": join.source.key})
            for place in find_files(joined) if join.on in OF_ROW else []:
                if number := _count_in_table(place, about, problem.key, forgotten):
                    found[show(place)] = number
        return found

    def _find(self, forgotten: Forgotten) -> Callable[[Any], pa.Array]:
        return partial(find_forgotten, forgotten=forgotten, keyed=not self.project.problem.source.number_rows)

    def _remove(self, ledger: Ledger, find: Callable[[Any], pa.Array], kind: Any, why: str) -> dict[str, int]:
        counts = remove_rows(self.lake, find) if self.lake else {}
        if counts:
            record_deletion(ledger, kind, "lake", counts, why)
        return counts


@contextlib.contextmanager
def open_rows(project: Project) -> Iterator[LakeRows]:
    """Hold the lake, so that `data` does not bring back what is removed.

    Raises UserError: another command is writing it.
    """
    path = file_of(project.settings.lake)
    with lock_lake(project):
        if path is not None and not path.is_file():
            yield LakeRows(project, None)
            return
        with project.lake() as lake:
            yield LakeRows(project, lake)


def _count_in_table(place: Path | str, source: Source, key: str, forgotten: Forgotten) -> int:
    names, rows = {SUBJECT: source.subject, KEY: source.key or key}, 0
    for chunk, _ in read_rows(place, source, reject=lambda *_: None):
        texts = {each: _read(chunk, name) for each, name in names.items()}
        rows += find_forgotten(pa.table(texts), forgotten, keyed=not source.number_rows).true_count
    return rows


def _read(chunk: pa.RecordBatch, name: str) -> pa.Array:
    is_there = bool(name) and name in chunk.schema.names and not pa.types.is_nested(chunk[name].type)
    return chunk[name].cast(pa.string()) if is_there else pa.nulls(chunk.num_rows, pa.string())
