"""Calls that may take too long: they are waited for only so long, and then left alone."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = SimpleQueue[tuple[Any, Exception | None]]


class Patience:
    """Runs calls in a thread of its own, one at a time.

    A call that is late keeps the thread; until it comes back, every other call is refused at once.
    So a model that hangs costs one thread and one wait, however many requests come.

    Parameters
    ----------
    seconds
        How long one call is waited for.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...], Answer] | None] = SimpleQueue()
        self._late: Answer | None = None
        # a daemon, so that a call that never ends does not keep the process from ending
        threading.Thread(target=self._run, name="model", daemon=True).start()

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `work` returns for the arguments.

        Raises
        ------
        TimeoutError
            It takes too long, or an earlier call still does.
        Exception
            Whatever `work` raised.
        """
        if self.late:
            message = "an earlier call has not come back"
            raise TimeoutError(message)
        self._late = None
        answer: Answer = SimpleQueue()
        self._calls.put((work, arguments, answer))
        try:
            result, error = answer.get(timeout=self.seconds)
        except Empty:
            self._late = answer
            message = f"no answer within {self.seconds * 1000:g} ms"
            raise TimeoutError(message) from None
        if error is not None:
            raise error
        return result

    @property
    def late(self) -> bool:
        """Whether a call that was given up has not come back yet."""
        return self._late is not None and self._late.empty()

    def close(self) -> None:
        """Let the thread end when it has nothing to do."""
        self._calls.put(None)

    def _run(self) -> None:
        # OpenMP counts for each thread: many for a handful of rows cost more than they give
        threadpool_limits(1)
        while (call := self._calls.get()) is not None:
            work, arguments, answer = call
            try:
                answer.put((work(*arguments), None))
            except Exception as error:  # noqa: BLE001  # it belongs to the caller
                answer.put((None, error))
