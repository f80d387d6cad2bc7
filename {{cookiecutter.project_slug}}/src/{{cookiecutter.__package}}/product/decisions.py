"""The decision endpoints: one row, or a list of rows. Every decision is recorded before it is answered.

They are plain Starlette endpoints that validate the bytes of the body and answer with bytes: on this path an
endpoint of FastAPI's takes 28 microseconds more (`benchmarks/README.md` of the template).
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..core.identifiers import ATTRIBUTES, MAX_IDENTIFIER
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.ledger import Ledger, RepeatedRequestError
from .batching import Batcher, QueueFullError
from .http.problems import field_errors, problem_response
from .predictor import Predictor

MAX_ROWS = 1000  # in one list
IDEMPOTENCY_KEY = re.compile(r"[ -~]{1,200}")
IDENTIFIERS = len(ATTRIBUTES) * (4 * MAX_IDENTIFIER + 32)  # bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of a request and, if it may be repeated, its Idempotency-Key with a digest of what it asks for."""

    rows: Sequence[BaseModel]
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The status of an answer, and the decisions as JSON."""

    status: int
    decisions: Sequence[bytes] = ()


def body_limits(columns: Sequence[Column]) -> tuple[int, int]:
    """Return how many bytes a row and a list of rows may have, with room for spaces and long numbers."""
    row = IDENTIFIERS
    for column in columns:
        longest = max((len(category.encode()) for category in column.categories), default=0)
        text = max(4_096, 4 * (column.max_length or 0))  # a character has up to 4 bytes
        row += len(column.name.encode()) + (text if column.kind == "text" else 32 + longest)
    return max(16_384, 4 * row), max(1_048_576, 2 * MAX_ROWS * row)


class DecisionEndpoints:
    """The endpoints `POST /v1/decisions` and `POST /v1/decisions/batch`."""

    def __init__(self, problem: Problem, batcher: Batcher) -> None:
        row: Any = problem.request
        rows: Any = Annotated[list[row], Field(min_length=1, max_length=MAX_ROWS)]
        self._row: TypeAdapter[BaseModel] = TypeAdapter(row)
        self._rows: TypeAdapter[list[BaseModel]] = TypeAdapter(rows)
        self._batcher = batcher

    async def decide(self, request: Request) -> Response:
        """Return the decision for one row of features."""
        return await self._answer(request, lambda body: [self._row.validate_json(body)], lambda answers: answers[0])

    async def decide_batch(self, request: Request) -> Response:
        """Return the decisions for a list of rows: all of them are recorded, or none."""
        return await self._answer(request, self._rows.validate_json, lambda answers: b"[" + b",".join(answers) + b"]")

    async def _answer(
        self,
        request: Request,
        validate: Callable[[bytes], Sequence[BaseModel]],
        join: Callable[[Sequence[bytes]], bytes],
    ) -> Response:
        key = request.headers.get("idempotency-key")
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
            return problem_response(400, "the Idempotency-Key has to be 1 to 200 printable characters of ASCII")
        try:
            body = await request.body()
            rows = validate(body)
            digest = "" if key is None else hashlib.sha256(f"{request.scope['path']}\n".encode() + body).hexdigest()
            answered: Answered = await self._batcher.submit(Asked(rows, key or "", digest), len(rows))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            return problem_response(422, "the features do not fit the contract", field_errors(faults))
        except QueueFullError as error:
            return problem_response(503, f"{error}; try again", headers={"Retry-After": "1"})
        except ClientDisconnect:
            return Response(status_code=499)  # the client has left; nothing is sent
        if answered.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return problem_response(422, "this Idempotency-Key belongs to another request; use a new key")
        return Response(join(answered.decisions), answered.status, media_type="application/json")


class DecisionJob:
    """The work of the batcher: predict, record, count, and write the answers as JSON."""

    def __init__(self, problem: Problem, predictor: Predictor, ledger: Ledger, metrics: Any) -> None:
        self.predictor = predictor
        self.ledger = ledger
        self.metrics = metrics
        self._answered = tuple(problem.decision.model_fields)

    def __call__(self, waiting: Sequence[Asked]) -> list[Answered]:
        """Return the answer to every request; all are predicted and recorded together.

        Under one key a request is decided once: a repetition gets the decisions on record, and a request for
        something else is refused, which does not concern the others.
        """
        first = {asked.key: asked for asked in reversed(waiting) if asked.key}
        on_record = self._find(first) if first else {}
        new = [
            asked for asked in waiting if not asked.key or (asked.key not in on_record and first[asked.key] is asked)
        ]
        try:
            decided = self._decide(new) if new else []
        except RepeatedRequestError:
            if self._find(first).keys() == on_record.keys():
                raise
            return self(waiting)  # another process was the first with a key
        answers = {id(asked): Answered(201, decisions) for asked, decisions in zip(new, decided, strict=True)}
        on_record |= {asked.key: (asked.digest, answers[id(asked)].decisions) for asked in new if asked.key}
        return [answers.get(id(asked)) or _repeat(asked, *on_record[asked.key]) for asked in waiting]

    def _decide(self, new: Sequence[Asked]) -> list[list[bytes]]:
        decisions = self.predictor.decide([row.__dict__ for asked in new for row in asked.rows])
        following = iter(decisions)
        groups = [list(islice(following, len(asked.rows))) for asked in new]
        requests = {
            asked.key: (asked.digest, [decision["id"] for decision in group])
            for asked, group in zip(new, groups, strict=True)
            if asked.key
        }
        self.ledger.record(decisions, requests)
        self.predictor.score_shadow(decisions)
        self.metrics.count_decisions(decisions)
        return [list(map(self._write, group)) for group in groups]

    def _find(self, asked: Mapping[str, Asked]) -> dict[str, tuple[str, Sequence[bytes]]]:
        """Return the requests on record under some keys: a digest, and the decisions if that is the one asked for."""
        found = self.ledger.find_requests(list(asked))
        wanted = {key: ids for key, (digest, ids) in found.items() if digest == asked[key].digest}
        rows = self.ledger.find_decisions([each for ids in wanted.values() for each in ids]) if wanted else {}
        written = {key: [self._write(rows[each]) for each in ids if each in rows] for key, ids in wanted.items()}
        return {key: (digest, written.get(key, [])) for key, (digest, _) in found.items()}

    def _write(self, decision: Mapping[str, Any]) -> bytes:
        return to_json({name: decision[name] for name in self._answered})


def _repeat(asked: Asked, digest: str, decisions: Sequence[bytes]) -> Answered:
    return Answered(200, decisions) if digest == asked.digest and decisions else Answered(422)
