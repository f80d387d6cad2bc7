"""Requests that wait together are answered together: one model call and one transaction for all."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
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
        How many items may wait, and how many one batch may hold.
    """

    def __init__(self, work: Callable[[Sequence[In]], Sequence[Out]], *, most: int, batch: int = 512) -> None:
        self.work = work
        self.most = most
        self.batch = batch
        self._waiting: list[tuple[In, asyncio.Future[Out]]] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batcher")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Batcher[In, Out]:
        """Start answering."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what is still waiting, then stop."""
        await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
        await asyncio.to_thread(self._thread.shutdown)

    async def submit(self, item: In) -> Out:
        """Return the result for one item.

        Raises
        ------
        FullError
            Too many are waiting already.
        Exception
            Whatever `work` raised for the batch that the item was in.
        """
        if len(self._waiting) >= self.most:
            message = f"{self.most} requests are waiting already"
            raise FullError(message)
        future: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                self._idle.set()
                await self._arrived.wait()
            self._idle.clear()
            self._arrived.clear()
            now, self._waiting = self._waiting[: self.batch], self._waiting[self.batch :]
            try:
                results = await loop.run_in_executor(self._thread, self.work, [item for item, _ in now])
            except Exception as error:  # noqa: BLE001  # it belongs to those who wait, and the loop goes on
                _settle(now, error)
            else:
                for (_, future), result in zip(now, results, strict=True):
                    if not future.done():  # its client may have gone
                        future.set_result(result)


def _settle(waiting: list[tuple[In, asyncio.Future[Out]]], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
