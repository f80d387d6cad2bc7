"""Leave out rows and decisions about somebody who was forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..stores.forgotten import Forgotten
from ..stores.lake import find_forgotten


def leave_out(
    rows: Iterable[pa.RecordBatch], decisions: Sequence[Mapping[str, Any]], forgotten: Forgotten, *, keyed: bool
) -> tuple[list[pa.RecordBatch], list[Mapping[str, Any]], int]:
    """Return the rows of a source and the decisions that stay, and how many of both do not.

    `keyed`: the keys of rows are those of cases, and not numbers of rows.
    """
    batches, kept = [], [each for each in decisions if not forgotten.has_decision(each)]
    number = len(decisions) - len(kept)
    for batch in rows:
        found = find_forgotten(batch, forgotten, keyed=keyed)
        batches.append(batch.filter(pc.invert(found)))
        number += found.true_count
    return batches, kept, number
