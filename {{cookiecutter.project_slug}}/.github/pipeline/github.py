"""What GitHub shows of a job: notices, its summary and its outputs. At a desk, they are printed."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def notice(text: str) -> None:
    """Say what somebody should know, though nothing failed."""
    is_action = os.environ.get("GITHUB_ACTIONS") == "true"
    print(f"::notice::{text}" if is_action else f"notice: {text}", flush=True)  # noqa: T201  # before other programs


def summarise(text: str) -> None:
    """Append Markdown to the summary of the job."""
    _append("GITHUB_STEP_SUMMARY", f"{text}\n")


def set_output(name: str, value: str) -> None:
    """Set an output of the step."""
    sys.stdout.write(f"{name}: {value}\n")
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def _append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)
