"""Report."""

from typing import Any


def write_report(*_: Any) -> None:
    """Write."""
