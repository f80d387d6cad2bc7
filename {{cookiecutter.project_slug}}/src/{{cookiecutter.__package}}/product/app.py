"""The product: an API and a page that decide, record before they answer, and take reactions and outcomes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse

from ..core.problem import Problem
from ..stores.ledger import Ledger
from ..stores.rollouts import describe_rollout
from .batching import Batcher
from .decisions import MAX_ROWS, DecisionEndpoints, DecisionJob
from .http.openapi import build_document, declare_decisions
from .http.problems import add_error_handlers
from .predictor import Predictor
from .records import add_records

DRAIN_SECONDS = 2.0  # for the shadow, after the last answer
PAGES = Path(__file__).parent / "pages"


def create_app(
    problem: Problem,
    predictor: Predictor,
    ledger: Ledger,
    metrics: Any,  # has `count_decisions`, `count_reaction`, `count_outcomes` and `count_ledger_error`
    *,
    title: str,
    max_waiting: int = 4096,
    follow: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> FastAPI:
    """Return the application. `follow` runs while it is served: it follows the published models and the rollout."""
    batcher = Batcher(DecisionJob(problem, predictor, ledger, metrics), max_waiting=max_waiting)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with batcher:
            following = asyncio.create_task(follow()) if follow else None
            yield
            if following:
                following.cancel()
        if predictor.shadow is not None:
            await asyncio.to_thread(predictor.shadow.drain, DRAIN_SECONDS)

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
    add_error_handlers(app, metrics)
    app.state.batcher = batcher
    app.openapi = partial(build_document, app)  # type: ignore[method-assign]
    return app


def describe(problem: Problem, title: str) -> dict[str, Any]:
    """Return the OpenAPI document, which needs neither a model nor a ledger."""
    absent: Any = None
    return create_app(problem, absent, absent, absent, title=title).openapi()


def _add_status(app: FastAPI, predictor: Predictor, ledger: Ledger) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html")

    @app.get("/v1/model")
    def model() -> dict[str, Any]:
        """Return the model in use, what it was made from, why a newer one does not answer, and the live rollout."""
        champion, rollout = predictor.champion, predictor.served.rollout
        shown = {"model": champion.label, "tags": dict(champion.tags), "notice": predictor.notice}
        return shown | {"rollout": None if rollout is None else describe_rollout(rollout)}

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        """Return that the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        """Return the model in use, after a read of the ledger."""
        ledger.recent(1)
        return {"status": "ready", "model": predictor.champion.label}
