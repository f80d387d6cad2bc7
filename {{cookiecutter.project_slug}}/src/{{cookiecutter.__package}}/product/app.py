"""The product: an API and a page that decide, record before they answer, and take reactions.

>>> app = create_app(problem, predictor, ledger, observer, title="Will it rain?")
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response

from ..core.problem import Problem
from ..stores.ledger import Ledger, ReactionConflictError, UnknownDecisionError
from .batching import Batcher
from .decisions import MAX_ROWS, DecisionBatcher, DecisionEndpoints, DecisionJob
from .http.openapi import Responses, declare_decisions, document
from .http.problems import add_error_handlers, problem_response
from .observer import Observer
from .predictor import Predictor

PAGES = Path(__file__).parent / "pages"
log = logging.getLogger(__name__)


def create_app(
    problem: Problem,
    predictor: Predictor,
    ledger: Ledger,
    observer: Observer,
    *,
    title: str = "Decisions",
    refresh_seconds: float = 1.0,
    max_waiting: int = 4096,
) -> FastAPI:
    """Return the application; it follows the published models while it is served."""
    batcher: DecisionBatcher = Batcher(DecisionJob(predictor, ledger, observer), max_waiting=max_waiting)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with batcher:
            following = asyncio.create_task(_follow(predictor, refresh_seconds))
            yield
            following.cancel()

    app = FastAPI(
        title=title,
        version=version(__name__.partition(".")[0]),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect behind a proxy would name the wrong scheme and path
        strict_content_type=False,  # the middleware refuses all types but JSON
        # FastAPI's own traces and logs would hold what people sent
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    endpoints = DecisionEndpoints(problem, batcher)
    app.add_route("/v1/decisions", endpoints.decide, methods=["POST"], include_in_schema=False)
    app.add_route("/v1/decisions/batch", endpoints.decide_batch, methods=["POST"], include_in_schema=False)
    _add_endpoints(app, problem, predictor, ledger, observer)
    add_error_handlers(app)
    return app


def describe(problem: Problem, title: str) -> dict[str, Any]:
    """Return the OpenAPI document, which needs neither a model nor a ledger."""
    app = FastAPI(title=title, version=version(__name__.partition(".")[0]))
    absent: Any = None
    _add_endpoints(app, problem, absent, absent, absent)
    return document(app)


async def _follow(predictor: Predictor, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(predictor.refresh)
        except Exception:  # the store may be out of reach; the models in memory go on answering
            log.exception("cannot read the published models")


def _add_endpoints(app: FastAPI, problem: Problem, predictor: Predictor, ledger: Ledger, observer: Observer) -> None:
    declare_decisions(app, problem, MAX_ROWS)
    responses = Responses(problem)
    _add_reads(app, responses, predictor, ledger)
    _add_reactions(app, problem, responses, ledger, observer)
    _add_health(app, predictor, ledger)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    app.mount("/static", StaticFiles(directory=PAGES), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html")


def _add_reads(app: FastAPI, responses: Responses, predictor: Predictor, ledger: Ledger) -> None:
    listed: Any = list[responses.recorded]  # type: ignore[name-defined]

    @app.get("/v1/decisions", response_model=None, responses={200: {"model": listed}})
    def recent(limit: Annotated[int, Query(ge=1, le=200)] = 20, *, to_review: bool = False) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first."""
        return ledger.recent(limit, to_review=to_review)

    found: dict[int | str, dict[str, Any]] = {200: {"model": responses.explained}, 404: {}}

    @app.get("/v1/decisions/{decision_id}", response_model=None, responses=found)
    def one(decision_id: str) -> dict[str, Any] | Response:
        """Return a decision with its features, the inputs of the model, the reasons and the reaction."""
        decision = ledger.get(decision_id)
        if decision is None:
            return problem_response(404, f"there is no decision {decision_id!r}")
        return {**decision, **predictor.explain(decision)}

    @app.get("/v1/model")
    def model() -> dict[str, Any]:
        """Return the model in use, what it was made from, and why a newer one does not answer."""
        champion = predictor.champion
        return {"model": champion.label, "tags": dict(champion.tags), "notice": predictor.notice}


def _add_reactions(app: FastAPI, problem: Problem, responses: Responses, ledger: Ledger, observer: Observer) -> None:
    Reaction = problem.reaction  # noqa: N806  # a type

    @app.post(
        "/v1/decisions/{decision_id}/reaction",
        status_code=201,
        response_model=None,
        responses={201: {"model": responses.reacted}, 400: {}, 404: {}, 409: {}},
    )
    def react(decision_id: str, reaction: Reaction) -> dict[str, Any] | Response:  # type: ignore[valid-type]
        """Record what a person did with a decision. Idempotent: the same reaction twice is one reaction."""
        given: dict[str, Any] = reaction.model_dump()  # type: ignore[attr-defined]
        try:
            recorded = ledger.react(decision_id, given)
        except UnknownDecisionError as error:
            return problem_response(404, str(error.args[0]))
        except ReactionConflictError as error:
            return problem_response(409, str(error))
        observer.count_reaction(given["verdict"])
        return recorded


def _add_health(app: FastAPI, predictor: Predictor, ledger: Ledger) -> None:
    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """Return that the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        """Return that a model and the ledger are there."""
        ledger.recent(1)
        return {"status": "ready", "model": predictor.champion.label}
