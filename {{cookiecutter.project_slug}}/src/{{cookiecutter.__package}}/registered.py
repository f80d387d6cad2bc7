"""A model as it comes from the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Registered:
    """A model with its name, its version and what is written on it."""

    model: Any
    name: str
    version: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """Name and version, as decisions record them."""
        return f"{self.name}:{self.version}"
