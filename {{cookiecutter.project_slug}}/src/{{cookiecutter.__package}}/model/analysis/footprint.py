"""Footprint: the size of a fitted candidate, and the time to load it and to answer."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from ...core.errors import UserError
from ...core.model_plan import Analysis
from ...core.result import GateResult, fail_if
from ...stores.models import digest_of, dump_model, load_model
from ..evaluate import fit
from .candidate import Candidate

CALLS, BATCH = 100, 1_000
MEGABYTE = 1_000_000


def measure_footprint(candidate: Candidate) -> Iterator[GateResult]:
    """Yield size, time to load, and time for one row of a fitted candidate, against the plan, and for a batch.

    One that cannot be stored has no size and no time to load, and fails.
    """
    plan, rows, objective = candidate.plan, candidate.rows, candidate.problem.objective
    candidate.report("fitting all rows")
    fitted = fit(candidate.model, rows)
    try:
        content = dump_model(fitted)
    except UserError as error:
        yield GateResult("size", "fail", f"size: {error}")
    else:
        yield from _measure_file(content, plan.analysis)
    # as the product calls it: lists, not a DataFrame
    one, many = (
        {str(name): values.tolist() for name, values in rows.features.iloc[:size_of_batch].astype(object).items()}
        for size_of_batch in (1, BATCH)
    )
    row = _time(lambda: objective.predict(fitted, one), CALLS) * 1000
    batch = _time(lambda: objective.predict(fitted, many), 5) * 1000
    limit, given = plan.product.max_model_ms, min(BATCH, len(rows.truth))
    message = f"time: {row:.3g} ms for a row, against a limit of {limit:g}; {batch:.3g} ms for {given:,} rows"
    yield GateResult(
        "time", fail_if(row > limit), message, {"ms": row, "batch_ms": batch, "batch": given, "limit": limit}
    )


def _measure_file(content: bytes, plan: Analysis) -> Iterator[GateResult]:
    size, limit = len(content) / MEGABYTE, plan.max_model_mb
    message = f"size: {size:.3g} MB, against a limit of {limit:g}"
    yield GateResult("size", fail_if(size > limit), message, {"mb": size, "limit": limit})
    digest = digest_of(content)
    seconds, limit = _time(lambda: load_model(content, digest), 3), plan.max_load_seconds
    message = f"load: {seconds:.3g} s, against a limit of {limit:g}"
    yield GateResult("load", fail_if(seconds > limit), message, {"seconds": seconds, "limit": limit})


def _time(call: Callable[[], object], calls: int) -> float:
    """Return the median seconds of some calls."""
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))
