"""Requests that wait together are answered together: one model call and one transaction for all."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

In = TypeVar("In")
Out = TypeVar("Out")


class FullError(RuntimeError):
    """More requests wait than the product takes on."""


class Batcher(Generic[In, Out]):
    """Runs `work` on everything that is waiting, over and over, in a thread of its own.

    Parameters
    ----------
    work
        Takes a list of items and returns as many results, in the same order.
    most
        How much may wait, by the sizes of the items.
    batch
        No item joins a batch that is this large already.
    linger
        Seconds to wait, while others wait, for those who were just answered: busy clients ask
        again at once, and one large batch costs less than two halves. Whoever is alone never waits.
    """

    def __init__(
        self, work: Callable[[Sequence[In]], Sequence[Out]], *, most: int, batch: int = 512, linger: float = 0.003
    ) -> None:
        self.work = work
        self.most = most
        self.batch = batch
        self.linger = linger
        self._size = self._enough = 0
        self._lingering: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[In, int, asyncio.Future[Out]]] = deque()
        self._now: list[tuple[In, int, asyncio.Future[Out]]] = []
        self._tasks: SimpleQueue[list[In] | None] = SimpleQueue()
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Batcher[In, Out]:
        """Start answering."""
        self._loop = asyncio.get_running_loop()
        # a plain thread and queue: an executor's futures would cost more than a small batch
        threading.Thread(target=self._run, name="batcher", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what is still waiting, then stop."""
        await self._idle.wait()
        self._tasks.put(None)

    async def submit(self, item: In, size: int = 1) -> Out:
        """Return the result for one item.

        Raises
        ------
        FullError
            Too much is waiting already.
        Exception
            Whatever `work` raised for the batch that the item was in.
        """
        if self._size + size > self.most:
            message = f"{self._size} requests are waiting already"
            raise FullError(message)
        future: asyncio.Future[Out] = self._loop.create_future()
        self._waiting.append((item, size, future))
        self._size += size
        if self._idle.is_set():
            self._idle.clear()
            # not at once: what came in together is together when the loop comes round
            self._loop.call_soon(self._next)
        elif self._lingering and len(self._waiting) >= self._enough:
            self._next()
        return await future

    def _next(self) -> None:
        if self._lingering:
            self._lingering.cancel()
            self._lingering = None
        taken = 0
        while self._waiting and taken < self.batch:
            self._now.append(self._waiting.popleft())
            taken += self._now[-1][1]
        self._size -= taken
        if self._now:
            self._tasks.put([item for item, _, _ in self._now])
        else:
            self._idle.set()

    def _run(self) -> None:
        while (items := self._tasks.get()) is not None:
            try:
                results: Sequence[Out] | Exception = self.work(items)
            except Exception as error:  # noqa: BLE001  # it belongs to those who wait, and the loop goes on
                results = error
            self._loop.call_soon_threadsafe(self._deliver, results)

    def _deliver(self, results: Sequence[Out] | Exception) -> None:
        done, self._now = self._now, []
        self._enough = len(done) + len(self._waiting)
        if self._waiting:
            self._lingering = self._loop.call_later(self.linger, self._next)
        else:
            self._next()
        for place, (_, _, future) in enumerate(done):
            if future.done():  # its client has gone
                continue
            if isinstance(results, Exception):
                future.set_exception(results)
            else:
                future.set_result(results[place])
