"""The product as a process: application, metrics and security on a socket."""

import atexit
import contextlib
import errno
import gc
import socket
import sys
from collections.abc import Iterator
from functools import partial
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.supervisors import Multiprocess

from ..core.errors import UserError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from .composition import Project

SECONDS_TO_DRAIN = 20
BACKLOG = 2048
PORT_ERRORS = (errno.EADDRINUSE, errno.EACCES)
UNUSED = ("pandas", "pytest")
HEAD_BYTES = 65_536


def skip_unused_imports() -> None:
    """Keep libraries out that serving never uses, and that scikit-learn and skops import where they are installed.

    That is 1 second and 60 MB (`benchmarks/README.md` of the template).
    """
    sys.meta_path.insert(0, UnusedImports())


class UnusedImports(MetaPathFinder):
    """Answer as if the libraries of `UNUSED` were not installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002
        """Refuse a library of `UNUSED`, and leave all others to the next finder."""
        if name in UNUSED:
            message = f"{name} is not imported where the product is served"
            raise ModuleNotFoundError(message, name=name)


@contextlib.contextmanager
def build(project: "Project") -> "Iterator[FastAPI]":
    """Put the product together; its ledger is open inside the block."""
    from ..operations.metrics import Metrics, RequestMetrics
    from ..product.app import create_app
    from ..product.http.security import SecurityMiddleware
    from ..product.predictor import Predictor

    settings, plan, metrics = project.settings, project.plan, Metrics()
    row_bytes, list_bytes = project.body_limits
    predictor = Predictor(project.models, project.problem, max_seconds=plan.product.max_model_ms / 1000)
    with project.ledger() as ledger:
        app = create_app(
            project.problem,
            predictor,
            ledger,
            metrics,
            title=plan.product.question,
            refresh_seconds=settings.refresh_seconds,
            max_waiting=settings.max_waiting,
        )
        app.add_route("/metrics", metrics.endpoint, include_in_schema=False)
        app.add_middleware(
            SecurityMiddleware,
            keys=[key.get_secret_value() for key in settings.api_keys],
            max_body_bytes=row_bytes,
            larger_bodies={"/v1/decisions/batch": list_bytes},
            read_seconds=settings.read_seconds,
        )
        app.add_middleware(RequestMetrics, metrics=metrics)
        yield app


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Bind an address before anything else is done. Connections that arrive during start-up wait in the backlog.

    Raises UserError: it is in use, or is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except (OSError, UnicodeError) as error:  # the latter for what cannot be a host name
            which = "--port" if getattr(error, "errno", None) in PORT_ERRORS else "APP_HOST"
            reason = getattr(error, "strerror", "not a host name")
            message = f"cannot listen on {host}:{port}: {reason}; choose another with {which}"
            raise UserError(message) from None
        bound.listen(BACKLOG)
        yield bound


def start() -> "FastAPI":
    """Return the product of this process; its ledger is closed when the process ends."""
    skip_unused_imports()
    from ..operations.logs import configure_logging
    from .composition import load_project

    configure_logging()
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    app = stack.enter_context(build(load_project()))
    # what is in memory now stays: collecting it again and again would delay answers
    gc.collect()
    gc.freeze()
    return app


def serve(project: "Project", bound: socket.socket, workers: int = 1) -> None:
    """Answer until the process is told to stop; requests in flight are finished (graceful shutdown)."""
    from ..operations.metrics import shared_metrics

    config = configure(project, f"{start.__module__}:{start.__name__}", factory=True, workers=workers)
    with contextlib.suppress(KeyboardInterrupt), shared_metrics(workers):
        if workers == 1:
            uvicorn.Server(config).run(sockets=[bound])
        else:
            Multiprocess(config, [bound]).run()


def configure(project: "Project", app: Any, **given: Any) -> uvicorn.Config:
    """Return the configuration of the server, whose connections have the limits of the settings."""
    from ..product.http.connections import LimitedProtocol, Limits

    settings = project.settings
    largest = HEAD_BYTES + max(project.body_limits)
    limits = Limits(connections=settings.max_connections, seconds=settings.read_seconds, bytes=largest)
    return uvicorn.Config(
        app,
        http=partial(LimitedProtocol, AutoHTTPProtocol, limits),  # type: ignore[arg-type]  # made like a class
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_DRAIN,
        **given,
    )
