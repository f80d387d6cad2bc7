"""Data card: what the table is for, where it comes from, what it holds, and what it lacks.

The sections follow Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 2021, and Pushkarna,
Zaldivar and Kjartansson, "Data Cards", FAccT 2022, as far as there is evidence; the rest is the owner's to write.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from ..core.join import describe_join
from ..core.markdown import make_table
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.schema import Column
from .describe import NOTES, Description, Values
from .labels import WORDS

MANY_MISSING = 0.2  # of the rows
# sizes in bytes, so that a card of any table is read in one sitting: below 40 kB
CELL, COLUMNS, NOTE = 120, 18_000, 6_000
LISTED, GROUPS, ANSWERS, CATEGORIES = 10, 30, 20, 6
NOBODY = "see CODEOWNERS, /data/"
HEAD = """Made by `make data-card` of plan.toml, contract.py, problem/sources.py, data/README.md and the table itself;
an edit here is lost. Reactions and outcomes, which `make data` adds, are not in it: `tables` shows the lake."""


def write_card(found: Description, problem: Problem, plan: Plan) -> str:
    """Return the card of the plan's table in Markdown."""
    columns, left = _fit(_column_rows(found, problem))
    more = f"{left:,} more columns are in `docs/croissant.json`." if left else ""
    groups = [*_group_rows(found, problem)]
    parts = [
        f"# Data card: {_cut(found.origin.name)}",
        HEAD,
        "## Intended use",
        make_table(["what", "is"], _uses(problem, plan)),
        f"## Where it comes from\n\nBy its owner, in `{NOTES}`:",
        _quote(found.notes) or f"Nothing: who collected these rows, when, how and for what belongs into `{NOTES}`.",
        "By measurement:",
        make_table(["what", "is"], _origin_rows(found, problem)),
        "## Rows",
        make_table(["what", "rows"], _row_counts(found, problem, plan)),
        f"The answer, `{problem.target.name}`:",
        make_table(["answer", "share"], _answers(found.values[problem.target.name])),
        "## Columns\n\nShares and quantiles are of the rows that have a value.",
        make_table(["column", "description", "values allowed", "use", "missing", "values found"], columns),
        more,
        "## Groups" if groups else "",
        make_table(["column", "group", "rows"], groups[:GROUPS]) if groups else "",
        f"{len(groups) - GROUPS:,} more groups." if len(groups) > GROUPS else "",
        "## Known gaps",
        "\n".join(f"- {gap}" for gap in _gaps(found, problem, plan)) or "None of those that are looked for.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def describe_values(values: Values, column: Column) -> str:
    """Return what a column holds, in words: shares of categories, quantiles of numbers, how many texts."""
    if values.missing == 1:
        return "no value"
    if column.categories:
        shown = [*_share_rows(values)][:CATEGORIES]
        more = f", and {len(column.categories) - CATEGORIES} more" if len(column.categories) > CATEGORIES else ""
        return ", ".join(f"{_cut(name, CELL // 4)} {share}" for name, share in shown) + more
    if column.is_numeric:
        return ", ".join(f"{name}: {_number(value)}" for name, value in values.quantiles.items())
    return f"{values.distinct:,} different texts"


def find_owner(plan: Plan) -> str:
    """Return who answers for the tables."""
    return plan.data.owner or NOBODY


def _uses(problem: Problem, plan: Plan) -> list[list[str]]:
    doc = (problem.features.__doc__ or "").strip().partition("\n")[0]
    answer = f"`{problem.target.name}`: {problem.target.description}; {problem.target.expected}"
    uses = {"question": plan.product.question, "a row": doc, "answer": answer}
    uses |= {"mistakes": problem.objective.describe(problem.target.name), "owner": find_owner(plan)}
    return [[what, _cut(text, 2 * CELL)] for what, text in uses.items() if text]


def _origin_rows(found: Description, problem: Problem) -> list[list[str]]:
    origin, source = found.origin, problem.source.model_dump(mode="json", exclude_defaults=True)
    reading = [f"{name} = {value!r}" for name, value in source.items() if name not in ("columns", "ignored")]
    reading += [f"{len(source[name])} {name}" for name in ("columns", "ignored") if name in source]
    rows = [["table", _cut(origin.place, 2 * CELL)], ["format", origin.format]]
    if origin.sha256:
        rows += [["bytes", f"{origin.size:,}"], ["SHA-256", origin.sha256]]
    rows += [["identified by", "its number" if problem.source.number_rows else problem.source.key or problem.key]]
    rows += [["about", f"`{problem.source.subject}`: rows of one share a fold"]] if problem.source.subject else []
    rows += [["problem/sources.py", _cut(", ".join(reading), 4 * CELL)]] if reading else []
    for _, join in problem.joins:
        names = ", ".join(f"`{name}`" for name in join.names)
        rows.append(["joined", _cut(f"{names}: {describe_join(join)}", 4 * CELL)])
    return [*rows, ["definition", found.definition]]


def _row_counts(found: Description, problem: Problem, plan: Plan) -> list[list[str]]:
    rows = [["usable", f"{found.rows:,}"], ["in quarantine, with reasons", f"{found.quarantined:,}"]]
    rows.append(["near-duplicates: other keys, equal inputs", f"{found.copies:,}"])
    by = plan.data.group or ("subject" if problem.source.subject else "key")
    split = f"in order of {plan.data.time}" if plan.data.time else f"by a hash of the {by}"
    rows.append([f"in each of {len(found.folds)} folds, {split}", ", ".join(f"{fold:,}" for fold in found.folds)])
    of = {name: f"{found.origins[name]:,}, weight {found.weights[name]:g}" for name in WORDS}
    rows += [[f"with a label of origin {name}", counted] for name, counted in of.items()]
    return [*rows, ["label of a decision that comes back", f"the first of {', '.join(plan.labels.order)}"]]


def _answers(values: Values) -> list[list[str]]:
    if values.quantiles:
        return [[name, _number(value)] for name, value in values.quantiles.items()]
    rows = [[_cut(name), share] for name, share in _share_rows(values)]
    return [*rows[:ANSWERS], *([[f"{len(rows) - ANSWERS:,} more", ""]] if len(rows) > ANSWERS else [])]


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _share_rows(values: Values) -> Iterator[tuple[str, str]]:
    total = sum(values.counts.values()) or 1
    yield from ((name, f"{100 * count / total:.1f} %") for name, count in values.counts.items())


def _column_rows(found: Description, problem: Problem) -> Iterator[list[str]]:
    for column in (problem.target, *problem.columns):
        delivered = problem.source.column(column.name).name
        origin = "" if delivered == column.name else f" (in the table: {_cut(delivered, CELL // 2)})"
        values = found.values.get(column.name)
        missing = "" if values is None else f"{100 * values.missing:.1f} %"
        use = "the answer" if column is problem.target else column.use
        held = "" if values is None else describe_values(values, column)
        yield [column.name, _cut(column.description) + origin, _cut(column.expected), use, missing, held]


def _group_rows(found: Description, problem: Problem) -> Iterator[list[str]]:
    for column in problem.stored:
        if column.protected:
            for group, rows in found.values[column.name].counts.items():
                yield [column.name, _cut(group), f"{rows:,}"]


def _gaps(found: Description, problem: Problem, plan: Plan) -> Iterator[str]:
    """Yield what the table lacks, each in a sentence."""
    held, fields = found.values, (*problem.features.model_fields.items(), *problem.label.model_fields.items())
    limit, fewest = plan.groups.minimum_rows, plan.gates.minimum_answers
    small = [(name, group) for c in problem.stored if c.protected for name, group in _few(c.name, held, limit)]
    lists: dict[str, Iterable[str]] = {
        f"Missing in {MANY_MISSING:.0%} of the rows or more": (n for n, v in held.items() if v.missing >= MANY_MISSING),
        "One value in all rows": (name for name, values in held.items() if values.distinct == 1),
        f"Groups of fewer than {limit} rows (groups.minimum_rows)": (f"{name} = {group}" for name, group in small),
        f"Answers of fewer than {fewest} rows (gates.minimum_answers)": (
            answer for _, answer in _few(problem.target.name, held, fewest)
        ),
        "No description in contract.py": (name for name, field in fields if not field.description),
    }
    for what, names in lists.items():
        if listed := [*names]:
            more = f" and {len(listed) - LISTED:,} more" if len(listed) > LISTED else ""
            yield f"{what}: {', '.join(_cut(name, CELL // 2) for name in listed[:LISTED])}{more}."
    if found.quarantined:
        yield f"Rows that do not fit the contract: {found.quarantined:,}."
    if not plan.data.owner:
        yield "No owner is named: `[data] owner` in plan.toml."
    if not found.notes:
        yield f"Nothing is known of how the rows were collected: `{NOTES}` is not there."


def _few(name: str, held: Mapping[str, Values], limit: int) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for value, rows in held[name].counts.items() if rows < limit)


def _fit(rows: Iterable[list[str]]) -> tuple[list[list[str]], int]:
    """Return the first rows that fit into the size of the table of columns, and how many do not."""
    kept, size, left = [], 0, 0
    for row in rows:
        size += len(" | ".join(row).encode())
        if size <= COLUMNS:
            kept.append(row)
        else:
            left += 1
    return kept, left


def _quote(notes: str) -> str:
    """Return the owner's words, their headings below those of the card."""
    lines = (re.sub(r"^(#+) ", r"##\1 ", line.rstrip()) for line in notes.splitlines())
    text = "\n".join(lines)
    cut = _cut(text, NOTE)
    return cut if cut == text else f"{cut}\n\nThe rest is in `{NOTES}`."


def _cut(text: str, size: int = CELL) -> str:
    """Return a text of at most so many bytes."""
    content = text.encode()
    return text if len(content) <= size else content[: size - 3].decode(errors="ignore") + "…"
