"""What speaks against a target: why it is refused, and what its number of rows will and will not do."""

from collections import Counter

import pyarrow.compute as pc

from ..table import Finding, Profile
from .wording import percent, write_value

MINIMUM_ROWS = 20
MINIMUM_ANSWER = 5  # rows of an answer: one for each fold
CLEAR_ROWS = 200  # fewer leave most gates inconclusive
ROWS_PER_COLUMN = 5
MOST_ANSWERS = 20
RARE = 0.01
FREQUENT = 0.9  # share of one number, from which on the others are rare


def count_answers(target: Profile) -> dict[str, int]:
    """Return the rows of each value of a target, the most frequent first."""
    counts = Counter({str(entry["values"]): entry["counts"] for entry in pc.value_counts(target.values).to_pylist()})
    counts.pop("None", None)
    return dict(counts.most_common())


def refuse_target(target: Profile) -> Finding | None:
    """Return why no model can learn a target, with what would do; None if one can."""
    known = target.rows - target.missing
    if not known:
        fault = (
            f"has no value in any of {target.rows:,} rows; name another column, or fill in the answers that are known"
        )
    elif target.distinct == 1:
        value = write_value(target.values.drop_null()[0].as_py())
        fault = f"is {value} in all {known:,} rows that have a value; add rows with another answer"
    elif known < MINIMUM_ROWS:
        fault = f"has a value in {known} rows; at least {MINIMUM_ROWS} are needed, and {CLEAR_ROWS} for clear results"
    elif target.kind == "date":
        fault = "is a date; name a column with a number, as days until then, or with a few answers"
    elif target.kind in ("text", "category") and target.distinct > MOST_ANSWERS:
        fault = (
            f"has {target.distinct:,} different texts in {known:,} rows; sort them into at most {MOST_ANSWERS} answers"
        )
    elif target.kind == "text":
        fault = f"is free text, with {target.distinct} different values; sort them into a few short answers"
    elif target.kind == "category" and (rare := _too_rare(count_answers(target))):
        fault = f"{rare}; add rows, at least {MINIMUM_ANSWER} of each answer"
    else:
        return None
    return Finding("target", (target.name,), fault, "refused")


def find_target_limits(target: Profile, inputs: int) -> list[Finding]:
    """Return what the rows of a target are too few for; `inputs` is the number of columns to learn from."""
    found, known = [], target.rows - target.missing
    if target.missing:
        share = f"{target.missing:,} of {target.rows:,} rows have no answer"
        found.append(Finding("unlabelled", (target.name,), f"{share}: nothing can be learned from them"))
    if known < (enough := max(CLEAR_ROWS, ROWS_PER_COLUMN * inputs)):
        size = f"{known:,} rows with an answer and {inputs} columns to learn from"
        found.append(Finding("few rows", (), f"{size}: gates will rarely be conclusive; bring {enough:,} rows or more"))
    if evidence := _imbalance(target, known):
        found.append(Finding("imbalance", (target.name,), evidence))
    return found


def _too_rare(counts: dict[str, int]) -> str:
    rare = [f"{answer} in {count}" for answer, count in counts.items() if count < MINIMUM_ANSWER]
    return f"has too few rows of an answer: {', '.join(rare)}" if len(counts) - len(rare) < 2 else ""  # noqa: PLR2004


def _imbalance(target: Profile, known: int) -> str:
    counts = count_answers(target)
    if target.kind == "category":
        rare = {answer: count for answer, count in counts.items() if count < max(RARE * known, MINIMUM_ANSWER)}
        words = ", ".join(f"{answer} in {count:,} ({percent(count / known)})" for answer, count in rare.items())
        advice = "accuracy says little, the costs in plan.toml decide; bring more rows of them, or merge answers"
        return f"rare among {known:,} rows: {words}: {advice}" if rare else ""
    answer, count = next(iter(counts.items()))
    if count < FREQUENT * known:
        return ""
    return f"{float(answer):g} in {count:,} of {known:,} rows ({percent(count / known)}): the other numbers are rare"
