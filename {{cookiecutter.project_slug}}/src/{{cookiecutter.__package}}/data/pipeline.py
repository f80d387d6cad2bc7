"""The data wheel in one turn: from sources to a published training table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import contract
from ..schema import columns
from . import collect, curate, statistics, transform, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..lake import Lake
    from ..plan import Plan

FEATURES = columns(contract.Features)
LABEL = columns(contract.Label)[0]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of the wheel did."""

    usable: int
    quarantined: int
    reactions: int
    early: int  # of those in quarantine, asked before a column was


def turn(lake: Lake, csv: Path, decisions: Iterable[Mapping[str, Any]], plan: Plan) -> Turn:
    """Publish `training`, `quarantine` and `baseline` from a CSV file and the ledger's reactions.

    Raises
    ------
    UserError
        Something is wrong with a source; the lake keeps the tables it had.
    """
    names = [contract.KEY, *(column.name for column in FEATURES), LABEL.name]
    wanted = (*FEATURES, LABEL)
    rows = collect.from_file(lake.csv(csv), names, source=str(csv))
    needed = [column.name for column in FEATURES if not (column.optional or column.personal)]
    reactions = collect.from_reactions(decisions, names, key=contract.KEY, target=LABEL.name, needed=needed)
    collected = rows if reactions is None else rows.union(reactions)

    typed = curate.type_columns(collected, wanted, key=contract.KEY)
    usable, quarantine = curate.split(lake.stage(curate.judge(typed, wanted, key=contract.KEY)))
    good, _ = curate.check_share(usable, quarantine, plan.data.max_quarantined_share)
    curated = validate.validate(usable, wanted, key=contract.KEY)
    training = transform.with_folds(curated, key=contract.KEY, folds=plan.data.folds)
    watched = [column for column in FEATURES if not column.personal]
    lake.publish({"training": training, "quarantine": quarantine, "baseline": statistics.baseline(training, watched)})
    learned, aside, early = (
        int(rows.count().to_pyarrow().as_py())
        for rows in (
            training.filter(training.origin == "reaction"),
            quarantine,
            quarantine.filter(quarantine.origin == collect.EARLY),
        )
    )
    return Turn(usable=good, quarantined=aside, reactions=learned, early=early)
