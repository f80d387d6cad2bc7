"""Drill: roll out and back on a running product, and measure how long the way back takes."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...core.errors import UserError
from ...stores.history import find_last_of_arm
from ...stores.ledger import Ledger
from ...stores.rollouts import Rollout, RolloutConflictError, begin, change
from ..simulation.client import Client

AGREED = 20  # answers in a row, each on a connection of its own: several processes may answer
TIMEOUT = 15.0  # seconds
Ask = Callable[[], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Drill:
    """How many seconds a product took to follow forth and back, and when after that the challenger still decided."""

    forth: float
    back: float
    late: float


def ask_rollout(url: str, key: str) -> Mapping[str, Any] | None:
    """Return the live rollout as one process of a product sees it. Raises UserError: the product does not answer."""
    answer = Client(url, key).send("GET", "/v1/model")  # on a connection of its own
    if not isinstance(answer.body, dict) or "rollout" not in answer.body:
        raise UserError(f"{url}: {answer.reason}: this is no product of this template; check --url")
    found: Mapping[str, Any] | None = answer.body["rollout"]
    return found


def run_drill(
    ledger: Ledger, champion: Mapping[str, Any], challenger: Mapping[str, Any], share: float, ask: Ask
) -> Drill:
    """Give the challenger a share of the traffic, then roll back, and measure how long the product takes to follow.

    Raises UserError: another rollout is live, or the product does not follow; the way back is taken in any case.
    """
    try:
        begun = begin(ledger, champion, challenger, [share, 1.0], "a drill")
    except RolloutConflictError as error:
        raise UserError(f"{error}; a drill needs a product without a rollout") from None
    running = change(ledger, begun, why="a drill", state="running", step=1, share=share)
    try:
        forth = _wait(ask, lambda found: found is not None and found["id"] == running.id)
    finally:
        with contextlib.suppress(RolloutConflictError):  # the product's alarm was the first
            running = change(ledger, running, why="a drill", state="back")
    back = _wait(ask, lambda found: found is None)
    return Drill(forth, back, _find_late(ledger, running))


def _wait(ask: Ask, is_there: Callable[[Mapping[str, Any] | None], bool]) -> float:
    """Return after how many seconds the first of AGREED answers in a row was as expected."""
    start, agreed, first = time.monotonic(), 0, 0.0
    for now in _ticks(start):
        if not is_there(ask()):
            agreed = 0
            continue
        first = first if agreed else now
        agreed += 1
        if agreed == AGREED:
            return first - start
    raise UserError(f"the product did not follow the rollout within {TIMEOUT:g} s; look at its log")


def _ticks(start: float) -> Iterator[float]:
    while (now := time.monotonic()) < start + TIMEOUT:
        yield now
        time.sleep(0.02)


def _find_late(ledger: Ledger, rollout: Rollout) -> float:
    """Return how many seconds after the way back the challenger gave its last decision; 0 if it gave none."""
    last = find_last_of_arm(ledger, rollout.id, "challenger") or rollout.changed_at
    late = datetime.fromisoformat(last) - datetime.fromisoformat(rollout.changed_at)
    return max(late.total_seconds(), 0.0)
