"""The report of a window: one HTML page with plots that needs nothing from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...core.binning import show_bin
from ...core.cusum import WINDOWS, collect
from ...core.page import STYLE
from ...core.plots import STYLE as STYLE_OF_PLOTS
from ...core.plots import draw_calibration, draw_figure, draw_histogram, draw_intervals, draw_pairs, draw_trend
from ...core.result import GateResult
from ...stores.files import write_text
from .faults import DATA, MODEL, PROGRAM, kind_of
from .monitor import Watched
from .predictions import find_earlier
from .slow_drift import windows_of

OWN_STYLE = """
.strip span { display: inline-block; width: 1.1rem; height: 1.1rem; margin-right: 3px; background: #7fb796 }
.strip .bad { background: #b3261e }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Monitoring: {question}</title><style>{style}</style></head><body>
<h1>{question}</h1>
<p>{rows:,} decisions{span}; the champion is {champion}. Blue is this window, grey what it is compared with; a red line
is a limit.</p>
<p class="{state}">{summary}</p><p><b>{wanted}</b> {reason}.</p>
{strip}
<h2>Faults, and what could not be measured</h2>{problems}
<h2>Columns</h2><table><thead><tr><th>column<th>values<th>over the kept windows<th>watches</tr></thead>
<tbody>{columns}</tbody></table>
<h2>Predictions</h2><div class="plots">{predictions}</div>
<h2>Quality on labels</h2><div class="plots">{quality}</div>
<h2>Program</h2><div class="plots">{program}</div>
<h2>All watches</h2>{watches}
</body></html>
"""
WORDS = {"fail": "FAIL", "inconclusive": "not measured", "pass": "pass"}


def write_report(
    path: Path,
    watched: Watched,
    results: Sequence[GateResult],
    statistics: Mapping[str, Any],
    retraining: Mapping[str, Any],
) -> None:
    """Write the page. Raises UserError: it cannot be written there."""
    write_text("--report", path, render(watched, results, statistics, retraining))


def render(
    watched: Watched, results: Sequence[GateResult], statistics: Mapping[str, Any], retraining: Mapping[str, Any]
) -> str:
    """Return the page."""
    times, plan = watched.decisions.times, watched.plan
    failed = [result for result in results if result.status == "fail"]
    counts = ", ".join(
        f"{sum(kind_of(r.gate) == kind for r in failed)} of the {kind}" for kind in (DATA, MODEL, PROGRAM)
    )
    latency = draw_histogram(_milliseconds(watched), plan.product.max_model_ms, "milliseconds")
    return PAGE.format(
        style=STYLE + STYLE_OF_PLOTS + OWN_STYLE,
        question=escape(plan.product.question),
        rows=len(times),
        span=f" from {times[0][:16]} to {times[-1][:16]} UTC" if times else "",
        champion=escape(watched.champion.label),
        state="fail" if failed else "pass",
        summary=f"Watches that failed: {len(failed)}; {counts}." if failed else "No watch failed.",
        wanted="Retrain:" if retraining["wanted"] else "No retraining is asked for:",
        reason=escape(retraining["reason"]),
        strip=_strip(watched.history),
        problems=_list(result for status in ("fail", "inconclusive") for result in results if result.status == status),
        columns="\n".join(_column(column.name, watched, results, statistics) for column in watched.problem.stored),
        predictions=_predictions(watched, statistics["predictions"]),
        quality=_quality(results) or "<p>Too few labels yet.</p>",
        program=draw_figure(latency, "time of the model") or "<p>The time of the model was not recorded.</p>",
        watches=_list(results),
    )


def _strip(history: Sequence[Mapping[str, Any]]) -> str:
    marks = [
        f'<span class="{"bad" if window["results"].get("violations") else ""}" title="{escape(window["at"])}: '
        f'{escape(", ".join(window["results"].get("violations", [])) or "no violation")}"></span>'
        for window in history[-WINDOWS:]
    ]
    return f'<p class="strip">Kept windows: {"".join(marks)}</p>' if marks else ""


def _list(results: Iterable[GateResult]) -> str:
    rows = [
        f'<tr><td class="{result.status}">{WORDS[result.status]}<td>{kind_of(result.gate)}<td>{escape(result.message)}'
        for result in results
    ]
    return f"<table><tbody>{''.join(rows)}</tbody></table>" if rows else "<p>Nothing.</p>"


def _column(name: str, watched: Watched, results: Sequence[GateResult], statistics: Mapping[str, Any]) -> str:
    reference, now = watched.reference, statistics["counts"].get(name)
    if now is None:
        return ""
    labels = [show_bin(each) for each in reference.bins[name]]
    plot = draw_pairs(labels, now, reference.counts[name].tolist())
    own = [result for result in results if result.evidence.get("column") == name]
    watches = "<br>".join(f'<span class="{result.status}">{escape(result.message)}</span>' for result in own)
    return f"<tr><td>{escape(name)}<td>{plot}<td>{_trend(name, watched, statistics)}<td><small>{watches}</small></tr>"


def _trend(name: str, watched: Watched, statistics: Mapping[str, Any]) -> str:
    """Return the deviation of each window: of the location of a number, or of the share that moved most."""
    windows = [*windows_of(watched.champion.label, watched.history), statistics["deviations"]]
    series = [(key, label) for key in (name, f"missing {name}") for label in windows[-1].get(key, {})]
    found = [[value for value, _ in collect(windows, *each)] for each in series]
    return draw_trend(max(found, key=lambda values: abs(sum(values)), default=[]), 3.0)


def _predictions(watched: Watched, counted: Mapping[str, Any]) -> str:
    then, source = find_earlier(counted, watched.history, watched.plan)
    edges = ["", *(f"{cut:.4g}" for cut in counted["cuts"]), ""]
    labels = [f"{low or 'lowest'} to {high or 'highest'}" for low, high in pairwise(edges)]
    scores = draw_pairs(labels, counted["scores"], then["scores"])
    answers = draw_pairs(watched.problem.target.categories, counted["answers"], then["answers"])
    figures = [draw_figure(scores, f"scores between deciles, against {source}")]
    figures += (
        [draw_figure(answers, f"answers ({', '.join(watched.problem.target.categories)})")] if then["answers"] else []
    )
    return "".join(figures)


def _quality(results: Sequence[GateResult]) -> str:
    by_gate = {result.gate: result.evidence for result in results}
    costs = [
        (gate.removeprefix("cost by "), evidence["mean"], evidence["low"], evidence["high"])
        for gate, evidence in by_gate.items()
        if gate.startswith(("cost by ", "expected cost")) and "mean" in evidence
    ]
    _, *bins = by_gate.get("calibration", {}).get("bins", [{}])
    points = [
        (one["predicted"], one["observed"], one["predicted"] + one["low"], one["predicted"] + one["high"])
        for one in bins
    ]
    figures = [draw_figure(draw_intervals(costs), "cost per decision, by where the label comes from")]
    figures += [draw_figure(draw_calibration(points), "observed against predicted")] if points else []
    for gate, evidence in by_gate.items():
        if gate.startswith("gap.") and evidence.get("rates"):
            reach = [
                (name, e["rate"], e["rate"] - 2 * e["error"], e["rate"] + 2 * e["error"])
                for name, e in evidence["rates"].items()
            ]
            figures.append(draw_figure(draw_intervals(reach), gate.removeprefix("gap.").replace(".", ": ")))
    return "".join(figures)


def _milliseconds(watched: Watched) -> Any:
    seconds = watched.decisions.seconds
    return seconds[~np.isnan(seconds)] * 1000
