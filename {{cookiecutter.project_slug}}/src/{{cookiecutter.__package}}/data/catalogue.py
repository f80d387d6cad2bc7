"""Catalogue: what tables the lake has, how old they are, and a fingerprint of their rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import OperationNotDefinedError

from ..core.errors import UserError
from ..stores.engines import hex_digit, md5
from ..stores.lake import Lake

TABLES = ("training", "quarantine", "baseline", "labels")  # of a lake whose tables have no times yet
LANE, LANES = 8, 2  # hex digits of a number whose sum over many rows fits 64 bits, and numbers


@dataclass(frozen=True, slots=True)
class Entry:
    """One table. `published_at`: in UTC, or None if an older version made it; `fingerprint`: None without MD5."""

    name: str
    rows: int
    columns: int
    published_at: str | None
    fingerprint: str | None


def list_tables(lake: Lake) -> Iterator[Entry]:
    """Yield every table that was published. Raises UserError: there is none."""
    times = lake.published()
    if not (names := [*times] or [name for name in TABLES if lake.has(name)]):
        raise UserError(f"the lake ({lake.backend.name}) has no tables; run the `data` command first")
    for name in names:
        table = lake.read(name)
        rows, fingerprint = fingerprint_rows(table)
        yield Entry(name, rows, len(table.columns), times.get(name), fingerprint)


def fingerprint_rows(table: ir.Table) -> tuple[int, str | None]:
    """Return the number of rows, and 16 hex digits that change with any cell, and not with the order of the rows.

    The engine sums the MD5 of every row, so that no row leaves it, and a row that is there twice counts twice
    (an incremental multiset hash: Clarke et al., ASIACRYPT 2003). Numbers are compared as the engine writes them. It
    finds changes, and is no protection against forgery.
    """
    cells = [table[name].cast("string") for name in sorted(table.columns)]
    # with its length before it, no text can be taken for two
    texts = [ibis.coalesce(cell.length().cast("string").concat(":", cell), "-") for cell in cells]
    # a table of digests alone: in one query, every digit would compute its digest anew
    hashed = table.select(digest=md5(ibis.array(texts).join("")))
    places = [range(lane * LANE, (lane + 1) * LANE) for lane in range(LANES)]
    digits = [[hex_digit(hashed.digest, p) * 16 ** (p % LANE) for p in lane] for lane in places]
    sums = {f"lane{number}": ibis.coalesce(sum(lane[1:], lane[0]).sum(), 0) for number, lane in enumerate(digits)}
    try:
        [row] = hashed.aggregate(rows=hashed.count(), **sums).to_pyarrow().to_pylist()
    except OperationNotDefinedError:
        return int(table.count().to_pyarrow().as_py()), None
    schema = [f"{name} {kind.copy(nullable=True)}" for name, kind in sorted(table.schema().items())]
    return row["rows"], hashlib.sha256(repr((schema, [*row.values()])).encode()).hexdigest()[:16]
