"""The way of decisions through the application: around the layers that they do not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from .decide import decide_many, decide_one

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HOT: dict[str, ASGIApp] = {"/v1/decisions": decide_one, "/v1/decisions/batch": decide_many}


class Product(FastAPI):
    """FastAPI, but decisions go around its many layers; the middleware added to it sees them all the same."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application within its middleware."""
        rest = super().build_middleware_stack()

        async def decide(scope: Scope, receive: Receive, send: Send) -> None:
            scope["endpoint"] = HOT[scope["path"]]  # as the router would, for the figures of each route
            await HOT[scope["path"]](scope, receive, send)

        hot: ASGIApp = decide
        for middleware in reversed(self.user_middleware):
            hot = middleware.cls(hot, *middleware.args, **middleware.kwargs)

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            decides = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in HOT
            await (hot if decides else rest)(scope, receive, send)

        return either
