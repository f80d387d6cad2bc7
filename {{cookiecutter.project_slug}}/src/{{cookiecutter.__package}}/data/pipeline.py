"""The data wheel in one run: from sources to a published training table."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.lake import ORIGIN, Lake
from . import attention, collect, curate, drift, history, statistics, transform, validate
from .labels import weigh_labels

LABELS = {"origin": "string", "rows": "int64", "weight": "float64", "reason": "string"}


def build_tables(
    lake: Lake, place: Path | str, decisions: Iterable[Mapping[str, Any]], problem: Problem, plan: Plan
) -> curate.Counts:
    """Publish all tables from one of labelled rows, given by path or URL, and the ledger's labelled decisions.

    These are `training`, `quarantine`, `baseline`, `labels` (the number of rows of each origin), and `statistics`.

    Raises UserError: something is wrong with a source, or it has changed; the lake keeps the tables it had.
    """
    decisions = list(decisions)
    batches = [*collect.read_file(place, problem), collect.read_decisions(decisions, problem, plan.labels.order)]
    curated = lake.stage(curate.curate(lake.stage(pa.Table.from_batches(batches))))
    counts = curate.check_share(curated, plan.data.max_quarantined_share)
    usable, quarantine = curate.split_usable(curated)
    validate.validate(usable, collect.kept_columns(problem))
    reviews = attention.count_reviews(decisions, plan.labels, problem.target.categories)
    inattention = attention.explain_inattention(reviews, plan.labels, problem.target.categories)
    weighed = weigh_labels(_count_origins(usable), plan.labels, inattention)
    weighted = transform.add_weights(usable, {row["origin"]: row["weight"] for row in weighed})
    folds = transform.add_folds(weighted, plan.data.folds, group=plan.data.group, time=plan.data.time)
    training = lake.stage(folds)
    baseline = statistics.baseline(training, problem.stored)
    labels = ibis.memtable(weighed, schema=ibis.schema(LABELS))
    runs = history.add_run(lake, training, problem, plan, now := datetime.now(UTC))
    comparison = drift.compare_runs(history.read_series(runs), plan.drift, now)
    tables = {"training": training, "quarantine": quarantine, "baseline": baseline, "labels": labels}
    lake.publish({**tables, history.TABLE: ibis.memtable(runs)})
    return replace(counts, comparison=comparison)


def _count_origins(usable: ir.Table) -> dict[str, int]:
    counted = usable.group_by(ORIGIN).aggregate(rows=usable.count()).to_pyarrow().to_pylist()
    return {row[ORIGIN]: row["rows"] for row in counted}
