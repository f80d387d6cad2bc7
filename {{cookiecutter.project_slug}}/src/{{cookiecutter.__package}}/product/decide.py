"""The two ways to ask for decisions: one body, or a list of them.

They are plain ASGI applications. A body is validated once, straight from its bytes, and answered
with bytes: an endpoint of FastAPI's would take several times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from .. import contract
from .batcher import FullError
from .problems import failure, field_errors, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from ..ledger import Ledger
    from .app import Observer
    from .batcher import Batcher
    from .predictor import Predictor

ANSWERED = tuple(contract.Decision.model_fields)
MOST = 1000
Asked = TypeVar("Asked")
ONE = TypeAdapter(contract.Features)
MANY = TypeAdapter(Annotated[list[contract.Features], Field(min_length=1, max_length=MOST)])


class Decide(Generic[Asked]):
    """Answer a body that fits; the decisions are on record before they are answered.

    Parameters
    ----------
    fits
        What a body must be.
    rows
        Returns the features in a body.
    written
        Joins the decisions, as JSON, to an answer.
    """

    def __init__(
        self,
        fits: TypeAdapter[Asked],
        rows: Callable[[Asked], Sequence[contract.Features]],
        written: Callable[[Sequence[bytes]], bytes],
    ) -> None:
        self.validate = fits.validate_json
        self.rows = rows
        self.written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self.answer(await _body(receive), scope["app"].state.batcher)
        except (HTTPException, SQLAlchemyError) as error:
            answer = failure(error)
        except ClientDisconnect:
            return  # nobody is there to hear an answer
        await answer(scope, receive, send)

    async def answer(self, body: bytes, batcher: Batcher[Sequence[contract.Features], Sequence[bytes]]) -> Response:
        """Return what there is to say to a body."""
        try:
            rows = self.rows(self.validate(body))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            return problem(422, "the features do not fit the contract", field_errors(faults))
        try:
            decisions = await batcher.submit(rows, len(rows))
        except FullError as error:
            return problem(503, f"{error}; try again", headers={"Retry-After": "1"})
        return Response(self.written(decisions), 201, media_type="application/json")


decide_one = Decide(ONE, lambda features: [features], lambda decisions: decisions[0])
decide_many = Decide(MANY, lambda features: features, lambda decisions: b"[" + b",".join(decisions) + b"]")


async def _body(receive: Receive) -> bytes:
    """Return what a client sent; `Request.body` does the same in twice the time."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


class Desk:
    """Decides, records, tells the observer, and writes the answers down: the work of the batcher."""

    def __init__(self, predictor: Predictor, ledger: Ledger, observer: Observer) -> None:
        self.predictor = predictor
        self.ledger = ledger
        self.observer = observer

    def __call__(self, asked: Sequence[Sequence[contract.Features]]) -> list[list[bytes]]:
        """Return the decisions on every group of rows; all of them are made and recorded together."""
        made = self.predictor.decide([row.__dict__ for rows in asked for row in rows])
        self.ledger.record(made)
        self.observer.decided(made)
        written = map(_answer, made)
        return [[next(written) for _ in rows] for rows in asked]


def _answer(decision: Mapping[str, Any]) -> bytes:
    return to_json({name: decision[name] for name in ANSWERED})
