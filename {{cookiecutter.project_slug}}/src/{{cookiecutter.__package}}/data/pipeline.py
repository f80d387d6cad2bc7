"""The data wheel in one run: from sources to a published training table."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.lake import Lake
from . import collect, curate, statistics, transform, validate


def build_tables(
    lake: Lake, place: Path | str, decisions: Iterable[Mapping[str, Any]], problem: Problem, plan: Plan
) -> curate.Counts:
    """Publish `training`, `quarantine` and `baseline` from a table, given by path or URL, and the ledger's reactions.

    Raises UserError: something is wrong with a source; the lake keeps the tables it had.
    """
    batches = [*collect.read_file(place, problem), collect.read_reactions(decisions, problem)]
    curated = lake.stage(curate.curate(lake.stage(pa.Table.from_batches(batches))))
    counts = curate.check_share(curated, plan.data.max_quarantined_share)
    usable, quarantine = curate.split_usable(curated)
    validate.validate(usable, collect.kept_columns(problem))
    folds = transform.add_folds(usable, plan.data.folds, group=plan.data.group, time=plan.data.time)
    training = lake.stage(folds)
    baseline = statistics.baseline(training, problem.stored)
    lake.publish({"training": training, "quarantine": quarantine, "baseline": baseline})
    return counts
