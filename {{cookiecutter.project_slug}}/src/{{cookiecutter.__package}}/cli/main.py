"""The entry point: every command of the project under one name."""

import errno
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
CANNOT_WRITE = ("EACCES", "EDQUOT", "EEXIST", "EFBIG", "EISDIR", "ENOSPC", "ENOTDIR", "EPERM", "EROFS")


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
        if place is not None:
            reason = getattr(error, "msg", None) or getattr(error, "message", None) or error
            _exit_with(f"{place}: {type(error).__name__}: {reason}")
        if isinstance(error, OSError) and errno.errorcode.get(error.errno or 0) in CANNOT_WRITE:
            where = error.filename or "a file"
            _exit_with(f"{where} cannot be written: {error.strerror}; make room or give access, then try again")
        raise


def _exit_with(message: str) -> None:
    text = " ".join(message.split())
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {text}", markup=False)
    sys.exit(2)


def _place_in_owned_file(error: Exception) -> str | None:
    """Return file and line of the owner's code that raised, or None for errors of other code."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((Path(error.filename or ""), error.lineno))
    if isinstance(error, ImportError):
        frames.append((Path(error.path or ""), None))
    owned = [(file.relative_to(OWNED), line) for file, line in frames if OWNED in file.parents]
    if not owned:
        return None
    # the name that is imported is missing from the file, not from a line of it
    file, line = owned[-1]
    return str(file) if line is None else f"{file}, line {line}"
