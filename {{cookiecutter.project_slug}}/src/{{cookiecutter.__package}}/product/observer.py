"""What the product reports to whoever measures it; the operations wheel implements this."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Observer(Protocol):
    """Counts what the product does."""

    def count_decisions(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Count decisions that were recorded."""

    def count_reaction(self, verdict: str) -> None:
        """Count a reaction."""
