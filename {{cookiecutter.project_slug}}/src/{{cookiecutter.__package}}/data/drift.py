"""Drift of the source: whether the file is as it was in earlier runs.

Rows of the file are compared, and not those of decisions: which decisions have a label depends on the model and on
what people review, so that they are a sample of another kind in each run; `monitor` watches all decisions instead.
The training table grows, so that two runs share most of their rows. What is compared are independent samples:

- New rows, whose key the last run did not have, with those of the reference, the first run or the last change that a
  person confirmed. Runs with few new rows are compared together. Both tests of `core/drift.py`, with the population
  stability index as effect.
- Rows that were there before, with the same rows in the last run: what differs is no chance but a change of the source.
  Changes are added up from the reference on, as in a chain index (Fisher, "The Making of Index Numbers", 1922). Rows
  that left the file may be a random part of it; the variance of such a part is allowed for. The tests take both
  samples for independent, which overestimates the variance of a difference of samples that share rows.
- New rows of all runs by CUSUM, because they are disjoint from run to run (`core/cusum.py`).

Half of the plan's level is for single runs, divided by the number of runs for which CUSUM holds (Bonferroni), with
Holm's correction for the columns; the other half is for CUSUM. So all runs together alarm by chance at that level, in
WINDOWS runs. Rows of a subject or group are not independent: they count as many as there are of these, the largest
design effect that there can be (Kish, "Survey Sampling", 1965).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from ..core.cusum import WINDOWS, Deviations, deviations, find_sums
from ..core.drift import Counts, Hypothesis, compare_column
from ..core.errors import UserError
from ..core.operations_plan import Drift
from ..core.reference import Reference
from ..core.significance import adjust_holm
from ..core.words import count_nouns
from .history import Series, show_time

SHOWN = 3  # faults in an error


def compare_runs(series: Sequence[Series], drift: Drift, now: datetime) -> str:
    """Return in one line what was compared with what.

    Raises UserError: the last run differs from its reference by more than the plan allows, and than chance explains.
    """
    compared = [each for each in series if len(each.runs) > 1]
    faults = dict(find_slow_drift(compared, drift)) | dict(find_changes(compared, drift))
    if faults:
        more = f"; and {count_nouns(len(faults) - SHOWN, 'more column')}" if len(faults) > SHOWN else ""
        lines = ", ".join(f'"{name}" = {show_time(now)}' for name in faults)
        message = f"statistics: {'; '.join([*faults.values()][:SHOWN])}{more}; correct the source, or if the world has"
        raise UserError(f"{message} changed add {lines} to data.confirmed in plan.toml")
    started = len(series) - len(compared)
    run = max(each.runs[-1] for each in series)
    if (units := max(int(each.file_units[-1]) for each in series)) < drift.minimum_rows:
        needed = f"{drift.minimum_rows} are needed (drift.minimum_rows)"
        return f"statistics: {count_nouns(units, 'independent row')}, {needed}"
    if not compared:
        return f"statistics: run {run} is the first that later ones are compared with"
    references = " and ".join(str(each) for each in sorted({each.runs[0] for each in compared}))
    line = f"statistics: {count_nouns(len(compared), 'column')} compared with run {references}, none changed"
    return line + (f"; run {run} is the new start of {count_nouns(started, 'column')}" if started else "")


def find_changes(series: Sequence[Series], drift: Drift) -> Iterator[tuple[str, str]]:
    """Yield each column in which new rows differ, or rows have changed, and what differs."""
    found = [pair for each in series for pair in (*_compare_new(each, drift), *_compare_kept(each, drift))]
    adjusted = adjust_holm([hypothesis.comparison.p for hypothesis, _ in found])
    for (hypothesis, rows), p in zip(found, adjusted, strict=True):
        if p < drift.level / 2 / WINDOWS:
            effect = f"effect {hypothesis.comparison.effect:.3g}, limit {drift.limit:g}; adjusted p {p:.1g}"
            yield hypothesis.column, f"{hypothesis.text} ({rows}; {effect})"


def find_slow_drift(series: Sequence[Series], drift: Drift) -> Iterator[tuple[str, str]]:
    """Yield each column of which the new rows of many runs together have moved."""
    last = max((each.runs[-1] for each in series), default=0)
    windows: dict[int, Deviations] = {run: {} for run in range(last - WINDOWS + 1, last + 1)}
    for each in series:
        reference = _make_reference(each, scale(each.new[0], each.new_units[0]))
        for place in range(1, len(each.runs)):
            if each.runs[place] in windows and each.new[place].any():
                counts = {each.column: scale(each.new[place], each.new_units[place])}
                found = deviations(reference, counts, drift)
                windows[each.runs[place]] = {**windows[each.runs[place]], **found}
    sums, limit = find_sums([*windows.values()], drift.level / 2)
    for (column, label), value in sums.items():
        if value > limit:
            count = sum(column in window for window in windows.values())
            text = f"{column}{f' {label}' if label else ''} moved slowly, over {count_nouns(count, 'run')}"
            yield column.removeprefix("missing "), f"{text} (CUSUM {value:.1f}, limit {limit:.1f})"


def scale(counts: Counts, units: int) -> Counts:
    """Return the counts that so many independent rows would have."""
    rows = counts.sum()
    return counts if units >= rows else np.rint(counts * (units / rows)).astype(np.int64)


def _compare_new(series: Series, drift: Drift) -> Iterator[tuple[Hypothesis, str]]:
    """Compare the new rows, together with those of earlier runs if they are few."""
    counts, units, place = np.zeros_like(series.new[0]), 0, len(series.runs)
    while units < drift.minimum_rows and place > 1:
        place -= 1
        counts, units = counts + series.new[place], units + int(series.new_units[place])
    if series.new[-1].any() and units >= drift.minimum_rows:
        reference = _make_reference(series, scale(series.new[0], series.new_units[0]))
        for hypothesis in compare_column(reference, series.column, scale(counts, units), None, drift.limit):
            yield hypothesis, count_nouns(counts.sum(), "new row")


def _compare_kept(series: Series, drift: Drift) -> Iterator[tuple[Hypothesis, str]]:
    """Compare the rows that were there before, if any has changed, as they would be if the file had no other ones."""
    kept, independent = series.file[1:] - series.new[1:], series.file_units / np.maximum(series.file.sum(axis=1), 1)
    change, variance = np.zeros(len(series.bins)), 0.0
    for now, then, share in zip(kept, series.file, independent, strict=False):
        if now.sum() and then.sum():
            change += now / now.sum() - then / then.sum()
            variance += max(1 / now.sum() - 1 / then.sum(), 0) / share
    if kept[-1].any() and np.abs(change).max() > 0:
        units = 1 / max(variance, 1 / (kept[-1].sum() * independent[-1]))
        reference = _make_reference(series, scale(series.file[0], series.file_units[0]))
        shares = np.clip(series.file[0] / series.file[0].sum() + change, 0, None)
        now = np.rint(shares / shares.sum() * units).astype(np.int64)
        for hypothesis in compare_column(reference, series.column, now, None, drift.limit):
            yield hypothesis, f"{count_nouns(kept[-1].sum(), 'row')} there before"


def _make_reference(series: Series, counts: Counts) -> Reference:
    bins, name = {series.column: series.bins}, f"run {series.runs[0]}"
    return Reference(bins, {series.column: counts}, int(counts.sum()), {}, name)
