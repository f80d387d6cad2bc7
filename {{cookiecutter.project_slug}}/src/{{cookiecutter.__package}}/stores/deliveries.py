"""Deliveries: the files of a source, each read once, and kept as a Parquet file with typed columns.

The name of the Parquet file has a digest of the content of the file and of how it is read, so that a file is read
again when one of them changes, and only then. A Parquet file is complete or not there.
"""

import hashlib
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from ..core.errors import UserError
from .files import READERS, check_source, file_errors, show

FACTS = b"delivery"  # key of a file's metadata
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file or a table of a database, as it was read.

    `fingerprint`: SHA-256 of the content, 64 hex digits; of a database, of the rows that were read. `cursor`: the
    newest value of the column that says when a row changed. `is_ordered`: later rows replace earlier ones. `left_out`:
    rows of somebody who was forgotten, which were not kept.
    """

    name: str
    fingerprint: str
    cursor: str | None
    is_ordered: bool
    left_out: int
    rows: int
    file: Path


def find_files(place: Path | str) -> list[Path | str]:
    """Return the tables in a folder or of a pattern, in the order of their names; another place is returned as it is.

    Files whose names begin with a dot or an underscore are left out. Raises UserError: there is none.
    """
    if isinstance(place, str) or place.is_file():
        return [place]
    root, pattern, fault = place, "**/*", "no table in this folder"
    if not place.is_dir():
        if not set("*?[") & set(str(place)):
            return [place]  # reading it says what is wrong
        root, pattern, fault = Path(place.anchor), str(place.relative_to(place.anchor)), "no file has such a name"
    with file_errors(place, "correct the pattern"):
        found = sorted(path for path in root.glob(pattern) if path.is_file() and path.name[0] not in "._")
    if place.is_dir():
        found = [path for path in found if path.name.lower().endswith(tuple(READERS))]
    if not found:
        raise UserError(f"{place}: {fault}; put a table there, as CSV, Parquet or JSON")
    return [*found]


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UserError: it is no table, or cannot be read."""
    check_source(path)
    with file_errors(path, "give the file of a table"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, none of them None, each while a thread makes the next one: Arrow works on several at a time.

    What making an item raises is raised here, in its place.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, iterator, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, iterator, None)
            yield item


def keep_delivery(
    folder: Path, stem: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema, facts: Mapping[str, Any]
) -> Delivery:
    """Write rows to a Parquet file, which appears when it is complete, with facts about them.

    An empty `fingerprint` among the facts is filled with that of the rows. Raises UserError: there is no room.
    """
    target, part = folder / f"{stem}.parquet", folder / f".{stem}.part"
    digest = hashlib.sha256()
    with file_errors(folder, "make room, then try again"):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with pq.ParquetWriter(part, schema, compression="lz4", use_dictionary=False) as writer:
                for batch in read_ahead(batches):
                    writer.write_batch(batch)
                    if not facts["fingerprint"]:
                        digest.update(batch.serialize())
                known = {**facts, "fingerprint": facts["fingerprint"] or digest.hexdigest()}
                writer.add_key_value_metadata({FACTS: json.dumps(known)})
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    found = read_delivery(target)
    assert found is not None  # noqa: S101  # it was written a moment ago
    return found


def read_delivery(file: Path) -> Delivery | None:
    """Return what is known of a Parquet file, or None if it is not there or none of ours."""
    try:
        metadata = pq.read_metadata(file)
        return Delivery(**json.loads(metadata.metadata[FACTS]), rows=metadata.num_rows, file=file)
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
        return None


def read_deliveries(folder: Path, stem: str) -> list[Delivery]:
    """Return those whose Parquet files begin with a stem, in the order of their numbers."""
    found = map(read_delivery, sorted(folder.glob(f"{stem}-*.parquet")))
    return [delivery for delivery in found if delivery]


def drop_others(folder: Path, wanted: Iterable[Path]) -> None:
    """Delete the Parquet files that are not among those wanted, and what interrupted runs left."""
    keep = {path.name for path in wanted}
    for path in [*folder.glob("*.parquet"), *folder.glob(".*.part")]:
        if path.name not in keep:
            path.unlink(missing_ok=True)


def name_place(place: Path | str, file: Path | str, table: str, used: Collection[str]) -> str:
    """Return how a table of a place is called, as no other one is: by its folder, without passwords."""
    if isinstance(file, Path) and isinstance(place, Path):
        base = place if place.is_dir() else file.parent
        name = f"{base.name}/{file.relative_to(base).as_posix()}"
    else:
        name = f"{show(file)} {table}".strip()
    numbered = (f"{name} ({number})" for number in itertools.count(2))
    return name if name not in used else next(other for other in numbered if other not in used)
