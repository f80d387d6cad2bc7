"""Micro-batching: requests that wait together are answered by one model call and one transaction."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, Self, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class QueueFullError(RuntimeError):
    """More requests wait than the product accepts (backpressure)."""


class Batcher(Generic[In, Out]):
    """Calls `work` on everything that is waiting, again and again, in a thread of its own.

    `work`: takes a list of items and returns as many results, in the same order.
    `max_waiting`: how much may wait, by the sizes of the items.
    `max_batch`: no item joins a batch that has reached this size.
    `linger`: seconds to wait, while others wait, for those that were just answered: busy clients ask again at
      once, and one large batch costs less than two halves. A single client never waits.
    """

    def __init__(
        self,
        work: Callable[[Sequence[In]], Sequence[Out]],
        *,
        max_waiting: int,
        max_batch: int = 512,
        linger: float = 0.003,
    ) -> None:
        self.work = work
        self.max_waiting = max_waiting
        self.max_batch = max_batch
        self.linger = linger
        self._size = self._full_batch = 0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[In, int, asyncio.Future[Out]]] = deque()
        self._current: list[tuple[In, int, asyncio.Future[Out]]] = []
        self._tasks: SimpleQueue[list[In] | None] = SimpleQueue()
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        """Start the thread."""
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

        Raises QueueFullError: too much is waiting already. Exception: whatever `work` raised for the batch of
        the item.
        """
        if self._size + size > self.max_waiting:
            message = f"{self._size} requests are waiting already"
            raise QueueFullError(message)
        future: asyncio.Future[Out] = self._loop.create_future()
        self._waiting.append((item, size, future))
        self._size += size
        if self._idle.is_set():
            self._idle.clear()
            # in the next round of the loop, so that what arrived together is answered together
            self._loop.call_soon(self._start_batch)
        elif self._timer and len(self._waiting) >= self._full_batch:
            self._start_batch()
        return await future

    def _start_batch(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        taken = 0
        while self._waiting and taken < self.max_batch:
            self._current.append(self._waiting.popleft())
            taken += self._current[-1][1]
        self._size -= taken
        if self._current:
            self._tasks.put([item for item, _, _ in self._current])
        else:
            self._idle.set()

    def _run(self) -> None:
        while (items := self._tasks.get()) is not None:
            try:
                results: Sequence[Out] | Exception = self.work(items)
            except Exception as error:  # noqa: BLE001  # it is raised again in `submit`
                results = error
            self._loop.call_soon_threadsafe(self._deliver, results)

    def _deliver(self, results: Sequence[Out] | Exception) -> None:
        done, self._current = self._current, []
        self._full_batch = len(done) + len(self._waiting)
        if self._waiting:
            self._timer = self._loop.call_later(self.linger, self._start_batch)
        else:
            self._start_batch()
        for position, (_, _, future) in enumerate(done):
            if future.done():  # its client has disconnected
                continue
            if isinstance(results, Exception):
                future.set_exception(results)
            else:
                future.set_result(results[position])
