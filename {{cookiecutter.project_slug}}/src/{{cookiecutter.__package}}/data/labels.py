"""Labels: how much a row of each origin weighs, in numbers and in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.labels import ACCEPT, BLIND, LABELLED, OPEN, OUTCOME, OVERRIDE
from ..core.plan import Labels

FILE = "file"  # the origin of labels that came with the table
WORDS = {  # of one row, and of several
    FILE: ("from the file", "from the file"),
    BLIND: ("blind review", "blind reviews"),
    LABELLED: ("label of labellers", "labels of labellers"),
    OUTCOME: ("outcome", "outcomes"),
    OVERRIDE: ("override", "overrides"),
    ACCEPT: ("accept", "accepts"),
}


def weigh_labels(
    counts: Mapping[str, int], labels: Labels, inattention: str, disagreement: str = ""
) -> list[dict[str, Any]]:
    """Return a row for each origin: its number of rows, their weight, and why they are left out, or "".

    `counts`: rows by origin. `inattention`, `disagreement`: why open reviews, or labels of labellers, do not count.
    """
    faults = {**dict.fromkeys(OPEN, inattention), LABELLED: disagreement}
    planned = labels.weights.model_dump()
    rows = []
    for origin in WORDS:
        reason = f"labels.weights.{origin} is 0 in plan.toml" if planned[origin] == 0 else ""
        reason = reason or faults.get(origin, "")
        weight = 0.0 if reason else float(planned[origin])
        rows.append({"origin": origin, "rows": counts.get(origin, 0), "weight": weight, "reason": reason})
    return rows


def count_learned(rows: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many rows have a weight, and how many of these are of decisions."""
    counts = {row["origin"]: row["rows"] for row in rows if row["weight"]}
    return sum(counts.values()), sum(counts.values()) - counts.get(FILE, 0)


def describe_labels(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return in sentences how many labels of each origin there are, with their weight, and why some are left out."""
    found = sorted((row for row in rows if row["rows"]), key=lambda row: [*WORDS].index(row["origin"]))
    texts = [f"{row['rows']:,} {WORDS[row['origin']][row['rows'] != 1]}{_weight(row['weight'])}" for row in found]
    *most, last = texts
    counted = f"{', '.join(most)} and {last}" if most else last
    return [f"Labels: {counted}.", *dict.fromkeys(f"{row['reason']}." for row in found if row["reason"])]


def _weight(weight: float) -> str:
    if weight == 0:
        return " (left out)"
    return "" if weight == 1 else f" (weight {weight:g})"
