"""Following: calls that a serving process makes again and again beside its answers."""

import asyncio
import logging
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)


async def follow(calls: Sequence[Callable[[], None]], seconds: float) -> None:
    """Make every call in a thread, then wait, until the task is cancelled; an error of a call does not end it."""
    while True:
        await asyncio.sleep(seconds)
        for call in calls:
            try:
                await asyncio.to_thread(call)
            except Exception:  # an entry is not one of ours, or a store is away; the models in memory keep answering
                log.exception("cannot follow the published models and the rollout")


async def follow_apart(groups: Sequence[tuple[Sequence[Callable[[], None]], float]]) -> None:
    """Follow groups of calls side by side, each in its own seconds: a call that hangs holds up its group alone."""
    await asyncio.gather(*(follow(calls, seconds) for calls, seconds in groups))
