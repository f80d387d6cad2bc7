"""Markdown: tables of model cards and of the summaries of jobs."""

from collections.abc import Sequence


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a line break in a cell becomes a space."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_escape, line))} |" for line in lines)


def _escape(cell: str) -> str:
    return " ".join(cell.split()).replace("|", r"\|")
