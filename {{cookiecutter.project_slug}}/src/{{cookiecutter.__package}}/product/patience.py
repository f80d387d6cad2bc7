"""Calls that may take too long: they are waited for only so long, and then left alone."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = SimpleQueue[tuple[Any, Exception | None]]
Calls = SimpleQueue[tuple["Callable[..., Any]", tuple[Any, ...], Answer] | None]


class Patience:
    """Calls one model at a time, in a thread that belongs to that model.

    A call that is late keeps the thread, and until it comes back every other call of that model is
    refused at once: a model that hangs costs one thread and one wait, however many requests come.
    The one that takes its place gets a thread of its own.

    Parameters
    ----------
    seconds
        How long one call is waited for.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._turn = threading.Lock()
        self._model: object = self  # none yet; None would be a model like any other
        self._calls: Calls = SimpleQueue()
        self._late: Answer | None = None

    def call(self, model: object, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `work`, which calls the model, returns for the arguments.

        Raises
        ------
        TimeoutError
            It takes too long, or an earlier call still does.
        Exception
            Whatever `work` raised.
        """
        with self._turn:
            if model is not self._model:
                self._start(model)
            if self._late is not None and self._late.empty():
                message = "an earlier call has not come back"
                raise TimeoutError(message)
            self._late, answer = None, Answer()
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

    def _start(self, model: object) -> None:
        self._calls.put(None)
        self._model, self._calls, self._late = model, SimpleQueue(), None
        # a daemon, so that a call that never ends does not keep the process from ending
        threading.Thread(target=_run, args=(self._calls,), name="model", daemon=True).start()


def _run(calls: Calls) -> None:
    # OpenMP counts for each thread: many for a handful of rows cost more than they give
    threadpool_limits(1)
    while (call := calls.get()) is not None:
        work, arguments, answer = call
        try:
            answer.put((work(*arguments), None))
        except Exception as error:  # noqa: BLE001  # it belongs to the caller
            answer.put((None, error))
