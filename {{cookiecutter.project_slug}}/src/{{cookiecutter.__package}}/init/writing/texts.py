"""The owner's other files: plan, tests of the rules, and what is known of the table."""

import json
import math
import re
import tomllib
from typing import Any

from ...core.objective import make_objective
from ...core.plan import Plan
from ...core.rules import COMPARE, RuleModel
from ..proposal import Proposal
from .code_layout import Group, lay_out, literal, mapping, plain

PLAN = """# The owner's choices: costs, gates, load test and drift. People who never write Python can change this file;
# unknown or misspelt keys are refused. `init` proposed the figures from the table: correct what you know better.

[product]
question = {question}
decision = ""               # what is done with the answer: yours to say
intended_uses = [{intended}]
excluded_uses = [{excluded}]
max_model_ms = 250          # a model that takes longer is stopped, and the rules answer

[review]
{review}

{costs}

[data]
source = {source}
max_quarantined_share = {quarantined} # more unusable rows than this and nothing is published
folds = 5                       # every row is held out once
{split}
[gates]
confidence = 0.90           # of the interval around every comparison: each side is a test at 5 %
bootstrap_rounds = 1000
max_cost_increase = {increase} # cost per decision by which the champion's recipe, fitted anew, may be dearer
max_calibration_error = 0.05    # how far predicted probabilities may be from observed shares
inconclusive_blocks = true  # an inconclusive gate refuses the candidate
clean_commit = true         # what is promoted was trained from committed files

[slices]                    # each category of each column, and each quarter of its numbers
minimum_rows = 50           # smaller slices are not compared
max_cost_increase = 0.15    # a share of what the champion costs in the slice
inconclusive_blocks = false # slices are small: only a conclusive increase refuses the candidate

[groups]                    # how far rates may differ between the groups of a protected column
# smaller groups fail only beyond chance; with fewer than two larger ones, gates.inconclusive_blocks decides
minimum_rows = 100
{limits}
[speed]                     # what the load test holds the product to
requests_per_second = 40
seconds = 8
p95_ms = 150
p99_ms = 400
max_error_share = 0.0
max_leak_bytes = 512            # of memory that a request leaves behind, in a soak
max_slowdown = 1.5              # times the last release, in `make compare`

[drift]
minimum_rows = 100          # decisions before drift is measured
limit = 0.02                # population stability index of a column that matters
level = 0.05                # false alarms in windows without drift, for all columns together
"""
SPLITS = {"group": "rows that have one value of it share a fold", "time": "folds are blocks of rows in this order"}
TESTS = '''"""What the rules answer: the first model, and the fallback of every later one.

Proposed by `init` with the rules. Replace the cases by those that people who know the subject agree on.
"""

from pathlib import Path

import pytest

from {package}.cli.composition import compose
from {package}.core.plan import load_plan
from {package}.core.settings import Settings

PROJECT = Path(__file__).parents[2]
PROBLEM = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml")).problem

# what differs from the contract's example, the answer, and the reason
{cases}


def predict(change):
    """Return the predictions for the contract's example with a change, and the reason."""
    case = {{c.name: [change.get(c.name, c.example)] for c in PROBLEM.inputs}}
    model = PROBLEM.rules.fit()
    return PROBLEM.objective.predict(model, case), model.reasons(case)[0]


@pytest.mark.parametrize(("change", "answer", "reason"), CASES)
def test_case_gets_answer_and_reason(change, answer, reason):
    predictions, given = predict(change)
    assert PROBLEM.objective.answers(predictions) == [answer]
    assert given == reason
'''


