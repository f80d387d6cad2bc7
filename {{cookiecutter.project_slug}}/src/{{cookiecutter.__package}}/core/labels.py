"""Labels: which statement about a decision is its label."""

from collections.abc import Mapping, Sequence
from typing import Any

from .plan import Statement

# origins of labels: what really happened; a person's answer before they saw the model's; and of people who saw it,
# another answer or the model's own
OUTCOME, BLIND, OVERRIDE, ACCEPT = "outcome", "blind", "override", "accept"
OPEN = (OVERRIDE, ACCEPT)  # reviews that saw the model's answer


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
