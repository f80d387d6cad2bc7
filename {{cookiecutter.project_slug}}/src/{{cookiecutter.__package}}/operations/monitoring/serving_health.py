"""Health of the product in use: fallbacks, time of the model, silence, age of the model, and memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.special import bdtr

from ...core.plan import Plan
from ...core.result import GateResult, fail_if
from ...stores.decision_columns import Decisions
from ..rollouts.sequential import rate_interval

MEBIBYTE = 2**20
TIMED = 20  # model calls from which a 95 % quantile has an interval
MEMORY, STARTED = "process_resident_memory_bytes", "process_start_time_seconds"


def fallbacks(decisions: Decisions, plan: Plan) -> GateResult:
    """Compare the share of decisions that the rules gave, because the model failed, with the plan."""
    limit, rows = plan.monitor.max_fallback_share, len(decisions)
    if not rows:
        return GateResult("fallbacks", "inconclusive", "fallbacks: no decision")
    count = int(decisions.fallback.sum())
    share, low, high = rate_interval(count, rows, plan.drift.level)
    text = f"fallbacks: {count:,} of {rows:,} decisions, {share:.1%} (at least {low:.1%}), limit {limit:.1%}"
    evidence = {"count": count, "rows": rows, "low": low, "high": high, "limit": limit}
    return GateResult("fallbacks", fail_if(low > limit), text, evidence)


def latency(decisions: Decisions, plan: Plan) -> GateResult:
    """Compare the 95 % quantile of the model's time with the plan, by its interval of order statistics."""
    seconds = np.sort(decisions.seconds[~np.isnan(decisions.seconds)])
    limit = plan.product.max_model_ms
    evidence: dict[str, float] = {"rows": len(seconds)}
    if len(seconds) < TIMED:
        text = f"latency: the time of the model was recorded for {len(seconds)} decisions, {TIMED} are needed"
        return GateResult("latency", "inconclusive", text, evidence)
    # at most k values lie below the quantile with the plan's level: the (k + 1)-th is a lower bound of it
    chances = bdtr(np.arange(len(seconds)), len(seconds), 0.95)
    low = float(seconds[int(np.searchsorted(chances, plan.drift.level))]) * 1000
    p95 = float(np.quantile(seconds, 0.95)) * 1000
    text = f"latency: 95 % of model calls take at most {p95:.3g} ms (at least {low:.3g}), limit {limit:g}"
    evidence |= {"p95_ms": p95, "low_ms": low, "limit_ms": limit}
    return GateResult("latency", fail_if(low > limit), text, evidence)


def silence(first: str, last: str, rows: int, plan: Plan, now: datetime) -> GateResult:
    """Check that decisions still arrive, and that there are enough of them to say anything.

    Too little evidence is no fault of a young product; it is one when it lasts longer than the plan allows.
    """
    limit, gate = plan.monitor.max_silent_hours, "traffic"
    if not last:
        return GateResult(gate, "inconclusive", "traffic: no decision was recorded yet")
    silent, age = (_hours(now, time) for time in (last, first))
    evidence = {"hours": silent, "rows": rows, "limit": limit}
    if silent > limit:
        text = f"traffic: no decision for {silent:,.0f} hours, limit {limit:g}; is the product reachable?"
        return GateResult(gate, "fail", text, evidence)
    if rows < plan.drift.minimum_rows and age > limit:
        text = f"traffic: {rows} decisions in {age:,.0f} hours, {plan.drift.minimum_rows} are needed to watch anything"
        return GateResult(gate, "fail", text, evidence)
    return GateResult(gate, "pass", f"traffic: the latest decision is {max(silent, 0):.1f} hours old", evidence)


def staleness(model: str, trained: str, plan: Plan, now: datetime) -> GateResult:
    """Compare the age of the champion with the plan; `trained` is when it was trained or, if unknown, first used."""
    limit = plan.monitor.max_age_days
    if not trained:
        return GateResult("staleness", "inconclusive", f"staleness: nothing says when {model} was trained")
    days = _hours(now, trained) / 24
    text = f"staleness: {model} is {days:.0f} days old, limit {limit:g}"
    return GateResult("staleness", fail_if(days > limit), text, {"days": days, "limit": limit})


def memory(measured: Mapping[str, float], history: Sequence[Mapping[str, Any]], plan: Plan) -> GateResult:
    """Compare the resident memory of the product with the plan, and with the first window of the same process."""
    now = measured.get(MEMORY)
    if now is None:
        text = "memory: give the running product's --url to measure it"
        return GateResult("memory", "inconclusive", text)
    found = [window["statistics"].get("memory") or {} for window in history]
    same = [each[MEMORY] for each in found if each.get(STARTED) == measured.get(STARTED) and MEMORY in each]
    growth, most = now / same[0] if same else 1.0, plan.monitor.max_memory_growth
    text = f"memory: {now / MEBIBYTE:.0f} MiB, limit {plan.monitor.max_memory_mb:g}"
    text += f"; {growth:.2f} times the first of {len(same)} windows of this process, limit {most:g}" if same else ""
    is_over = now > plan.monitor.max_memory_mb * MEBIBYTE or growth > most
    return GateResult("memory", fail_if(is_over), text, {"bytes": now, "growth": growth})


def read_process(metrics: str) -> dict[str, float]:
    """Return memory and start of the process from metrics as Prometheus reads them; those that are there."""
    lines = (line.split() for line in metrics.splitlines() if line.startswith((MEMORY, STARTED)))
    return {words[0]: float(words[1]) for words in lines if len(words) > 1}


def _hours(now: datetime, time: str) -> float:
    moment = datetime.fromisoformat(time)
    return (now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds() / 3600
