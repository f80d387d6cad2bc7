"""The data wheel in one run: from sources to a published training table."""

import contextlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ..core.plan import Plan
from ..core.problem import Problem
from ..core.source import Source
from ..stores.deliveries import Delivery
from ..stores.lake import ORIGIN, ROW, SOURCE, SUBJECT, Lake
from . import agreement, attention, collect, curate, leakage, statistics, transform, validate
from .incremental import Report, collect_sources
from .labels import weigh_labels
from .recorded import read_decisions

FAR = 2**32  # more than a delivery has rows
DELIVERIES = {"name": "string", "fingerprint": "string", "rows": "int64"}
LABELS = {"origin": "string", "rows": "int64", "weight": "float64", "reason": "string"}


def build_tables(  # noqa: PLR0913  # tests of owners call it with the first five
    lake: Lake,
    place: Path | str,
    decisions: Iterable[Mapping[str, Any]],
    problem: Problem,
    plan: Plan,
    more: Sequence[tuple[Path | str, Source]] = (),
    *,
    folder: Path | None = None,
    report: Report = lambda *_: None,
) -> curate.Counts:
    """Publish all tables from labelled rows in files, folders or databases, and the ledger's labelled decisions.

    These are `training`, `quarantine`, `baseline`, `labels` with the number of rows of each origin, and `deliveries`.
    `more`: sources beside `place`, each with how it is read. What was read is kept in `folder`, so that the next run
    reads only what is new; without one, everything is read.

    Raises UserError: something is wrong with a source; the lake keeps the tables it had.
    """
    decisions = agreement.leave_out(decisions, plan.labelling.left_out)
    recorded = read_decisions(decisions, problem, plan.labels.order)
    with contextlib.ExitStack() as stack:
        kept = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        collected = collect_sources([(place, problem.source), *more], problem, kept, report)
        rows = _join_rows(lake, kept, collected.deliveries, recorded)
        curated = lake.stage(curate.curate(lake, rows))
    counts = curate.check_share(curated, plan.data.max_quarantined_share)
    read = sum(delivery.rows for delivery in collected.deliveries) + recorded.num_rows
    counts = replace(counts, duplicates=read - counts.read, deliveries=len(collected.deliveries), new=collected.new)
    usable, quarantine = curate.split_usable(curated)
    validate.validate(usable, collect.kept_columns(problem))
    disagreement = agreement.explain_disagreement(decisions, problem.target, plan)
    reference = [row | {"labels": {}} for row in decisions] if disagreement else decisions
    reviews = attention.count_reviews(reference, plan.labels, problem.target.categories)
    inattention = attention.explain_inattention(reviews, plan.labels, problem.target.categories)
    weighed = weigh_labels(_count_origins(usable), plan.labels, inattention, disagreement)
    weighted = transform.add_weights(usable, {row["origin"]: row["weight"] for row in weighed})
    folds = transform.add_folds(weighted, plan.data.folds, group=plan.data.group, time=plan.data.time)
    training = lake.stage(folds)
    leakage.check_leaks(training, problem, plan)
    leakage.check_folds(training, plan.data.group or SUBJECT)
    baseline = statistics.baseline(training, problem.stored)
    tables = {"training": training, "quarantine": quarantine, "baseline": baseline}
    tables["labels"] = ibis.memtable(weighed, schema=ibis.schema(LABELS))
    tables["deliveries"] = _list_deliveries(collected.deliveries)
    lake.publish(tables)
    return counts


def _join_rows(lake: Lake, folder: Path, deliveries: Sequence[Delivery], recorded: pa.RecordBatch) -> ir.Table:
    """Return the rows of deliveries and of decisions, with what decides which row of a key is the latest."""
    places = [
        {SOURCE: delivery.name, "_place": place * FAR, "_is_ordered": delivery.is_ordered}
        for place, delivery in enumerate(deliveries)
    ]
    schema = ibis.schema({SOURCE: "string", "_place": "int64", "_is_ordered": "boolean"})
    rows = lake.read_parquet(folder).join(ibis.memtable(places, schema=schema), SOURCE)
    order = rows["_place"] + ibis.ifelse(rows["_is_ordered"], rows[ROW], 0)
    rows = rows.mutate(**{curate.ORDER: order}).drop("_place", "_is_ordered")
    return rows.union(lake.stage(pa.Table.from_batches([recorded])).mutate(**{curate.ORDER: ibis.literal(0, "int64")}))


def _list_deliveries(deliveries: Sequence[Delivery]) -> ir.Table:
    rows = [{name: getattr(delivery, name) for name in DELIVERIES} for delivery in deliveries]
    return ibis.memtable(rows, schema=ibis.schema(DELIVERIES))


def _count_origins(usable: ir.Table) -> dict[str, int]:
    counted = usable.group_by(ORIGIN).aggregate(rows=usable.count()).to_pyarrow().to_pylist()
    return {row[ORIGIN]: row["rows"] for row in counted}
