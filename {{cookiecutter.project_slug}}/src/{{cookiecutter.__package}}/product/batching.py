"""Micro-batching: requests that wait together are answered by one model call and one transaction."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Self

MAX_BATCH = 512  # no item joins a batch that has reached this size
LINGER = 0.003  # seconds


class QueueFullError(RuntimeError):
    """More requests wait than the product accepts (backpressure)."""


class Batcher:
    """Calls `work` on the list of all items that wait, again and again, in a thread of its own.

    `work` returns a result for each item. The sizes of all items, waiting or in work, add up to at most `max_waiting`.
    While items wait, a batch also waits, up to `LINGER`, for the clients that were just answered: they ask again at
    once, and one large batch costs less than two halves. A single client never waits.
    """

    def __init__(self, work: Callable[[list[Any]], Sequence[Any]], *, max_waiting: int) -> None:
        self.work = work
        self.max_waiting = max_waiting
        self._size = self._expected = 0
        self._waiting: deque[Any] = deque()  # of item, size and future
        self._batches: SimpleQueue[Any] = SimpleQueue()  # None at the end
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="batcher", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what is still waiting, then stop."""
        await self._idle.wait()
        self._batches.put(None)

    def count_waiting(self) -> int:
        """Return the size of all items that wait or are worked on."""
        return self._size

    async def submit(self, item: Any, size: int = 1) -> Any:
        """Return the result for one item.

        Raises QueueFullError: too much is waiting already. Exception: whatever `work` raised for the batch.
        """
        if self._size and self._size + size > self.max_waiting:
            raise QueueFullError(f"{self._size} rows are waiting already")
        future = self._loop.create_future()
        self._size += size
        self._waiting.append((item, size, future))
        if self._idle.is_set():
            self._idle.clear()
            # in the next round of the loop, so that what arrived together is answered together
            self._loop.call_soon(self._start_batch)
        elif self._timer and len(self._waiting) >= self._expected:
            self._start_batch()
        return await future

    def _start_batch(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        batch, size = [], 0
        while self._waiting and size < MAX_BATCH:
            batch.append(self._waiting.popleft())
            size += batch[-1][1]
        if batch:
            self._batches.put(batch)
        else:
            self._idle.set()

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                results: Any = self.work([item for item, _, _ in batch])
            except Exception as error:  # noqa: BLE001  # it is raised again in `submit`
                results = error
            self._loop.call_soon_threadsafe(self._deliver, batch, results)

    def _deliver(self, batch: list[Any], results: Any) -> None:
        self._expected = len(batch) + len(self._waiting)
        if self._waiting:
            self._timer = self._loop.call_later(LINGER, self._start_batch)
        else:
            self._start_batch()
        for position, (_, size, future) in enumerate(batch):
            self._size -= size
            if future.done():  # its client has disconnected
                continue
            if isinstance(results, Exception):
                future.set_exception(results)
            else:
                future.set_result(results[position])
