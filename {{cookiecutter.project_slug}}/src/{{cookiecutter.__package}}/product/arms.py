"""Arms: which of two models answers a decision while a rollout runs."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.identifiers import ATTRIBUTES

SUBJECT = ATTRIBUTES["subject"]


def position(rollout: str, unit: str) -> float:
    """Return the place of a unit, a subject or a decision, from 0 to 1: uniform, and drawn anew for each rollout."""
    digest = hashlib.blake2b(f"{rollout}:{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def choose_challenger(rollout: str, share: float, rows: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> list[bool]:
    """Return for each row whether the challenger answers it.

    A subject stays on its arm, and stays with the challenger as the share grows. Without a subject, the id of the
    decision takes its place.
    """
    units = [row.get(SUBJECT) or decision for row, decision in zip(rows, ids, strict=True)]
    return [position(rollout, unit) < share for unit in units]
