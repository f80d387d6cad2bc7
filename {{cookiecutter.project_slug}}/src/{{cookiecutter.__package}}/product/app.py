"""The product: an API and a page that decide, record before they answer, and listen to people.

>>> app = create_app(predictor, ledger, observer, refresh_seconds=1.0)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from fastapi import FastAPI, Query
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .. import contract  # noqa: TC001 - FastAPI reads the annotations
from ..ledger import ReactionConflictError, UnknownDecisionError
from .batcher import Batcher
from .decide import Desk
from .hot import HOT, Product
from .openapi import Explained, Reacted, Recorded, document
from .problems import add_problems, problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from fastapi.telemetry import TelemetryConfig

    from ..ledger import Ledger
    from .predictor import Predictor

PAGES = Path(__file__).parent / "pages"
# FastAPI's own traces and logs would hold what people sent; the observer counts what matters
SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
log = logging.getLogger(__name__)


class Observer(Protocol):
    """Whoever wants to know what the product does."""

    def decided(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Take note of decisions that were recorded."""

    def reacted(self, verdict: str) -> None:
        """Take note of a reaction."""


def create_app(
    predictor: Predictor,
    ledger: Ledger,
    observer: Observer,
    *,
    title: str = "Decisions",
    refresh_seconds: float = 1.0,
    max_waiting: int = 4096,
) -> FastAPI:
    """Return the application; it starts to follow the registry when it is served."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(refresh_seconds)
            try:
                await asyncio.to_thread(predictor.refresh)
            except Exception:  # the registry may be away; the models at hand go on answering
                log.exception("cannot ask the registry")

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Batcher(Desk(predictor, ledger, observer), most=max_waiting) as app.state.batcher:
            following = asyncio.create_task(follow())
            yield
            following.cancel()

    release = version(__name__.partition(".")[0])
    app = Product(title=title, version=release, lifespan=lifespan, docs_url=None, redoc_url=None, telemetry=SILENT)
    app.router.routes.extend(Route(path, endpoint, methods=["POST"]) for path, endpoint in HOT.items())
    _add_reads(app, predictor, ledger)
    _add_reactions(app, ledger, observer)
    _add_page(app)
    add_problems(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def describe(title: str) -> dict[str, Any]:
    """Return the description of the API, which needs neither a model nor a ledger."""
    return create_app(None, None, None, title=title).openapi()  # type: ignore[arg-type]


def _add_reads(app: FastAPI, predictor: Predictor, ledger: Ledger) -> None:
    @app.get("/v1/decisions", response_model=None, responses={200: {"model": list[Recorded]}})
    def recent(limit: Annotated[int, Query(ge=1, le=200)] = 20, *, to_review: bool = False) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first."""
        return ledger.recent(limit, to_review=to_review)

    @app.get("/v1/decisions/{decision_id}", response_model=None, responses={200: {"model": Explained}, 404: {}})
    def one(decision_id: str) -> dict[str, Any] | Response:
        """Return the trace of a decision: what was asked, what the model saw, why it answered, how people reacted."""
        decision = ledger.get(decision_id)
        if decision is None:
            return problem(404, f"there is no decision {decision_id!r}")
        return {**decision, **predictor.explain(decision)}

    @app.get("/v1/model")
    def model() -> dict[str, Any]:
        """Return the model in use, and what it was made from."""
        return {"model": predictor.champion.label, "tags": dict(predictor.champion.tags)}

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "alive"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        """Say that a model and the ledger are there."""
        ledger.recent(1)
        return {"status": "ready", "model": predictor.champion.label}


def _add_reactions(app: FastAPI, ledger: Ledger, observer: Observer) -> None:
    @app.post(
        "/v1/decisions/{decision_id}/reaction",
        status_code=201,
        response_model=None,
        responses={201: {"model": Reacted}, 400: {}, 404: {}, 409: {}},
    )
    def react(decision_id: str, reaction: contract.Reaction) -> dict[str, Any] | Response:
        """Record what a person did with a decision; the same reaction twice is one reaction."""
        try:
            stored = ledger.react(decision_id, reaction.model_dump())
        except UnknownDecisionError as error:
            return problem(404, str(error.args[0]))
        except ReactionConflictError as error:
            return problem(409, str(error))
        observer.reacted(reaction.verdict)
        return stored


def _add_page(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=PAGES), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html")
