"""The way of decisions through the application: around the layers that they do not need."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import FastAPI

from .decide import decide_many, decide_one

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HOT: dict[str, ASGIApp] = {"/v1/decisions": decide_one, "/v1/decisions/batch": decide_many}


class Product(FastAPI):
    """FastAPI, but decisions go around its many layers; the middleware added to it sees them all the same."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in HOT:
            scope["app"] = self
            await self._decide(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    @cached_property
    def _decide(self) -> ASGIApp:
        async def decide(scope: Scope, receive: Receive, send: Send) -> None:
            scope["endpoint"] = HOT[scope["path"]]  # as the router would, for the figures of each route
            await HOT[scope["path"]](scope, receive, send)

        app: ASGIApp = decide
        for middleware in reversed(self.user_middleware):
            app = middleware.cls(app, *middleware.args, **middleware.kwargs)
        return app
