"""What a gate says: pass, fail, or not enough evidence, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word of one gate, in words and numbers."""

    gate: str
    status: Status
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    inconclusive_blocks: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this verdict is a veto."""
        return self.status == "fail" or (self.status == "inconclusive" and self.inconclusive_blocks)


def interval_status(low: float, high: float, limit: float) -> Status:
    """Judge an interval against an upper limit: under it, over it, or across it."""
    if high <= limit:
        return "pass"
    return "fail" if low > limit else "inconclusive"
