"""The one error that people are meant to read."""

from __future__ import annotations


class UserError(Exception):
    """Something a person can put right. Its text says what is wrong, where, and the next step.

    Commands print it as one line and exit with 2; nothing has been changed when it is raised.
    """
