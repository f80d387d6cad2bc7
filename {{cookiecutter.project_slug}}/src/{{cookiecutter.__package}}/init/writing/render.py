"""The owner's Python files, as text that passes the project's own checks whatever the names in a table are."""

from collections import Counter
from typing import Any

from ...core.schema import Column
from ...core.source import Source, SourceColumn
from ..proposal import Proposal
from .code_layout import Group, Node, call, lay_out, literal, mapping, plain, several, subscript

YES_NO = ("no", "yes")
MARKS = ("nominal", "personal", "protected")  # in the order of their imports
SHORT = 40  # characters of categories that stand in their field
CONTRACT = '''"""What the product asks (Features) and what a model answers (Label).

Proposed by `init`, to be read and corrected. Request validation, the form on the page, table checks, model
inputs, drift bins and test data all follow from it; `sources.py` says where each column comes from.
"""

from typing import {typing}

from pydantic import Field

from ..core.schema import {schema}

{aliases}KEY = {key}


class Features(Strict):
    """{table}."""

{features}


class Label(Strict):
    """What turned out to be true: the answer that models learn to give."""

{label}
'''
RULES = '''"""The first model: rules to read and edit. The first rule that matches gives the answer.

A proposal: `init` found these conditions in {rows:,} rows, and nobody has judged them yet. Replace them by
what people who know the subject would say.
"""

# Column, comparison, value, {prediction}, and the reason that people read.
{rules}
{otherwise}
'''
SOURCES = '''"""How the rows of the table become columns of the contract; the next delivery is read alike.

`core/source.py` lists everything that can be given here.
"""

from ..core.source import {names}

{source}
'''
CANDIDATES = '''"""The learned models that are tried, by name. Add yours here: nothing else has to change."""

from collections.abc import Sequence

from sklearn.pipeline import Pipeline

from ..core.pipelines import {names}
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:
    """Return unfitted pipelines whose first step encodes the contract and whose last is named `model`."""
    return {{{found}}}
'''


def render_contract(proposal: Proposal) -> str:
    """Return `problem/contract.py`."""
    columns, target = [field.column for field in proposal.fields], proposal.target.column
    aliases = _name_categories([*columns, target])
    lines = [lay_out(_one_of(categories), before=f"{name} = ") for categories, name in aliases.items()]
    if target.categories:
        lines += ["# the last of two answers is the one that is predicted"] * (len(target.categories) == len(YES_NO))
        lines.append(lay_out(_type(target, aliases), before="Answer = "))
        aliases = aliases | {target.categories: "Answer"}
    label = subscript("Annotated", _type(target, aliases), _limits(target, with_example=False))
    used = {mark.upper() for column in columns for mark in MARKS if getattr(column, mark, False)}
    return CONTRACT.format(
        typing="Annotated, Literal" if any(column.categories for column in [*columns, target]) else "Annotated",
        schema=", ".join([*sorted(used), "Strict"]),
        aliases="".join(f"{line}\n" for line in lines),
        key=literal(proposal.key),
        table=plain(f"A row of {proposal.table}"),
        features="\n".join(_field(column, aliases) for column in columns),
        label=f"    {lay_out(label, 4, before=f'{target.name}: ')}",
    )


def render_rules(proposal: Proposal) -> str:
    """Return `problem/rules.py`."""
    answers = [plain(answer) for answer in proposal.target.profile.categories]
    prediction = f"probability of {answers[-1]}" if answers else plain(proposal.target.profile.description)
    if len(answers) > len(YES_NO):
        prediction = "probabilities of the answers in the contract's order"
    rules: list[Node] = [
        Group("(", [*map(literal, when), _prediction(value), literal(reason)], ")")
        for *when, value, reason in proposal.rules
    ]
    return RULES.format(
        rows=proposal.rows - proposal.target.profile.missing,
        prediction=prediction,
        rules=_lines("RULES = [", rules, "]")
        if rules
        else "RULES: list[tuple[str, str, float | str, float, str]] = []",
        otherwise=lay_out(_prediction(proposal.otherwise), before="OTHERWISE = "),
    )


def render_source(source: Source) -> str:
    """Return `problem/sources.py`: only what differs from a plain CSV file with the contract's names."""
    given = {name: getattr(source, name) for name in source.model_dump(exclude_defaults=True)}
    parts = {name: _setting(value) for name, value in given.items()}
    names = "Source, SourceColumn" if source.columns else "Source"
    return SOURCES.format(names=names, source=lay_out(call("Source", **parts), before="SOURCE = "))


def render_candidates(proposal: Proposal) -> str:
    """Return `problem/candidates.py`."""
    names = ["boosting", "linear", *(["mitigated"] if any(field.protected for field in proposal.fields) else [])]
    found = ", ".join(f'"{name}": {name}(columns, plan)' for name in sorted(names, key=["linear", *names].index))
    return CANDIDATES.format(names=", ".join(names), found=found)


def _lines(opening: str, nodes: list[Node], closing: str) -> str:
    return "\n".join([opening, *(f"    {lay_out(node, 4, after=',')}" for node in nodes), closing])


def _name_categories(columns: list[Column]) -> dict[tuple[str, ...], str]:
    """Return names for categories that are long, or that several columns share."""
    counts = Counter(column.categories for column in columns if column.categories)
    found: dict[tuple[str, ...], str] = {YES_NO: "YesNo"} if YES_NO in counts else {}
    for column in columns[:-1]:
        categories = column.categories
        if categories and categories not in found and (counts[categories] > 1 or len("".join(categories)) > SHORT):
            name = f"{column.name.title().replace('_', '')}Value"
            found[categories] = name if name not in found.values() else f"{name}{len(found)}"
    return found


def _field(column: Column, aliases: dict[tuple[str, ...], str]) -> str:
    kind = _type(column, aliases)
    if column.optional:
        kind = f"{kind} | None" if isinstance(kind, str) else Group(kind.opening, kind.items, "] | None")
    marks = [mark.upper() for mark in MARKS if getattr(column, mark, False)]
    node = subscript("Annotated", kind, *marks, _limits(column))
    return f"    {lay_out(node, 4, before=f'{column.name}: ', after=' = None' if column.optional else '')}"


def _type(column: Column, aliases: dict[tuple[str, ...], str]) -> Node:
    if column.categories:
        return aliases.get(column.categories) or _one_of(column.categories)
    return {"number": "float", "integer": "int"}.get(column.kind, "str")


def _one_of(categories: tuple[str, ...]) -> Group:
    return subscript("Literal", *map(literal, categories))


def _limits(column: Column, *, with_example: bool = True) -> Group:
    """Return `Field(...)`; the first category is the example anyway."""
    given: dict[str, Any] = {"ge": column.low, "le": column.high}
    if with_example and column.example not in (None, *column.categories[:1]):
        given["examples"] = [column.example]
    given["description"] = column.description
    return call("Field", **{name: _setting(value) for name, value in given.items() if value is not None})


def _setting(value: Any) -> Node:
    if isinstance(value, SourceColumn):
        given = {name: getattr(value, name) for name in value.model_dump(exclude_defaults=True)}
        return call("SourceColumn", **{name: _setting(part) for name, part in given.items()})
    if isinstance(value, dict):
        return mapping((key, _setting(part)) for key, part in value.items())
    if isinstance(value, list):
        return Group("[", [literal(part) for part in value], "]")
    return several(value) if isinstance(value, tuple) else literal(value)


def _prediction(value: Any) -> Node:
    return several(value) if isinstance(value, tuple | list) else literal(value)
