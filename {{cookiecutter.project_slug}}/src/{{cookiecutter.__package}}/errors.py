"""The one error that people are meant to read, and words for what pydantic finds."""

from __future__ import annotations

import contextlib
import difflib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel


class UserError(Exception):
    """Something a person can put right. Its text says what is wrong, where, and the next step.

    Commands print it as one line and exit with 2; nothing has been changed when it is raised.
    """


def said(fault: Mapping[str, Any]) -> str:
    """Return what pydantic says of a fault; of one that our own code found, only what that said."""
    return str(fault["msg"]).removeprefix("Value error, ")


@contextlib.contextmanager
def in_one_line(what: str, step: str) -> Iterator[None]:
    """Say of whatever goes wrong in the block what it is, why, and the next step; never a password in a URL."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(re.sub(r"//[^/\s]*@", "//", f"{what}: {reason}; {step}")) from error


def explain(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return where a fault is and what it is; of an unknown key, the nearest that `model` knows there."""
    *section, key = fault["loc"] or ("",)
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{where}: {said(fault)}"
    found: Any = model
    for part in section:
        found = found.model_fields[str(part)].annotation
    near = difflib.get_close_matches(str(key), list(found.model_fields), n=1, cutoff=0.0)
    return f"{where}: unknown key; the nearest known one is {near[0]}"
