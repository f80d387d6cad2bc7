"""The page of `evaluate`: one HTML file with plots that needs nothing from elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from ...core.page import STYLE
from ...core.plots import STYLE as STYLE_OF_PLOTS
from ...core.plots import draw_calibration, draw_curve, draw_figure, draw_intervals
from ...core.result import Finding, GateResult
from .candidate import Candidate
from .run import Result

MAX_SHOWN = 25  # slices or columns in one plot
WORDS = {"fail": "FAIL", "inconclusive": "inconclusive", "pass": "pass", "": ""}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Evaluation of {name}: {question}</title><style>{style}</style></head><body>
<h1>{name}</h1><p>{question}</p>
<p>{rows:,} of {of:,} rows of the training table. Each row is predicted by a model that was fitted without it; costs are
in the plan's unit, for a decision. A red line is a limit, a blue one an interval.</p>
{sections}
</body></html>
"""


def render(candidate: Candidate, sections: Mapping[str, Sequence[Result]]) -> str:
    """Return the page of a candidate, with a section for each analysis."""
    shown = [f"<h2>{escape(name.capitalize())}</h2>{_draw_section(results)}" for name, results in sections.items()]
    return PAGE.format(
        name=escape(candidate.name),
        question=escape(candidate.plan.product.question),
        style=STYLE + STYLE_OF_PLOTS,
        rows=len(candidate.rows.truth),
        of=candidate.of,
        sections="".join(shown),
    )


def _draw_section(results: Sequence[Result]) -> str:
    rows = [
        f'<tr><td class="{_status(result)}">{WORDS[_status(result)]}<td>{escape(result.message)}' for result in results
    ]
    figures = "".join(_draw(result) for result in results)
    table = f"<table><tbody>{''.join(rows)}</tbody></table>" if rows else "<p>Nothing to measure.</p>"
    return f'<div class="plots">{figures}</div>{table}'


def _status(result: Result) -> str:
    return result.status if isinstance(result, GateResult) else ""


def _draw(result: Result) -> str:
    name = result.name if isinstance(result, Finding) else result.gate
    draw = PLOTS.get(name.partition(".")[0])
    return draw(result.evidence) if draw and result.evidence else ""


def _draw_reliability(found: Mapping[str, Any]) -> str:
    return draw_figure(draw_calibration(found["points"]), f"{found['event']}: observed share against predicted")


def _draw_models(found: Mapping[str, Any]) -> str:
    rows = [(one["model"], one["difference"], one["low"], one["high"]) for one in found["models"]]
    return draw_figure(draw_intervals(rows), "cost of a decision beside that of other models")


def _draw_slices(found: Mapping[str, Any]) -> str:
    worst = sorted(found.get("slices", ()), key=lambda one: -one["increase"])[:MAX_SHOWN]
    rows = [(one["slice"], one["increase"], one["low"], one["high"]) for one in worst]
    return draw_figure(draw_intervals(rows, found["limit"]), "the parts where it costs most beside the rules")


def _draw_features(found: Mapping[str, Any]) -> str:
    best = sorted(found["columns"], key=lambda one: -one["benefit"])[:MAX_SHOWN]
    rows = [(one["column"], one["benefit"], one["low"], one["high"]) for one in best]
    return draw_figure(draw_intervals(rows, found["noise"]), "what a decision costs more without each column")


def _draw_rows(found: Mapping[str, Any]) -> str:
    points = [(point["rows"], point["cost"]) for point in found["points"]]
    return draw_figure(draw_curve(points, "rows"), "cost of a decision by the number of rows")


def _draw_age(found: Mapping[str, Any]) -> str:
    points = [(point["age"], point["increase"]) for point in found.get("points", ())]
    plot = draw_curve(points, found["unit"], found["limit"]) if points else ""
    return draw_figure(plot, f"increase of the cost by age in {found.get('unit', '')}")


PLOTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "reliability": _draw_reliability,
    "simpler": _draw_models,
    "pairs": _draw_slices,
    "benefit": _draw_features,
    "rows": _draw_rows,
    "age": _draw_age,
}
