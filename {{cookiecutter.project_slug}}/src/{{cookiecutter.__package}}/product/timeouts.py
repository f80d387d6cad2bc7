"""Run a model call in a worker thread with a timeout, and open the circuit while a late call is still running."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from sklearn import config_context
from threadpoolctl import threadpool_limits

Calls = SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None]


class TimedCaller:
    """Calls one model at a time, in a thread that belongs to that model (a circuit breaker).

    While a late call runs, every other call of its model is refused at once: a model that hangs costs one thread
    and one timeout, however many requests come. The model that replaces it gets a thread of its own.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._model: object = None
        self._calls: Calls = SimpleQueue()
        self._last: Future[Any] | None = None

    def call(self, model: object, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `work`, which calls the model, returns for the arguments.

        Raises TimeoutError: it takes too long, or an earlier call still runs. Exception: whatever `work` raised.
        """
        with self._lock:
            if model is not self._model:
                self._calls.put(None)
                self._model, self._calls, self._last = model, SimpleQueue(), None
                # a plain thread: at exit, an executor would wait for a call that never ends
                threading.Thread(target=_run_calls, args=(self._calls,), name="model", daemon=True).start()
            if self._last is not None and not self._last.done():
                raise TimeoutError
            self._last = Future()
            self._calls.put((self._last, work, arguments))
            return self._last.result(self.seconds)


def _run_calls(calls: Calls) -> None:
    # OpenMP threads are counted per thread: many for a handful of rows cost more than they save
    threadpool_limits(1)
    # the objective refuses predictions that are not finite, and the parameters are those of training
    with config_context(assume_finite=True, skip_parameter_validation=True):
        while (call := calls.get()) is not None:
            future, work, arguments = call
            try:
                future.set_result(work(*arguments))
            except Exception as error:  # noqa: BLE001  # it is raised again in `call`
                future.set_exception(error)
