"""The data wheel in one run: from sources to a published training table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from ..core.plan import Plan
from ..core.problem import Problem
from ..core.source import Source
from ..stores.lake import ORIGIN, SUBJECT, Lake
from . import agreement, attention, collect, copies, curate, drift, history, leakage, statistics, transform, validate
from .incremental import FRESH, KeptRows, collect_sources, list_deliveries, with_order
from .join import join_tables
from .labels import weigh_labels
from .other_tables import collect_joined
from .recorded import read_decisions

LABELS = pa.schema({"origin": pa.string(), "rows": pa.int64(), "weight": pa.float64(), "reason": pa.string()})


def build_tables(
    lake: Lake,
    place: Path | str,
    decisions: Iterable[Mapping[str, Any]],
    problem: Problem,
    plan: Plan,
    more: Sequence[tuple[Path | str, Source]] = (),
    kept: KeptRows = FRESH,
) -> curate.Counts:
    """Publish all tables from labelled rows in files, folders or databases, and the ledger's labelled decisions.

    These are `training`, `quarantine`, `baseline`, `labels` (the number of rows of each origin), `deliveries`, and
    `statistics` of all runs. `more`: sources beside `place`, each with how it is read. `kept`: what earlier runs read.

    Raises UserError: something is wrong with a source, or it has changed; the lake keeps the tables it had.
    """
    every = agreement.leave_out(decisions, plan.labelling.left_out)
    known = [each for each in every if not kept.forgotten.has_decision(each)]
    recorded = read_decisions(known, problem, plan.labels.order)
    with (
        collect_sources([(place, problem.source), *more], problem, kept) as collected,
        collect_joined(problem, kept) as joined,
    ):
        rows = collected.read_rows(lake).union(with_order(lake.stage(pa.Table.from_batches([recorded]))))
        curated = lake.stage(curate.curate(lake, join_tables(lake, rows, joined, problem)))
    counts = curate.check_share(curated, plan.data.max_quarantined_share)
    read = sum(delivery.rows for delivery in collected.deliveries) + recorded.num_rows
    left_out = sum(delivery.left_out for delivery in collected.deliveries) + len(every) - len(known)
    counts = replace(counts, duplicates=read - counts.read, forgotten=left_out)
    deliveries = [*collected.deliveries, *(each for table in joined for each in table.deliveries)]
    counts = replace(counts, deliveries=len(collected.deliveries), joined=len(deliveries) - len(collected.deliveries))
    counts = replace(counts, new=collected.new + sum(table.new for table in joined))
    usable, quarantine = curate.split_usable(curated)
    validate.validate(usable, collect.kept_columns(problem))
    disagreement = agreement.explain_disagreement(known, problem.target, plan)
    reference = [row | {"labels": {}} for row in known] if disagreement else known
    reviews = attention.count_reviews(reference, plan.labels, problem.target.categories)
    inattention = attention.explain_inattention(reviews, plan.labels, problem.target.categories)
    weighed = weigh_labels(_count_origins(usable), plan.labels, inattention, disagreement)
    weighted = transform.add_weights(usable, {row["origin"]: row["weight"] for row in weighed})
    folds = transform.add_folds(weighted, plan.data.folds, group=plan.data.group, time=plan.data.time)
    training = lake.stage(folds)
    bins = statistics.find_bins(training, problem.stored)
    counted = leakage.count_answers(training, problem.target, bins)
    leakage.check_leaks(counted, problem, plan, bins)
    leakage.check_folds(training, plan.data.group or SUBJECT)
    of_file = {} if recorded.num_rows else statistics.add_groups(bins, counted)
    runs = history.add_run(lake, training, problem, plan, now := datetime.now(UTC), of_file)
    comparison = drift.compare_runs(history.read_series(runs), plan.drift, now)
    tables = {"training": training, "quarantine": quarantine, "baseline": statistics.baseline(bins, counted)}
    tables["labels"] = pa.Table.from_pylist(weighed, LABELS)
    tables["deliveries"] = list_deliveries(deliveries)
    lake.publish({**tables, history.TABLE: runs})
    return replace(counts, comparison=comparison, copies=copies.count_copies(training, problem, plan))


def _count_origins(usable: ir.Table) -> dict[str, int]:
    counted = usable.group_by(ORIGIN).aggregate(rows=usable.count()).to_pyarrow().to_pylist()
    return {row[ORIGIN]: row["rows"] for row in counted}
