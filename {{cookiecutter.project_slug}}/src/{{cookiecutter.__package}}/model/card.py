"""Model card: what a version is for, what it costs and for whom, which gates it passed, and how to make it again.

The sections follow Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. Everything is evidence of the
registry, or a statement of the plan or the contract.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core.markdown import make_table
from ..core.plan import Plan
from ..core.problem import Problem
from .card_analyses import find_small_groups, find_unsettled, read_champion, write_analyses
from .card_metadata import write_metadata

PROVENANCE = ("trained", "rows", "data", "commit", "clean", "plan", "contract", "recipe", "digest")
DATA_CARD = "docs/data-card.md"
SHOWN = 100  # columns, of which a table may have hundreds
HEAD = "Made by `make model-card` of the registry, plan.toml, contract.py and the data card; an edit here is lost."


def write_card(
    found: Mapping[str, Any], problem: Problem, plan: Plan, *, licence: str = "", data_card: str | None = None
) -> str:
    """Return the card of a version in Markdown.

    `found`: the evidence that the registry has of it; `licence`: an SPDX identifier; `data_card`: the digest of the
    data card, None if there is no such card.
    """
    sections = {
        "Model details": _details(found, licence),
        "Intended use": _uses(problem, plan),
        "Factors": _factors(found, problem),
        "Metrics": _metrics(problem, plan),
        "Evaluation data": _evaluation_data(found, plan),
        "Training data": _training_data(found, problem, data_card),
        "Quantitative analyses": write_analyses(found, plan),
        "Ethical considerations": _ethics(problem, plan),
        "Caveats and recommendations": [_list(_caveats(found, problem, plan, data_card))],
    }
    parts = [f"# {found['label']}", HEAD]
    parts += [part for title, section in sections.items() for part in (f"## {title}", *section)]
    return write_metadata(found, problem, plan, licence) + "\n" + "\n\n".join(filter(None, parts)) + "\n"


def _details(found: Mapping[str, Any], licence: str) -> list[str]:
    tags = found["tags"]
    rows = {"version": found["label"], "kind": "a scikit-learn estimator, stored with skops", "licence": licence}
    rows["compared with"] = read_champion(found)["label"]
    rows["people who answer for it"] = "see CODEOWNERS"
    made = [[name, tags.get(name, "unknown")] for name in PROVENANCE]
    table = make_table(["what", "is"], [[name, value] for name, value in rows.items() if value])
    return [table, "To make it again:", make_table(["what", "value"], made)]


def _uses(problem: Problem, plan: Plan) -> list[str]:
    product = plan.product
    rows = [
        ["question", product.question],
        ["answer", f"{problem.target.description}: {problem.target.expected}"],
        ["decision", product.decision or "not stated"],
        ["intended uses", "; ".join(product.intended_uses) or "not stated"],
        ["uses out of scope", "; ".join(product.excluded_uses) or "not stated"],
        ["a person looks", problem.objective.describe_review()],
        ["reviewed blind, of all decisions", f"{plan.review.blind_share:.1%}"],
    ]
    return [make_table(["what", "is"], rows)]


def _factors(found: Mapping[str, Any], problem: Problem) -> list[str]:
    columns = [[each.name, each.description, str(each.kind), each.use] for each in problem.columns]
    more = f"{len(columns) - SHOWN:,} more columns are in `{DATA_CARD}`." if len(columns) > SHOWN else ""
    protected = [column.name for column in problem.columns if column.protected]
    audit = f"Groups are those of {', '.join(protected)}." if protected else "No column is marked PROTECTED."
    slices = "Slices are the categories of each column, and quarters of its numbers."
    parts = [make_table(["column", "description", "kind", "use"], columns[:SHOWN]), more, f"{audit} {slices}"]
    if shares := [*_label_rows(found)]:
        parts += ["What is true, in the training table:", make_table(["of", "answers"], shares)]
    return parts


def _label_rows(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for part, answers in json.loads(found["tags"].get("labels", "{}")).items():
        yield [part, ", ".join(f"{answer} {share:.4g}" for answer, share in answers.items())]


def _metrics(problem: Problem, plan: Plan) -> list[str]:
    figures = ", ".join(plan.product.metrics or problem.objective.figures)
    limits = ", ".join(f"{rate} at most {limit:g}" for rate, limit in plan.groups.limits.items()) or "none"
    rows = [
        ["what mistakes cost", problem.objective.describe(problem.target.name)],
        ["figures beside the cost", figures],
        ["least benefit", f"{plan.gates.least_benefit:.1%} of the champion's cost; the first champion is the rules"],
        ["limits of gaps between groups", limits],
        ["uncertainty", f"intervals of {plan.gates.confidence:.0%}; rows that belong together are resampled together"],
    ]
    return [make_table(["what", "is"], rows)]


def _evaluation_data(found: Mapping[str, Any], plan: Plan) -> list[str]:
    if not found["metrics"]:
        return ["None: this version was not evaluated when it was registered."]
    by = plan.data.time or plan.data.group
    order = f" by {by}" if by else ""
    text = f"The training table, by cross-validation: every row is predicted without its fold, {plan.data.folds} folds"
    return [f"{text}{order}, in {plan.gates.assignments} assignments of rows to folds."]


def _training_data(found: Mapping[str, Any], problem: Problem, data_card: str | None) -> list[str]:
    tags = found["tags"]
    rows, digest = tags.get("rows"), tags.get("data", "unknown")
    text = f"{rows} rows of the training table, digest `{digest}`." if rows else "None that is recorded."
    joined = f" Joined from other tables: {', '.join(sorted(problem.joined))}." if problem.joined else ""
    card = f"The [data card](data-card.md), digest `{data_card}`, describes the plan's table." if data_card else ""
    return [text + joined, card or f"There is no `{DATA_CARD}`; `make data-card` writes it."]


def _ethics(problem: Problem, plan: Plan) -> list[str]:
    uses = [f"{column.name}: {column.use}" for column in problem.columns if not column.is_input]
    keep = plan.privacy.keep_decisions_days
    uses += ["no column is marked PROTECTED or PERSONAL"] * (not uses)
    kept = f"decisions are deleted after {keep} days" if keep else "decisions are kept until someone deletes them"
    return [_list([*uses, kept, "people can override each answer; `docs/privacy.md` says what is recorded"])]


def _caveats(found: Mapping[str, Any], problem: Problem, plan: Plan, data_card: str | None) -> Iterator[str]:
    """Yield what the evidence leaves open, each in a sentence, and what to do."""
    tags, product = found["tags"], plan.product
    if tags.get("contract") != problem.fingerprint:
        yield "It was made for another contract and answers no request: run `make data` and `make train`."
    if tags.get("clean") == "false":
        yield "No commit makes it again: it was trained outside of a repository, or with uncommitted changes."
    if unsettled := find_unsettled(found):
        yield f"Gates that did not pass, and did not refuse it: {', '.join(unsettled)}."
    if small := find_small_groups(found):
        yield f"Groups of too few rows to be shown equal: {', '.join(small)}; bring rows of them."
    if plan.gates.confirmed:
        yield f"Confirmed by a person in gates.confirmed: {', '.join(plan.gates.confirmed)}."
    if not plan.groups.limits or not any(column.protected for column in problem.columns):
        yield "No difference between groups is limited: mark columns PROTECTED, and set groups.limits."
    names = ("decision", "intended_uses", "excluded_uses")
    if missing := [name for name in names if not getattr(product, name)]:
        yield f"plan.toml does not say of the product: {', '.join(missing)}."
    if data_card is None:
        yield "No data card describes the table."
    yield "The figures hold for rows like those of the training table; `make monitor` watches decisions for drift."


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {' '.join(sentence.split())}" for sentence in sentences)
