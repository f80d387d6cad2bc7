"""Labels: which statement about a decision is its label."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from .plan import Statement

# origins of labels: what really happened; a person's answer before they saw the model's, in a review or as a labeller;
# and of people who saw it, another answer or the model's own
OUTCOME, BLIND, LABELLED, OVERRIDE, ACCEPT = "outcome", "blind", "labelled", "override", "accept"
OPEN = (OVERRIDE, ACCEPT)  # reviews that saw the model's answer


def choose_label(decision: Mapping[str, Any], order: Sequence[Statement]) -> tuple[str, Any] | None:
    """Return origin and value of the label: the first statement of `order` that a decision has; None without one."""
    for statement in order:
        if statement == "outcome" and decision.get("outcome") is not None:
            return OUTCOME, decision["outcome"]
        if statement == "blind" and decision["verdict"] == BLIND:
            return BLIND, decision["reaction_answer"]
        if statement == "blind" and (label := adjudicate(decision.get("labels") or {})) is not None:
            return LABELLED, label
        if statement == "reaction" and decision["verdict"] in OPEN:
            return decision["verdict"], decision["reaction_answer" if decision["verdict"] == OVERRIDE else "answer"]
    return None


def adjudicate(labels: Mapping[str, Any]) -> Any:
    """Return what most labellers answered, or the median of numbers; None for a tie, which needs a further opinion."""
    answers = [*labels.values()]
    if not answers:
        return None
    if not isinstance(answers[0], str):
        middle = median(answers)
        return round(middle) if isinstance(answers[0], int) else middle
    counted = Counter(answers).most_common(2)
    return None if len(counted) > 1 and counted[0][1] == counted[1][1] else counted[0][0]
