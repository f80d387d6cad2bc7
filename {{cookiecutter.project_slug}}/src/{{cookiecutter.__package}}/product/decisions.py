"""The decision endpoints: one row, or a list of rows. Every decision is recorded before it is answered.

They are plain Starlette endpoints that validate the bytes of the body and answer with bytes: on this path an
endpoint of FastAPI's takes 28 microseconds more (`benchmarks/README.md` of the template).
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ..core.problem import Problem
from ..core.schema import Column
from ..stores.ledger import Ledger
from .batching import Batcher, QueueFullError
from .http.problems import field_errors, problem_response
from .predictor import Predictor

MAX_ROWS = 1000  # in one list
Rows = Sequence[BaseModel]


def body_limits(columns: Sequence[Column]) -> tuple[int, int]:
    """Return how many bytes a row and a list of rows may have, with room for spaces and long numbers."""
    row = 0
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
        self, request: Request, validate: Callable[[bytes], Rows], join: Callable[[list[bytes]], bytes]
    ) -> Response:
        try:
            rows = validate(await request.body())
            answers = await self._batcher.submit(rows, len(rows))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            return problem_response(422, "the features do not fit the contract", field_errors(faults))
        except QueueFullError as error:
            return problem_response(503, f"{error}; try again", headers={"Retry-After": "1"})
        except ClientDisconnect:
            return Response(status_code=499)  # the client has left; nothing is sent
        return Response(join(answers), 201, media_type="application/json")


class DecisionJob:
    """The work of the batcher: predict, record, count, and write the answers as JSON."""

    def __init__(self, problem: Problem, predictor: Predictor, ledger: Ledger, metrics: Any) -> None:
        self.predictor = predictor
        self.ledger = ledger
        self.metrics = metrics
        self._answered = tuple(problem.decision.model_fields)

    def __call__(self, waiting: Sequence[Rows]) -> list[list[bytes]]:
        """Return the decisions for every group of rows; all are predicted and recorded together."""
        decisions = self.predictor.decide([row.__dict__ for rows in waiting for row in rows])
        self.ledger.record(decisions)
        self.metrics.count_decisions(decisions)
        written = map(self._write, decisions)
        return [list(islice(written, len(rows))) for rows in waiting]

    def _write(self, decision: Mapping[str, Any]) -> bytes:
        return to_json({name: decision[name] for name in self._answered})
