"""The result of a gate: pass, fail or inconclusive, with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate found, as a sentence and as numbers."""

    gate: str
    status: Status
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    inconclusive_blocks: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this result is a veto."""
        return self.status == "fail" or (self.status == "inconclusive" and self.inconclusive_blocks)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured without a limit that it could break, as a sentence and as numbers."""

    name: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def fail_if(is_fault: Any) -> Status:
    """Return "fail" for a fault, else "pass"."""
    return "fail" if is_fault else "pass"


def compare_interval(low: float, high: float, limit: float) -> Status:
    """Compare an interval with an upper limit: below it, above it, or across it."""
    return "pass" if high <= limit else "fail" if low > limit else "inconclusive"
