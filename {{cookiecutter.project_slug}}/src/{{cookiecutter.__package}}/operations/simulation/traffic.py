"""Traffic: cases are sent to a product at a rate, people review the answers, and outcomes arrive late."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import numpy as np

from ...core.identifiers import ATTRIBUTES
from .cases import Case, CaseSource
from .client import Answer, Client
from .faults import Change
from .reviewers import Reviewers, agrees
from .summary import Summary

WORKERS = 8  # requests at a time
MAX_OUTCOMES = 500  # in one request
DONE = (HTTPStatus.OK, HTTPStatus.CREATED)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many decisions, at which rate a second (0: as fast as possible), and how late outcomes are.

    `delay` is a number of decisions, or of seconds if `in_seconds`. Of all cases, `outcome_share` have an outcome.
    """

    count: int
    rate: float = 0.0
    delay: float = 100
    in_seconds: bool = False
    outcome_share: float = 1.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A case, the answer to its request, and the reaction with the answer to that, if somebody reviewed."""

    case: Case
    decided: Answer
    reaction: dict[str, Any] | None = None
    reacted: Answer | None = None


@dataclass
class Traffic:
    """A simulation in progress; `summary` counts what has happened so far."""

    client: Client
    source: CaseSource
    reviewers: Reviewers
    schedule: Schedule
    run: str  # begins the references, so that those of two simulations differ
    changes: Sequence[Change] = ()
    summary: Summary = field(default_factory=Summary)
    _late: deque[tuple[float, dict[str, Any]]] = field(default_factory=deque)  # outcomes, each with when it is due

    def send(self) -> Iterator[int]:
        """Send everything; yield the number of cases that are answered, whenever there are more.

        Raises UserError: the product does not answer any more.
        """
        done, pending = 0, deque[Future[Exchange]]()
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                for case in self._cases():
                    pending.append(pool.submit(self._exchange, case))
                    while pending and (len(pending) >= WORKERS or pending[0].done()):
                        self._count(pending.popleft().result())
                        done += 1
                        yield done
                while pending:
                    self._count(pending.popleft().result())
                    done += 1
                    yield done
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._send_rest()

    def _cases(self) -> Iterator[Case]:
        """Yield the cases with their faults, each when it is due."""
        started = time.monotonic()
        for place in range(self.schedule.count):
            if self.schedule.rate:
                time.sleep(max(0.0, started + place / self.schedule.rate - time.monotonic()))
            case = self.source.draw(place)
            for change in self.changes:
                case = change(case, place / max(self.schedule.count - 1, 1))
            yield case

    def _exchange(self, case: Case) -> Exchange:
        """Send a case and, if somebody reviews its decision, the reaction. It runs in a thread of the pool."""
        fields, problem = self.source.problem.request.model_fields, self.source.problem
        request = {name: value for name, value in case.features.items() if value is not None}
        request[fields[ATTRIBUTES["reference"]].alias or ""] = self._reference(case)
        request[fields[ATTRIBUTES["subject"]].alias or ""] = case.subject
        decided = self.client.send("POST", "/v1/decisions", request)
        if decided.status != HTTPStatus.CREATED:
            return Exchange(case, decided)
        reaction = self.reviewers.react(decided.body, case.truth, problem.target, self._random(case, 3))
        if reaction is None:
            return Exchange(case, decided)
        path = f"/v1/decisions/{decided.body['id']}/reaction"
        return Exchange(case, decided, reaction, self.client.send("POST", path, reaction))

    def _count(self, exchange: Exchange) -> None:
        """Count what became of a case, and send the outcomes that are due."""
        case, decided, reaction, reacted = exchange.case, exchange.decided, exchange.reaction, exchange.reacted
        if decided.status != HTTPStatus.CREATED:
            self.summary.count_refusal(decided.status, decided.reason)
            return
        answer = decided.body["answer"]
        self.summary.count_decision(decided.body, is_right=agrees(case.truth, answer))
        if reaction is not None and reacted is not None:
            if reacted.status in DONE:
                is_agreed = agrees(reaction.get("answer", answer), answer)
                self.summary.count_review(reaction["verdict"], is_agreed=is_agreed)
            else:
                self.summary.count_refusal(reacted.status, reacted.reason)
        if self._random(case, 4).random() < self.schedule.outcome_share:
            outcome = {"reference": self._reference(case), "outcome": case.truth}
            self._late.append((self._clock(case) + self.schedule.delay, outcome))
        self._send_due(self._clock(case))

    def _send_due(self, now: float) -> None:
        due: list[dict[str, Any]] = []
        while self._late and self._late[0][0] <= now and len(due) < MAX_OUTCOMES:
            due.append(self._late.popleft()[1])
        if due:
            answer = self.client.send("POST", "/v1/outcomes", due)
            if answer.status in DONE:
                self.summary.outcomes += len(due)
            else:
                self.summary.count_refusal(answer.status, answer.reason)

    def _send_rest(self) -> None:
        """Send the other outcomes: wait for those that are late by seconds; no decision follows for the others."""
        while self._late:
            if self.schedule.in_seconds:
                time.sleep(max(0.0, self._late[0][0] - time.monotonic()))
            self._send_due(time.monotonic() if self.schedule.in_seconds else float("inf"))

    def _clock(self, case: Case) -> float:
        return time.monotonic() if self.schedule.in_seconds else case.place

    def _reference(self, case: Case) -> str:
        return f"{self.run}-{case.place}"

    def _random(self, case: Case, use: int) -> np.random.Generator:
        return np.random.default_rng((self.source.seed, case.place, use))
