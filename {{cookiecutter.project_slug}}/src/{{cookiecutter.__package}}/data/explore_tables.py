"""Tables of the page of `explore`: the parts of a column with the target, drawn in the cells by CSS alone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from scipy.stats import binomtest

from ..core.binning import show_number
from ..core.schema import Column
from .breakdown import Part, answers_of

MAX_ROWS, MAX_ANSWERS = 24, 6  # of a table: the parts and the answers with most rows
MINIMUM_ROWS = 20  # of a part that the scale of the page has to have room for
NORMAL_95 = 1.96
STYLE = """
table { font-variant-numeric: tabular-nums; max-width: 46rem } th { font-weight: 600 }
caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap }
tbody th { font-weight: 400; overflow-wrap: anywhere; min-width: 5.5rem } .scroll { overflow-x: auto }
td, thead th:not(:first-child) { text-align: right; white-space: nowrap }
.share { background: linear-gradient(#dbe6f3 0 0) 0 / var(--share) 100% no-repeat }
.interval { position: relative; width: 30%; min-width: 4rem;
  background: linear-gradient(#aab3bd 0 0) var(--whole) 0 / 1px 100% no-repeat }
.interval span, .interval i { position: absolute; top: calc(50% - 1.5px); height: 3px; background: #9dbbe0 }
.interval i { top: calc(50% - 4px); width: 8px; height: 8px; margin-left: -4px; border-radius: 4px;
  background: #2f6db5 }
@media (prefers-color-scheme: dark) { .share { background-image: linear-gradient(#2b4059 0 0) }
  .interval { background-image: linear-gradient(#5b6570 0 0) } .interval span { background: #41618a }
  .interval i { background: #7fb2ee } }
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of means that intervals are drawn in, the same on the whole page."""

    low: float
    high: float

    def place(self, value: float) -> str:
        """Return where a value is, as a length of CSS; what is outside is at the border."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0), 1):.1f}%"


def make_scale(whole: Part, parts: Iterable[Part]) -> Scale:
    """Return a scale with room for the means of all parts that are not small."""
    means = [part.means[0] for part in (whole, *parts) if part is whole or part.rows >= MINIMUM_ROWS]
    margin = (max(means) - min(means)) / 10 or abs(whole.means[0]) / 10 or 0.1
    return Scale(min(means) - margin, max(means) + margin)


def interval(part: Part, target: Column) -> tuple[float, float] | None:
    """Return the 95 % interval of a share (Wilson, 1927), or of a mean; None for the mean of a single row."""
    if target.categories:
        bounds = binomtest(round(part.means[0] * part.rows), part.rows).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)
    if part.rows == 1:
        return None
    reach = NORMAL_95 * math.sqrt(part.variances[0] / (part.rows - 1))
    return part.means[0] - reach, part.means[0] + reach


def show_mean(value: float, target: Column) -> str:
    """Return a mean of the target in words: a share, or a number."""
    return f"{value:.1%}" if target.categories else show_number(value)


def draw_parts(caption: str, title: str, parts: Sequence[Part], whole: Part, target: Column, scale: Scale) -> str:
    """Return the table of parts: their rows, and the mean of the target or the shares of its answers."""
    answers = answers_of(target)
    shown = sorted(range(len(answers)), key=lambda place: -whole.means[place])[:MAX_ANSWERS]
    shown = sorted(shown) or [0]
    titles = [answers[place] for place in shown] if answers else ["mean"]
    single = len(titles) == 1
    heads = [title, "rows", *([f"{titles[0]} (95% interval)", ""] if single else titles)]
    largest = sorted(range(len(parts)), key=lambda place: -parts[place].rows)[:MAX_ROWS]
    rows = [_row(parts[place], whole, target, shown, scale if single else None) for place in sorted(largest)]
    left = [part for place, part in enumerate(parts) if place not in largest]
    more = f"{len(left):,} more with {sum(part.rows for part in left):,} rows" if left else ""
    return draw_table(caption, heads, rows, more)


def draw_table(caption: str, heads: Sequence[str], rows: Sequence[str], more: str = "") -> str:
    """Return a table that scrolls by itself where the page is narrow. `rows` are HTML, and all else is text."""
    header = "".join(f'<th scope="col">{escape(head)}' if head else "<td>" for head in heads)
    region = f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
    body = f"<thead><tr>{header}</thead><tbody>{''.join(rows)}</tbody>"
    note = f"<p><small>{escape(more)}</small></p>" if more else ""
    return f"{region}<table><caption>{escape(caption)}</caption>{body}</table></div>{note}"


def draw_gaps(name: str, parts: Sequence[Part]) -> str:
    """Return the table of missing values of each column by the groups of another one, the largest gaps first."""
    groups = [(part.name, part.missing) for part in parts if part.missing]
    shares = {column: [missing[column] for _, missing in groups] for column in groups[0][1]}
    found = {column: of for column, of in shares.items() if any(of) and column != name}
    order = sorted(found, key=lambda column: min(found[column]) - max(found[column]))
    rows = [f"<tr>{head(column)}{''.join(map(share_cell, found[column]))}" for column in order[:MAX_ROWS]]
    more = f"{len(order) - MAX_ROWS:,} more columns with smaller differences" if len(order) > MAX_ROWS else ""
    title = f"<h3>Missing values by {escape(name)}</h3>"
    if not rows:
        return f"{title}<p>No other column has missing values.</p>"
    return title + draw_table(f"missing values by {name}", ["column", *(group for group, _ in groups)], rows, more)


def head(text: str, link: str = "", note: str = "") -> str:
    """Return the cell that names a row."""
    content = f'<a href="#{escape(link)}">{escape(text)}</a>' if link else escape(text)
    return f'<th scope="row">{content}{f" <small>{escape(note)}</small>" if note else ""}'


def share_cell(share: float, text: str = "") -> str:
    """Return a cell with a bar behind its text, which is the share itself if there is none."""
    return f'<td class="share" style="--share:{share:.1%}">{text or f"{share:.1%}"}'


def _row(part: Part, whole: Part, target: Column, shown: Sequence[int], scale: Scale | None) -> str:
    cells = [head(part.name), share_cell(part.rows / whole.rows, f"{part.rows:,}")]
    if not part.rows:
        return f"<tr>{''.join(cells)}{'<td>' * (2 if scale else len(shown))}"
    if scale is None:
        return f"<tr>{''.join(cells)}{''.join(share_cell(part.means[place]) for place in shown)}"
    return f"<tr>{''.join(cells)}{_interval_cells(part, target, scale)}"


def _interval_cells(part: Part, target: Column, scale: Scale) -> str:
    """Return the mean with its interval in words, and the same drawn."""
    bounds, mean = interval(part, target), part.means[0]
    words = " to ".join(show_mean(bound, target).removesuffix("%") for bound in bounds or ())
    text = f" <small>({words})</small>" if words else ""
    low, high = map(scale.place, bounds or (mean, mean))
    line = f'<span style="left:{low};right:calc(100% - {high})"></span><i style="left:{scale.place(mean)}"></i>'
    return f'<td>{show_mean(mean, target)}{text}<td class="interval">{line}'
