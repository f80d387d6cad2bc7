"""Micro-batching: requests that wait together are answered by one model call and one transaction."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Self

MAX_BATCH = 512  # no item joins a batch that has reached this size


class QueueFullError(RuntimeError):
    """More requests wait than the product accepts (backpressure)."""


class Batcher:
    """Calls `work` on the list of all items that wait, again and again, in a thread of its own.

    `work` returns a result for each item. The sizes of the items that wait or are worked on are `max_waiting` at most.
    """

    def __init__(self, work: Callable[[list[Any]], Sequence[Any]], *, max_waiting: int) -> None:
        self.work = work
        self.max_waiting = max_waiting
        self._size = 0
        self._waiting: SimpleQueue[Any] = SimpleQueue()  # of item, size and future; None at the end

    async def __aenter__(self) -> Self:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what is still waiting, then stop."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    async def submit(self, item: Any, size: int = 1) -> Any:
        """Return the result for one item.

        Raises QueueFullError: too much is waiting already. Exception: whatever `work` raised for the batch.
        """
        if self._size + size > self.max_waiting:
            raise QueueFullError(f"{self._size} requests are waiting already")
        future = self._loop.create_future()
        self._size += size
        self._waiting.put((item, size, future))
        return await future

    def _run(self) -> None:
        batch: list[Any] = []
        while (entry := self._waiting.get()) is not None:
            if self._waiting.qsize() + 1 < len(batch):
                time.sleep(0.001)  # clients that were just answered ask again at once: one large batch costs less
            batch, size = [entry], entry[1]
            while size < MAX_BATCH and not self._waiting.empty():
                entry = self._waiting.get()
                if entry is None:
                    self._waiting.put(None)  # ends the next round
                    break
                batch.append(entry)
                size += entry[1]
            try:
                results: Any = self.work([item for item, _, _ in batch])
            except Exception as error:  # noqa: BLE001  # it is raised again in `submit`
                results = error
            self._loop.call_soon_threadsafe(self._deliver, batch, results)

    def _deliver(self, batch: list[Any], results: Any) -> None:
        for position, (_, size, future) in enumerate(batch):
            self._size -= size
            if future.done():  # its client has disconnected
                continue
            if isinstance(results, Exception):
                future.set_exception(results)
            else:
                future.set_result(results[position])
