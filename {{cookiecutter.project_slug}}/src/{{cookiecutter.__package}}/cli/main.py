"""The entry point: every command of the project under one name."""

from __future__ import annotations

import functools
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import typer
from rich.console import Console

from ..core.errors import UserError

WHEELS = ("data", "model", "product", "operations")  # a wheel that was left out has no module here
OWNED = Path(__file__).parents[1] / "problem"  # errors in these files are their owners' to correct


@functools.cache
def app() -> typer.Typer:
    """Return the commands of every wheel that is here."""
    commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for name in WHEELS:
        if find_spec(f"{__package__}.{name}") is not None:
            import_module(f".{name}", __package__).add_commands(commands)
    return commands


def main() -> None:
    """Run a command; an error that a person can correct is printed as one line."""
    try:
        app()()
    except UserError as error:
        _exit_with(str(error))
    except Exception as error:
        place = _place_in_owned_file(error)
        if place is None:
            raise
        reason = getattr(error, "msg", None) or getattr(error, "message", None) or error
        _exit_with(f"{place}: {type(error).__name__}: {reason}")


def _exit_with(message: str) -> None:
    text = " ".join(message.split())
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {text}", markup=False)
    sys.exit(2)


def _place_in_owned_file(error: Exception) -> str | None:
    """Return file and line of the owner's code that raised while it was imported, or None for other errors."""
    frames = [(Path(frame.filename), frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((Path(error.filename or ""), "<module>", error.lineno))
    if isinstance(error, ImportError):
        frames.append((Path(error.path or ""), "<module>", None))
    owned = [(file, name, line) for file, name, line in frames if file.parent == OWNED]
    if not any(name == "<module>" for _, name, _ in owned):
        return None
    file, _, line = owned[-1]
    return file.name if line is None else f"{file.name}, line {line}"
