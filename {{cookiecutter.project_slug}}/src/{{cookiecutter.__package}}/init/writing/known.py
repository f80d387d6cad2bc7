"""`data/README.md`: what is known of the table, and what a person has to add."""

from collections.abc import Iterator
from datetime import date, timedelta

from ..proposal import Field, Proposal

EPOCH = date(1970, 1, 1)
SHOWN = 10  # categories in a description
HEAD = """# Where the table comes from

`{table}`: {rows:,} rows. Write here what the table itself does not say: what one row is, who collected it, when
and from which system, who may use it, and what is known to be wrong with it.

## Columns

| column | in the contract | values | missing |
|---|---|---|---:|
"""


def render_readme(proposal: Proposal) -> str:
    """Return `data/README.md`."""
    lines = [_row(field, proposal) for field in (*proposal.fields, proposal.target)]
    text = HEAD.format(table=cell(proposal.table), rows=proposal.rows) + "\n".join(lines) + "\n"
    if proposal.ignored:
        left = [f"- `{cell(name)}`: {cell(reason)}" for name, reason in proposal.ignored.items()]
        text += "\n## Columns that are not used\n\n" + "\n".join(left) + "\n"
    if notes := [f"- {cell(note)}" for note in remarks(proposal)]:
        text += "\n## What to know\n\n" + "\n".join(notes) + "\n"
    return text


def remarks(proposal: Proposal) -> Iterator[str]:
    """Yield what was decided about the columns that are used, and what was found."""
    for field in (*proposal.fields, proposal.target):
        yield from (f"{field.profile.name}: {note}" for note in field.profile.notes)
    for finding in proposal.findings:
        if not set(finding.columns) & set(proposal.ignored):
            yield finding.sentence


def describe(field: Field) -> str:
    """Return what a field is, with its marks."""
    column, marks = field.column, ["protected"] * field.protected + ["personal"] * field.personal
    words = column.expected
    if field.profile.kind == "date" and column.low is not None and column.high is not None:
        first, last = (EPOCH + timedelta(days=days) for days in (column.low, column.high))
        words = f"a date from {first:%Y-%m-%d} to {last:%Y-%m-%d}, as days since 1970-01-01"
    elif len(column.categories) > SHOWN:
        words = f"one of {len(column.categories)}: {', '.join(column.categories[:SHOWN])}, ..."
    return ", ".join([words, *marks])


def cell(text: str) -> str:
    """Return a text in one line of a table of Markdown."""
    return " ".join(text.replace("|", "\\|").replace("`", "'").split())


def _row(field: Field, proposal: Proposal) -> str:
    name, role = field.profile.field, " (the answer)" if field is proposal.target else ""
    share = f"{100 * field.profile.missing / max(proposal.rows, 1):.1f} %" if field.profile.missing else ""
    return f"| {cell(field.profile.name)} | `{name}`{role} | {cell(describe(field))} | {share} |"
