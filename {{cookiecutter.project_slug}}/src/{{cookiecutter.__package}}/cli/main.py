"""The entry point: every command of the project under one name."""

import errno
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import typer
from rich.console import Console

from ..core.errors import UserError

MODULES = (
    *("init", "data", "catalogue", "label", "formulate", "model", "model_card", "search", "evaluate"),
    "product",
    *("operations", "rollout", "changes", "privacy", "simulate", "tour"),
)
OURS = __name__.partition(".")[0]
OWNED = Path(__file__).parents[1] / "problem"  # errors in these files are their owners' to correct
CORRECTABLE = ("EACCES", "EDQUOT", "EEXIST", "EFBIG", "EISDIR", "ENOSPC", "ENOTDIR", "EPERM", "EROFS")


def wheels() -> list[ModuleType]:
    """Return the modules with the commands of `init` and of each wheel; what was left out has none."""
    return [import_module(f".{name}", __package__) for name in MODULES if find_spec(f"{__package__}.{name}")]


def app() -> typer.Typer:
    """Return the commands of every wheel that is here."""
    commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for wheel in wheels():
        commands.add_typer(wheel.commands)
    return commands


def main() -> None:
    """Run a command; an error that a person can correct is printed as one line, and ends with 2."""
    try:
        app()()
    except Exception as error:
        if isinstance(error, UserError):
            message = str(error)
        elif place := _place_in_owned_file(error):
            reason = getattr(error, "msg", None) or getattr(error, "message", None) or error
            message = f"{place}: {type(error).__name__}: {reason}"
        elif isinstance(error, ModuleNotFoundError) and not str(error.name).startswith(OURS):
            message = f"{error.name} is not installed; `uv sync` installs what every command needs"
        elif isinstance(error, OSError) and errno.errorcode.get(error.errno or 0) in CORRECTABLE:
            message = f"{error.filename or 'a file'}: {error.strerror}; make room or give access, then try again"
        else:
            raise
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print("error:", " ".join(message.split()), markup=False)
        sys.exit(2)


def _place_in_owned_file(error: Exception) -> str | None:
    """Return file and line of the owner's code that raised, or None for errors of other code."""
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    if isinstance(error, ImportError):  # a name is missing from the file, not from a line of it
        places.append((error.path or "", None))
    owned = [(Path(file).relative_to(OWNED), line) for file, line in places if OWNED in Path(file).parents]
    return ", line ".join(str(part) for part in owned[-1] if part is not None) if owned else None
