"""The one error that people are meant to read, and one-line messages for errors of libraries."""

import contextlib
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any


class UserError(Exception):
    """Something a person can correct. Its text says what is wrong, where, and what to do next.

    Commands print it as one line and exit with 2. Run the command again after the correction: it completes.
    """


@contextlib.contextmanager
def in_one_line(what: str, next_step: str) -> Iterator[None]:
    """Turn any error of the block into a `UserError` of one line, without passwords of URLs."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0].strip() or type(error).__name__
        raise UserError(hide_passwords(f"{what}: {reason}; {next_step}")) from error


def hide_passwords(text: str) -> str:
    """Remove user names and passwords from every URL in a text."""
    return re.sub(r"//\S*@", "//", text)


def error_message(error: Mapping[str, Any]) -> str:
    """Return the message of one pydantic error, without the prefix of our own validators."""
    return str(error["msg"]).removeprefix("Value error, ")


def describe_error(error: Mapping[str, Any], model: Any) -> str:
    """Return place and message of one pydantic error; for an unknown key, also the nearest known one."""
    message = error_message(error)
    if error["type"] == "extra_forbidden":
        *section, key = error["loc"]
        for part in section:
            model = model.model_fields[part].annotation
        [nearest] = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.0)
        message = f"unknown key; the nearest known one is {nearest}"
    return f"{'.'.join(map(str, error['loc']))}: {message}"
