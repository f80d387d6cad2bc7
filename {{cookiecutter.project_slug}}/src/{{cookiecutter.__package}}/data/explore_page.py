"""The page of `explore`: one HTML file that loads nothing from elsewhere, and that a phone can show."""

from dataclasses import replace
from html import escape

from ..core.binning import show_number
from ..core.page import STYLE
from . import explore_tables as tables
from .breakdown import Breakdown
from .explore import MAX_TEXT, Exploration, Rows
from .labels import WORDS

MAX_TABLES = 60  # columns that have one: the page stays small
MAX_RUNS = 24
OWN_STYLE = """
nav a { margin-right: 1rem } h3 { margin: 1.4rem 0 0; overflow-wrap: anywhere } p { max-width: 48rem }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(27rem, 100%), 1fr)); gap: 0 2.5rem }
.columns td, .columns th { padding: .25rem .5rem }
@media (max-width: 30rem) { body { margin: 1rem auto } h1 { font-size: 1.5rem } td small { display: block }
  thead th:not(:first-child) { white-space: normal } }
@media (prefers-color-scheme: dark) { a { color: #8ab8f0 } small { color: #9aa3ad } }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Training table: {question}</title><style>{style}</style></head><body style="--whole:{whole}">
<h1>{question}</h1>
<p>{summary}</p>
<nav><a href="#target">Target</a><a href="#labels">Labels</a><a href="#groups">Protected groups</a>
<a href="#columns">Columns</a><a href="#rows">Rows</a></nav>
<div class="columns"><section><h2 id="target">Target: {target}</h2>{answers}</section>
<section><h2 id="labels">Where the labels come from</h2>{origins}</section></div>
<h2 id="groups">Protected groups</h2>{groups}
<h2 id="columns">Columns</h2>
<p>The first columns explain most: the share of the target's variance that lies between the parts of a column, as the
tables below have them. A column that explains nearly everything may be known only after the answer.</p>
{overview}<div class="columns">{columns}</div>
{runs}
<h2 id="rows">Rows</h2>{rows}
</body></html>
"""


def render(question: str, found: Exploration, rows: str) -> str:
    """Return the page. `rows`: what `explore_rows.draw_rows` returns."""
    scale = tables.make_scale(found.whole, (part for each in found.breakdowns for part in each.parts))
    groups = [_draw_group(each, found, scale) for each in found.breakdowns if each.column.protected]
    columns = [_draw_column(each, found, scale) for each in found.breakdowns if not each.column.protected][:MAX_TABLES]
    return PAGE.format(
        question=escape(question),
        style=STYLE + tables.STYLE + OWN_STYLE,
        whole=scale.place(found.whole.means[0]),
        summary=escape(_summarise(found)),
        target=escape(found.target.name),
        answers=_draw_target(found),
        origins=_draw_origins(found, scale),
        groups="".join(groups) or "<p>No column is marked PROTECTED in contract.py.</p>",
        overview=_draw_overview(found),
        columns="".join(f"<section>{column}</section>" for column in columns),
        runs=draw_runs(found.runs),
        rows=rows,
    )


def draw_runs(runs: Rows) -> str:
    """Return the last runs of `data`, with what has changed most; nothing where none are kept."""
    if not runs:
        return ""
    shown = [[escape(str(value)[:MAX_TEXT]) for value in run.values()] for run in runs[-MAX_RUNS:]]
    rows = [f"<tr><td>{'<td>'.join(cells)}" for cells in shown]
    return f"<h2>Runs</h2>{tables.draw_table('the last runs of data', [*runs[0]], rows)}"


def _summarise(found: Exploration) -> str:
    text = f"Rows of the training table: {found.whole.rows:,}; columns beside the target: {len(found.breakdowns):,}."
    text += f" In quarantine, and not in these figures: {found.quarantined:,}." if found.quarantined else ""
    text += " All figures are of all rows, but for the last section."
    drawn = " A blue line is a 95% interval, and the thin line the whole table." if len(found.whole.means) == 1 else ""
    return text + drawn


def _draw_target(found: Exploration) -> str:
    """Return how often each answer is the label, or the quantiles of a number."""
    target, whole = found.target, found.whole
    text = f"<p>{escape(target.description)}.</p>"
    if not target.categories:
        values = {**found.quantiles, "mean": whole.means[0]}
        cells = "".join(f"<td>{show_number(value)}" for value in values.values())
        return text + tables.draw_table("quantiles and mean", [*values], [f"<tr>{cells}"])
    shares = whole.means if len(whole.means) > 1 else (1 - whole.means[0], whole.means[0])
    rows = [
        f"<tr>{tables.head(answer)}<td>{round(share * whole.rows):,}{tables.share_cell(share)}"
        for answer, share in zip(target.categories, shares, strict=True)
    ]
    return text + tables.draw_table("how often each answer is the label", ["answer", "rows", "share"], rows)


def _draw_origins(found: Exploration, scale: tables.Scale) -> str:
    """Return the origins of labels with the target, which of them weigh less, and why some are left out."""
    parts, reasons = [], []
    for part in found.origins:
        label = found.labels.get(part.name, {"weight": 1, "reason": ""})  # an older version did not make the table
        name = WORDS[part.name][1] if part.name in WORDS else part.name
        parts.append(replace(part, name=name if label["weight"] == 1 else f"{name}, weight {label['weight']:g}"))
        reasons += [label["reason"]] if label["reason"] else []
    drawn = tables.draw_parts("the target by origin", "origin", parts, found.whole, found.target, scale)
    return drawn + "".join(f"<p>{escape(reason)}.</p>" for reason in dict.fromkeys(reasons))


def _draw_group(each: Breakdown, found: Exploration, scale: tables.Scale) -> str:
    sections = _draw_column(each, found, scale), tables.draw_gaps(each.column.name, each.parts)
    return f'<div class="columns"><section>{sections[0]}</section><section>{sections[1]}</section></div>'


def _draw_overview(found: Exploration) -> str:
    rows = []
    for place, each in enumerate(found.breakdowns):
        link = each.column.name if each.column.protected or place < MAX_TABLES else ""
        kind = f"{each.column.kind}{', protected' if each.column.protected else ''}"
        shares = map(tables.share_cell, (each.missing / found.whole.rows, each.explained))
        rows.append(f"<tr>{tables.head(each.column.name, link, kind)}{''.join(shares)}")
    return tables.draw_table("all columns", ["column", "missing", "explains"], rows)


def _draw_column(each: Breakdown, found: Exploration, scale: tables.Scale) -> str:
    name, caption = escape(each.column.name), f"{found.target.name} by {each.column.name}"
    parts = each.parts if each.missing else each.parts[:-1]
    drawn = tables.draw_parts(caption, "value", parts, found.whole, found.target, scale)
    return f'<h3 id="{name}">{name}</h3><small>{escape(each.column.description)}</small>{drawn}'
