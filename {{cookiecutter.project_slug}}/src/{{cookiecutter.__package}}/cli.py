"""The roof: every command of the project under one name."""

from __future__ import annotations

import functools
import sys
import traceback
from importlib import import_module
from pathlib import Path

import typer
from rich.console import Console

from .errors import UserError
from .tasks import add_tasks

# what people write; its errors are theirs to put right
WRITTEN = [Path(__file__).parent / name for name in ("contract.py", "model/rules.py")]


@functools.cache
def app() -> typer.Typer:
    """Return the commands; imported here, so that an error in the contract is said in one line as well."""
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for wheel in import_module(".commands", __package__).wheels():
        wheel.add(made)
    add_tasks(made)
    return made


def main() -> None:
    """Run a command; what a person can put right is said in one line."""
    try:
        app()()
    except UserError as error:
        _refuse(str(error))
    except Exception as error:
        place = _place(error)
        if place is None:
            raise
        said = getattr(error, "msg", None) or getattr(error, "message", None) or error
        _refuse(f"{place}: {type(error).__name__}: {said}")


def _refuse(message: str) -> None:
    text = " ".join(message.split())
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {text}", markup=False)
    sys.exit(2)


def _place(error: Exception) -> str | None:
    """Return where an import of what people write went wrong, or None if the error is another."""
    frames = [(frame.filename, frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", "<module>", error.lineno))
    if isinstance(error, ImportError):
        frames.append((error.path or "", "<module>", None))
    for path in WRITTEN:
        there = [(name, line) for file, name, line in frames if Path(file) == path]
        if "<module>" in dict(there):
            line = there[-1][1]
            return path.name if line is None else f"{path.name}, line {line}"
    return None
