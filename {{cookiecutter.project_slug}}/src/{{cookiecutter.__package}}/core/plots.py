"""Plots of pages: small drawings in SVG, whose colours are classes of a style."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, MARGIN = 260, 56, 4  # of a plot, in pixels
LETTER = 7  # width of a letter of a label
MAX_BARS = 30  # the most frequent ones
BINS = 40  # of a histogram
STYLE = """
svg { display: block; overflow: visible }
.plots { display: flex; flex-wrap: wrap; gap: 2rem } figure { margin: 0 } figcaption { font-size: .85rem }
.fail { color: #b3261e; font-weight: 600 } .pass { color: #1b6e3c } .inconclusive { color: #69727d }
.old { fill: #c3cad3 } .now { fill: #2f6db5 } .line { stroke: #2f6db5; stroke-width: 1.5; fill: none }
.limit { stroke: #b3261e; stroke-dasharray: 4 3 } .axis { stroke: #9aa3ad; stroke-width: .7 } text { font-size: 12px }
@media (prefers-color-scheme: dark) { text { fill: #e6e9ed }
  .fail { color: #ff897d } .pass { color: #7fd19b } .old { fill: #4b545e } .now { fill: #7fb2ee } }
"""


def draw_pairs(labels: Sequence[str], now: Sequence[float], then: Sequence[float]) -> str:
    """Return bars of shares: the window in front of the reference."""
    shares, old = (np.array(counts, dtype=float) / max(sum(counts), 1) for counts in (now, then))
    kept = np.sort(np.argsort(-np.maximum(shares, old), kind="stable")[:MAX_BARS])
    tallest, step = max(float(np.maximum(shares, old).max(initial=0)), 1e-9), WIDTH / max(len(kept), 1)
    bars = []
    for place, each in enumerate(kept.tolist()):
        title = f"<title>{escape(labels[each])}: {shares[each]:.1%} now, {old[each]:.1%} before</title>"
        wide = _bar(place * step, old[each] / tallest, step - 1, "old")
        narrow = _bar(place * step + step / 4, shares[each] / tallest, max(step / 2 - 1, 1), "now")
        bars.append(f"<g>{title}{wide}{narrow}</g>")
    return _svg("".join(bars), "shares now and before")


def draw_trend(values: Sequence[float], limit: float) -> str:
    """Return a line through one value of each window, with the limits on both sides of zero."""
    if len(values) <= 1:
        return ""
    reach = max(limit, *(abs(value) for value in values)) * 1.1
    xs = np.linspace(MARGIN, WIDTH - MARGIN, len(values))
    points = " ".join(f"{x:.1f},{_height(value, -reach, reach):.1f}" for x, value in zip(xs, values, strict=True))
    lines = [
        _rule(_height(level, -reach, reach), kind) for level, kind in ((limit, "limit"), (-limit, "limit"), (0, "axis"))
    ]
    dot = f'<circle class="now" cx="{xs[-1]:.1f}" cy="{_height(values[-1], -reach, reach):.1f}" r="3"/>'
    return _svg(f'{"".join(lines)}<polyline class="line" points="{points}"/>{dot}', "change over windows")


def draw_histogram(values: NDArray[np.float64], limit: float, unit: str) -> str:
    """Return a histogram of numbers that are not negative, with a vertical line at the limit if it is near."""
    if not len(values):
        return ""
    end = float(values.max()) * 1.05 or 1.0
    end = limit * 1.05 if end < limit < 3 * end else end
    counts, edges = np.histogram(values, BINS, (0.0, end))
    step, tallest = WIDTH / BINS, max(int(counts.max()), 1)
    bars = [
        f"<g><title>{low:.3g} to {high:.3g} {escape(unit)}: {count:,}</title>"
        f"{_bar(place * step, count / tallest, step - 1, 'now')}</g>"
        for place, (count, low, high) in enumerate(zip(counts.tolist(), edges[:-1], edges[1:], strict=True))
    ]
    at = WIDTH * limit / end
    line = f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HEIGHT}"/>' if at <= WIDTH else ""
    return _svg("".join(bars) + line, f"histogram in {unit}")


def draw_intervals(rows: Sequence[tuple[str, float, float, float]], limit: float | None = None) -> str:
    """Return a line from low to high with a dot at the middle for each row: name, middle, low, high."""
    if not rows:
        return ""
    low, high = min(0.0, *(row[2] for row in rows)), max(limit or 0.0, *(row[3] for row in rows))
    span, line_height = (high - low) * 1.1 or 1.0, 20
    left = max(120, LETTER * max(len(row[0]) for row in rows) + 2 * MARGIN)

    def place(value: float) -> float:
        return left + (value - low) / span * (1.5 * WIDTH - MARGIN)

    lines = []
    for number, (name, middle, lower, upper) in enumerate(rows):
        y = line_height * (number + 0.6)
        lines.append(
            f'<g><title>{escape(name)}: {middle:.4g} ({lower:.4g} to {upper:.4g})</title><text x="0" y="{y + 4:.0f}">'
            f'{escape(name)}</text><line class="line" x1="{place(lower):.1f}" x2="{place(upper):.1f}" y1="{y:.0f}" '
            f'y2="{y:.0f}"/><circle class="now" cx="{place(middle):.1f}" cy="{y:.0f}" r="3.5"/></g>'
        )
    height = line_height * len(rows) + MARGIN
    marks = [(0.0, "axis"), *([(limit, "limit")] if limit is not None else [])]
    lines += [
        f'<line class="{kind}" x1="{place(at):.1f}" x2="{place(at):.1f}" y1="0" y2="{height}"/>' for at, kind in marks
    ]
    return _svg("".join(lines), "intervals", left + WIDTH * 3 // 2, height)


def draw_calibration(points: Sequence[tuple[float, float, float, float]]) -> str:
    """Return observed shares against predicted probabilities, with intervals, and the diagonal of both being equal."""
    side = 160
    marks = [f'<line class="axis" x1="0" y1="{side}" x2="{side}" y2="0"/>']
    for predicted, observed, low, high in points:
        x, y, top, bottom = side * predicted, side * (1 - observed), side * (1 - min(high, 1)), side * (1 - max(low, 0))
        title = f"<title>{predicted:.1%} predicted, {observed:.1%} observed ({low:.1%} to {high:.1%})</title>"
        line = f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
        marks.append(f'<g>{title}{line}<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></g>')
    return _svg("".join(marks), "observed against predicted", side, side)


def draw_curve(points: Sequence[tuple[float, float]], unit: str, limit: float | None = None) -> str:
    """Return a line through points of x and y, whose x are in a unit, with a horizontal line at the limit."""
    xs, ys = np.array(points, dtype=float).reshape(-1, 2).T
    low, high = min(*ys, *([limit] if limit is not None else [])), max(*ys, *([limit] if limit is not None else []))
    low, high, span = low - (high - low) * 0.1, high + (high - low) * 0.1 + 1e-12, float(np.ptp(xs)) or 1.0
    places = [
        (MARGIN + (x - xs.min()) / span * (WIDTH - 2 * MARGIN), _height(y, low, high))
        for x, y in zip(xs, ys, strict=True)
    ]
    marks = [
        f"<g><title>{x:,.4g} {escape(unit)}: {y:.4g}</title>"
        f'<circle class="now" cx="{at:.1f}" cy="{up:.1f}" r="3.5"/></g>'
        for (x, y), (at, up) in zip(zip(xs, ys, strict=True), places, strict=True)
    ]
    line = f'<polyline class="line" points="{" ".join(f"{at:.1f},{up:.1f}" for at, up in places)}"/>'
    rule = _rule(_height(limit, low, high), "limit") if limit is not None else ""
    return _svg(f"{rule}{line}{''.join(marks)}", f"by {unit}")


def draw_figure(plot: str, caption: str) -> str:
    """Return a plot with its caption, or nothing if there is no plot."""
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>" if plot else ""


def _bar(x: float, share: float, width: float, kind: str) -> str:
    height = share * (HEIGHT - MARGIN)
    return f'<rect class="{kind}" x="{x:.1f}" y="{HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _height(value: float, low: float, high: float) -> float:
    return MARGIN + (high - value) / (high - low) * (HEIGHT - 2 * MARGIN)


def _rule(y: float, kind: str) -> str:
    return f'<line class="{kind}" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _svg(content: str, title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg {box} role="img" aria-label="{escape(title)}">{content}</svg>'
