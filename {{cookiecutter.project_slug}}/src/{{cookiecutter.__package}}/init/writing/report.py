"""What `init` found and decided, as one HTML page that needs nothing from elsewhere."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from ..findings.targets import count_answers
from ..proposal import Proposal
from ..table import Finding, Profile
from .known import describe

BARS = 16  # of a histogram, or categories shown
HEIGHT, BAR = 36, 8  # of a histogram, in pixels
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2127 }
table { border-collapse: collapse; width: 100% } h2 { margin-top: 2rem }
td, th { border-bottom: 1px solid #d8dce2; padding: .4rem .6rem; text-align: left; vertical-align: top }
th { position: sticky; top: 0; background: #fff } code { background: #f1f3f5; padding: 0 .2rem }
.out td { color: #69727d } .warn { color: #9a3412 } svg { fill: #3b6ea8; display: block } small { color: #69727d }
@media (prefers-color-scheme: dark) { body, th { background: #16191d; color: #e6e9ed } code { background: #262b31 } }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body>
<h1>{title}</h1>
<p><b>{question}</b> {rows:,} rows, {used} columns to answer from, {left} not used.</p>
<h2>What to know</h2><ul>{findings}</ul>
<h2>Columns</h2>
<table><thead><tr><th>column<th>in the contract<th>values<th>what it is<th>missing<th>decided</tr></thead>
<tbody>{columns}</tbody></table>
<h2>First rules</h2><ol>{rules}</ol><p>Otherwise: {otherwise}</p>
</body></html>
"""


def render_report(proposal: Proposal, profiles: Sequence[Profile]) -> str:
    """Return the page. `profiles`: every column of the table."""
    found = "".join(map(_finding, proposal.findings)) or "<li>Nothing stands out."
    return PAGE.format(
        title=escape(proposal.table),
        style=STYLE,
        question=escape(proposal.question),
        rows=proposal.rows,
        used=len(proposal.fields),
        left=len(proposal.ignored),
        findings=found,
        columns="\n".join(_column(profile, proposal) for profile in profiles),
        rules="".join(map(_rule, proposal.rules)),
        otherwise=escape(str(proposal.otherwise)),
    )


def _finding(finding: Finding) -> str:
    return f"<li><b>{escape(finding.kind)}</b>: {escape(finding.sentence)} <small>{escape(finding.consequence)}</small>"


def _rule(rule: tuple[str, str, Any, Any, str]) -> str:
    condition = escape(" ".join(map(str, rule[:3])))
    return f"<li><code>{condition}</code>: {escape(str(rule[3]))} <small>{escape(rule[4])}</small>"


def _column(profile: Profile, proposal: Proposal) -> str:
    fields = {field.profile.name: field for field in (*proposal.fields, proposal.target)}
    field = fields.get(profile.name)
    decided = list(field.profile.notes if field else profile.notes)
    name = f"<code>{escape(profile.field)}</code>{' the answer' if field is proposal.target else ''}" if field else ""
    if field is None:
        role = "the subject: rows of one share a fold" if profile.name == proposal.subject else "identifies a row"
        decided.append(proposal.ignored.get(profile.name, role))
    share = f"{100 * profile.missing / profile.rows:.1f} %" if profile.missing else ""
    cells = [escape(profile.name), name, draw(profile), escape(describe(field)) if field else escape(profile.kind)]
    cells += [share, "<br>".join(map(escape, decided))]
    return f"<tr{'' if field else ' class=out'}><td>{'<td>'.join(cells)}</tr>"


def draw(profile: Profile) -> str:
    """Return a histogram of numbers, or the frequencies of categories in their order, as SVG."""
    values = profile.values.drop_null()
    if profile.kind in ("text", "empty") or not len(values):
        return ""
    if profile.categories:
        counts = count_answers(profile)
        heights, labels = [counts.get(name, 0) for name in profile.categories[:BARS]], list(profile.categories[:BARS])
    else:
        found, edges = np.histogram(values.to_numpy(), BARS)
        heights, labels = found.tolist(), [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    tallest = max(*heights, 1)
    bars = [
        f'<rect x="{place * BAR}" y="{HEIGHT - HEIGHT * count / tallest:.1f}" width="{BAR - 1}" '
        f'height="{HEIGHT * count / tallest:.1f}"><title>{escape(label)}: {count:,}</title></rect>'
        for place, (count, label) in enumerate(zip(heights, labels, strict=True))
    ]
    return f'<svg width="{BARS * BAR}" height="{HEIGHT}" role="img">{"".join(bars)}</svg>'
