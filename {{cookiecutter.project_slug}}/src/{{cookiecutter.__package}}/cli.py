"""The roof: every command of the project under one name."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from .commands import wheels
from .errors import UserError
from .tasks import add_tasks

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for wheel in wheels():
    wheel.add(app)
add_tasks(app)


def main() -> None:
    """Run a command; what a person can put right is said in one line."""
    try:
        app()
    except UserError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {error}", markup=False)
        sys.exit(2)
