"""What a job of a workflow shows: its summary and its outputs. At a desk nothing asks for them."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..core.markdown import make_table
from ..core.result import GateResult


def summarise(title: str, text: str) -> None:
    """Append a section of Markdown to the summary of the job, in the file that GitHub names."""
    _append("GITHUB_STEP_SUMMARY", f"### {title}\n\n{text}\n")


def set_output(name: str, value: str) -> None:
    """Set an output of the step, which later jobs read."""
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def tabulate(results: Sequence[GateResult]) -> str:
    """Return what was found, faults first, as a table of Markdown."""
    order = ["fail", "inconclusive", "pass"]
    found = sorted(results, key=lambda result: order.index(result.status))
    return make_table(["result", "what was found"], [[result.status, result.message] for result in found])


def _append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)
