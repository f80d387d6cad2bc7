"""The shadow of a rollout: the challenger scores all traffic without answering, off the path of a request."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn import config_context
from threadpoolctl import threadpool_limits

from ..core.problem import Problem
from ..stores.ledger import Ledger
from ..stores.shadow_scores import record_shadow_scores
from .served import Live

MAX_WAITING = 64  # batches of decisions
MAX_RECORDED = 16  # batches, in one transaction
log = logging.getLogger(__name__)
Batch = tuple[Live, Sequence[Mapping[str, Any]]]


class Shadow:
    """Scores batches of decisions in a thread of its own, and records the scores.

    When more batches wait than `max_waiting`, further ones are dropped and counted in `dropped` (load shedding): a
    slow challenger never delays an answer. Those for which the challenger fails are counted in `failed`.
    """

    def __init__(self, problem: Problem, ledger: Ledger, max_waiting: int = MAX_WAITING) -> None:
        self.problem = problem
        self.ledger = ledger
        self.dropped = self.failed = 0  # decisions
        self._waiting: queue.Queue[Batch] = queue.Queue(max_waiting)
        self._thread: threading.Thread | None = None

    def submit(self, live: Live, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Queue decisions that are on record; never waits. Called by one thread, the batcher's."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((live, decisions))
        except queue.Full:
            self.dropped += len(decisions)

    def count_lost(self) -> tuple[int, int]:
        """Return how many decisions were dropped, and for how many the challenger or the ledger failed."""
        return self.dropped, self.failed

    def drain(self, seconds: float) -> None:
        """Wait until all queued decisions are scored, for at most so long."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _run(self) -> None:
        threadpool_limits(1)
        with config_context(assume_finite=True, skip_parameter_validation=True):
            while True:
                self._score(self._waiting.get())

    def _score(self, first: Batch) -> None:
        """Score a batch and those that wait meanwhile, each in a call of its own, and record them together.

        A call has as many rows as the champion's, so that their times can be compared; a transaction flushes to disk,
        and the ledger waits for it.
        """
        batches, scores = [first], score_decisions(first[0], self.problem, first[1])
        with contextlib.suppress(queue.Empty):
            while len(batches) < MAX_RECORDED:
                batches.append(self._waiting.get_nowait())
                live, decisions = batches[-1]
                scores += score_decisions(live, self.problem, decisions)
        self.failed += sum(bool(score["error"]) for score in scores)
        try:
            record_shadow_scores(self.ledger, scores)
        except Exception as error:  # noqa: BLE001  # the decisions are on record; the thread goes on with the next
            self.failed += sum(not score["error"] for score in scores)
            log.warning("shadow scores cannot be recorded: %s", type(error).__name__)
        for _ in batches:
            self._waiting.task_done()


def score_decisions(live: Live, problem: Problem, decisions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the challenger would have answered, ready for the ledger; if it fails, the type of the error."""
    names = [column.name for column in problem.inputs]
    columns = {name: [decision["features"][name] for decision in decisions] for name in names}
    objective, start, error = problem.objective, time.perf_counter(), ""
    answers: Sequence[Any] = [None] * len(decisions)
    scores: Sequence[float | None] = [None] * len(decisions)
    try:
        found = objective.predict(live.challenger.model, columns)
        answers, scores = objective.answers(found), objective.scores(found)
    except Exception as failure:  # noqa: BLE001  # a guard of the rollout counts them
        error = type(failure).__name__[:100]
    seconds = time.perf_counter() - start
    return [
        {"decision_id": decision["id"], "rollout": live.rollout.id, "answer": answer, "score": score}
        | {"model_seconds": seconds, "error": error}
        for decision, answer, score in zip(decisions, answers, scores, strict=True)
    ]
