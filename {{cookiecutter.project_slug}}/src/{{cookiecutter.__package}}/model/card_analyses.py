"""The quantitative analyses of a model card: figures, gates, and what differs between groups and slices."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..core.markdown import make_table
from ..core.plan import Plan

SHOWN = 20  # slices, of which a table may have hundreds


def write_analyses(found: Mapping[str, Any], plan: Plan) -> list[str]:
    """Return the paragraphs and tables of what was measured when a version was registered."""
    if not found["gates"]:
        return ["None: this version was not trained."]
    confidence = f"{plan.gates.confidence:.0%} intervals"
    gates = [[gate, *_split(text)] for gate, text in sorted(found["gates"].items())]
    slices = found["details"].get("slices", {}).get("slices", [])
    tables = {
        "Over all rows": (["metric", found["label"], read_champion(found)["label"]], [*_figure_rows(found, plan)]),
        "Gates": (["gate", "result", "found"], gates),
        f"By group, with {confidence}": (["column", "group", "figure", "value", "interval", "rows"], [*_groups(found)]),
        f"Gaps between groups, with {confidence}": (["column", "figure", "gap", "interval", "limit"], [*_gaps(found)]),
        f"By slice: change of the champion's cost there, with {confidence} over all slices": (
            ["slice", "change", "interval", "rows"],
            [*_slice_rows(slices)],
        ),
    }
    filled = {title: make_table(*table) for title, table in tables.items() if table[1]}
    parts = [part for title, table in filled.items() for part in (f"### {title}", table)]
    if len(slices) > SHOWN:
        parts.append(f"Of {len(slices)} slices, those with the largest upper bounds.")
    return parts if found["details"] else [*parts, "Groups and slices were not recorded with this version."]


def find_unsettled(found: Mapping[str, Any]) -> list[str]:
    """Return the gates whose result is not a pass, each with its result."""
    results = {gate: _split(text)[0] for gate, text in sorted(found["gates"].items())}
    return [f"{gate} ({result})" for gate, result in results.items() if result != "pass"]


def find_small_groups(found: Mapping[str, Any]) -> list[str]:
    """Return the groups that have too few rows to be shown equal to others."""
    every = [(gate.rpartition(".")[0], one["small"]) for gate, one in sorted(_gap_results(found).items())]
    return [*dict.fromkeys(f"{column} {group}" for column, groups in every for group in groups)]


def _split(text: str) -> list[str]:
    """Return result and message of a gate, as the registry has them in one text."""
    status, _, message = text.partition(": ")
    return [status, message]


def read_champion(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return label and metrics of the champion that a version was compared with; of an older version, none."""
    return {"label": "none", "metrics": {}, **json.loads(found["tags"].get("champion", "{}"))}


def _figure_rows(found: Mapping[str, Any], plan: Plan) -> Iterator[list[str]]:
    """Yield the cost, then the figures that the plan names, or all if it names none."""
    champion = read_champion(found)["metrics"]
    others = plan.product.metrics or sorted({*found["metrics"], *champion} - {"cost"})
    for name in ("cost", *others):
        yield [name, *(format_number(of.get(name)) for of in (found["metrics"], champion))]


def _gap_results(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence of the gates of groups, by name: `column.rate`."""
    return {gate: one for gate, one in found["details"].items() if "." in gate and "small" in one}


def _groups(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for gate, one in sorted(_gap_results(found).items()):
        column, _, rate = gate.rpartition(".")
        for group, value in one.get("by_group", {}).items():
            interval = format_interval(*one.get("bounds", {}).get(group, (None, None)))
            yield [column, group, rate, format_number(value), interval, f"{one['rows'].get(group, 0):,}"]
    for one in found["details"].get("calibration by group", {}).get("groups", []):
        figure = f"calibration error of {one.get('event')}"
        interval, rows = format_interval(one.get("low"), one.get("high")), f"{one.get('rows', 0):,}"
        yield ["", str(one.get("group")), figure, format_number(one.get("error")), interval, rows]


def _gaps(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for gate, one in sorted(_gap_results(found).items()):
        column, _, rate = gate.rpartition(".")
        figures = [format_number(one.get("gap")), format_interval(one.get("low"), one.get("high"))]
        yield [column, rate, *figures, format_number(one.get("limit"))]


def _slice_rows(slices: list[dict[str, Any]]) -> Iterator[list[str]]:
    for one in sorted(slices, key=lambda each: -each["high"])[:SHOWN]:
        change, interval = f"{one['increase']:+.0%}", f"{one['low']:+.0%} to {one['high']:+.0%}"
        yield [one["slice"], change, interval, f"{one['rows']:,}"]


def format_number(value: float | None) -> str:
    """Return four digits of a number; "" for none."""
    return f"{value:.4g}" if value is not None and math.isfinite(value) else ""


def format_interval(low: float | None, high: float | None) -> str:
    """Return an interval in words; "" if a bound is missing."""
    return f"{format_number(low)} to {format_number(high)}" if format_number(low) and format_number(high) else ""
