"""Labels: which statement about a decision is its label, and how much a row of each origin weighs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core.plan import Labels, Statement

# origins of labels: the file; what really happened; a person's answer before they saw the model's; and of people who
# saw it, another answer or the model's own
FILE, OUTCOME, BLIND, OVERRIDE, ACCEPT = "file", "outcome", "blind", "override", "accept"
OPEN = (OVERRIDE, ACCEPT)  # reviews that saw the model's answer
WORDS = {  # of one row, and of several
    FILE: ("from the file", "from the file"),
    BLIND: ("blind review", "blind reviews"),
    OUTCOME: ("outcome", "outcomes"),
    OVERRIDE: ("override", "overrides"),
    ACCEPT: ("accept", "accepts"),
}


def choose_label(decision: Mapping[str, Any], order: Sequence[Statement]) -> tuple[str, Any] | None:
    """Return origin and value of the label: the first statement of `order` that a decision has; None without one."""
    for statement in order:
        if statement == "outcome" and decision.get("outcome") is not None:
            return OUTCOME, decision["outcome"]
        if statement == "blind" and decision["verdict"] == BLIND:
            return BLIND, decision["reaction_answer"]
        if statement == "reaction" and decision["verdict"] in OPEN:
            return decision["verdict"], decision["reaction_answer" if decision["verdict"] == OVERRIDE else "answer"]
    return None


def weigh_labels(counts: Mapping[str, int], labels: Labels, inattention: str) -> list[dict[str, Any]]:
    """Return a row for each origin: its number of rows, their weight, and why they are left out, or "".

    `counts`: rows by origin. `inattention`: why open reviews do not count, or "".
    """
    planned = labels.weights.model_dump()
    rows = []
    for origin in WORDS:
        reason = f"labels.weights.{origin} is 0 in plan.toml" if planned[origin] == 0 else ""
        reason = reason or (inattention if origin in OPEN else "")
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