def render_plan(proposal: Proposal) -> str:
    """Return `plan.toml`."""
    stakes = proposal.stakes
    kind = "band" if "band" in stakes.review else "above"
    comment = {
        "band": "answers this close to the next best one go to a person",
        "above": "a person looks at an answer this high",
    }[kind]
    limits = "".join(f"{rate} = {number(limit)}\n" for rate, limit in stakes.limits.items())
    head = "[groups.limits]             # largest gap between groups that is allowed\n"
    return PLAN.format(
        question=toml_text(proposal.question),
        intended=toml_text(f"Cases that arise as the rows of {proposal.table} did."),
        excluded=toml_text(f"Cases of another kind, place or time than the rows of {proposal.table}."),
        review=f"{f'{kind} = {number(stakes.review[kind])}':<27} # {comment}",
        costs=_costs(proposal),
        source=toml_text(proposal.place),
        split="".join(f"{f'{by} = {toml_text(name)}':<31} # {SPLITS[by]}\n" for by, name in proposal.split.items()),
        quarantined=f"{stakes.max_quarantined_share:<7}",
        increase=f"{number(stakes.max_cost_increase):<7}",
        limits=head + limits if limits else "",
    )


def render_tests(proposal: Proposal, package: str) -> str:
    """Return `tests/problem/test_own_rules.py`: the example, and a case for each rule that can be reached."""
    plan = Plan.model_validate(tomllib.loads(render_plan(proposal)))
    objective = make_objective(proposal.target.column, plan)
    model = RuleModel([tuple(rule) for rule in proposal.rules], proposal.otherwise).fit()
    example = {field.column.name: field.column.example for field in proposal.fields if field.column.is_input}
    found: dict[str, Group] = {}
    for change in [{}, *filter(None, (_matching(rule, proposal) for rule in proposal.rules))]:
        case = {name: [value] for name, value in (example | change).items()}
        [reason], [answer] = model.reasons(case), objective.answers(objective.predict(model, case))
        changed = mapping((name, literal(value)) for name, value in change.items())
        found.setdefault(reason, Group("(", [changed, literal(answer), literal(reason)], ")"))
    cases = "\n".join(f"    {lay_out(case, 4, after=',')}" for case in found.values())
    return TESTS.format(package=package, cases=f"CASES = [\n{cases}\n]")


def number(value: float) -> str:
    """Return a number as TOML has it."""
    return f"{value:.12g}" if "e" not in f"{value:.12g}" else repr(float(value))


def toml_text(text: str) -> str:
    """Return a text as TOML has it; what cannot be seen is escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else toml_text(text)


def _costs(proposal: Proposal) -> str:
    """Return the costs with a comment that asks for real ones."""
    costs, answers = proposal.stakes.costs, proposal.target.profile.categories
    ask = "# what a mistake costs, in any one unit: a first guess from how rare each answer is; give real costs\n"
    if costs.confusion is not None:
        rows = [
            f"{_key(truth)} = {{ {', '.join(f'{_key(name)} = {number(cost)}' for name, cost in row.items())} }}"
            for truth, row in costs.confusion.items()
        ]
        return f"[costs.confusion]           # truth = {{ answer = cost }}\n{ask}" + "\n".join(rows)
    if answers:
        first, last = map(plain, answers)
        lines = {
            f"positive = {toml_text(answers[-1])}": "the answer to look for, the last one of the contract",
            f"false_negative = {number(costs.false_negative or 0)}": f"{first} is answered where {last} is true",
            f"false_positive = {number(costs.false_positive or 0)}": f"{last} is answered where {first} is true",
        }
    else:
        ask = "# what a unit too little or too much costs, in any one unit: give real costs\n"
        lines = {f"too_low = {number(costs.too_low or 0)}": "", f"too_high = {number(costs.too_high or 0)}": ""}
    return f"[costs]\n{ask}" + "\n".join(f"{line:<27} # {words}" if words else line for line, words in lines.items())


def _matching(rule: tuple[str, str, Any, Any, str], proposal: Proposal) -> dict[str, Any]:
    """Return a change of the example that matches a rule and fits the contract; empty if there is none."""
    name, comparison, value, *_ = rule
    [column] = [field.column for field in proposal.fields if field.column.name == name]
    values: list[Any] = list(column.categories)
    if not values:
        low, high = (value if bound is None else bound for bound in (column.low, column.high))
        values = [value, (value + high) / 2, (value + low) / 2, high, low]
    if column.kind == "integer":
        values = [int(each) for each in (*values, math.floor(value) + 1, math.ceil(value) - 1)]
    return next(({name: each} for each in values if COMPARE[comparison](each, value)), {})
