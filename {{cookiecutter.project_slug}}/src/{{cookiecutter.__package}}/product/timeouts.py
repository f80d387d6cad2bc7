"""Run a model call in a worker thread with a timeout, and open the circuit while a late call is still running."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from threadpoolctl import threadpool_limits

Outcome = SimpleQueue[tuple[Any, Exception | None]]
Calls = SimpleQueue[tuple["Callable[..., Any]", tuple[Any, ...], Outcome] | None]


class TimedCaller:
    """Calls one model at a time, in a thread that belongs to that model (a circuit breaker).

    A call that is late keeps its thread, and until it returns every other call of that model is refused
    at once: a model that hangs costs one thread and one timeout, however many requests come. The model
    that replaces it gets a thread of its own.

    `seconds`: the timeout of one call.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._model: object = self  # no model yet; None would be a model like any other
        self._calls: Calls = SimpleQueue()
        self._late: Outcome | None = None

    def call(self, model: object, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `work`, which calls the model, returns for the arguments.

        Raises TimeoutError: the call takes too long, or an earlier one is still running. Exception: whatever
        `work` raised.
        """
        with self._lock:
            if model is not self._model:
                self._start_thread(model)
            if self._late is not None and self._late.empty():
                message = "an earlier call is still running"
                raise TimeoutError(message)
            self._late, outcome = None, Outcome()
            self._calls.put((work, arguments, outcome))
            try:
                result, error = outcome.get(timeout=self.seconds)
            except Empty:
                self._late = outcome
                message = f"no answer within {self.seconds * 1000:g} ms"
                raise TimeoutError(message) from None
        if error is not None:
            raise error
        return result

    def _start_thread(self, model: object) -> None:
        self._calls.put(None)
        self._model, self._calls, self._late = model, SimpleQueue(), None
        # a daemon, so that a call that never ends does not keep the process alive
        threading.Thread(target=_run_calls, args=(self._calls,), name="model", daemon=True).start()


def _run_calls(calls: Calls) -> None:
    # OpenMP threads are counted per thread: many for a handful of rows cost more than they save
    threadpool_limits(1)
    while (call := calls.get()) is not None:
        work, arguments, outcome = call
        try:
            outcome.put((work(*arguments), None))
        except Exception as error:  # noqa: BLE001  # it is raised again in `call`
            outcome.put((None, error))
