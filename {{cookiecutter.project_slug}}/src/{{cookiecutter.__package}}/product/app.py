"""The product: an API and a page that decide, record before they answer, and take reactions and outcomes."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse

from ..core.problem import Problem
from ..stores.ledger import Ledger
from .batching import Batcher
from .decisions import MAX_ROWS, DecisionEndpoints, DecisionJob
from .http.openapi import build_document, declare_decisions
from .http.problems import add_error_handlers
from .predictor import Predictor
from .records import add_records

PAGES = Path(__file__).parent / "pages"
log = logging.getLogger(__name__)


def create_app(
    problem: Problem,
    predictor: Predictor,
    ledger: Ledger,
    metrics: Any,  # has `count_decisions`, `count_reaction` and `count_outcomes`
    *,
    title: str,
    refresh_seconds: float = 1.0,
    max_waiting: int = 4096,
) -> FastAPI:
    """Return the application; it follows the published models while it is served."""
    batcher = Batcher(DecisionJob(problem, predictor, ledger, metrics), max_waiting=max_waiting)

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
    declare_decisions(app, problem, MAX_ROWS)
    add_records(app, problem, predictor, ledger, metrics)
    _add_status(app, predictor, ledger)
    app.mount("/static", StaticFiles(directory=PAGES), name="static")
    add_error_handlers(app)
    app.openapi = partial(build_document, app)  # type: ignore[method-assign]
    return app


def describe(problem: Problem, title: str) -> dict[str, Any]:
    """Return the OpenAPI document, which needs neither a model nor a ledger."""
    absent: Any = None
    return create_app(problem, absent, absent, absent, title=title).openapi()


async def _follow(predictor: Predictor, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(predictor.refresh)
        except Exception:  # an entry is not one of ours; the models in memory keep answering
            log.exception("cannot follow the published models")


def _add_status(app: FastAPI, predictor: Predictor, ledger: Ledger) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html")

    @app.get("/v1/model")
    def model() -> dict[str, Any]:
        """Return the model in use, what it was made from, and why a newer one does not answer."""
        champion = predictor.champion
        return {"model": champion.label, "tags": dict(champion.tags), "notice": predictor.notice}

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """Return that the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        """Return the model in use, after a read of the ledger."""
        ledger.recent(1)
        return {"status": "ready", "model": predictor.champion.label}
