"""The product as a process: application, metrics and security on a socket."""

import atexit
import contextlib
import errno
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.supervisors import Multiprocess

from ..core.errors import UserError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from fastapi import FastAPI

    from .composition import Project

GRACEFUL_SECONDS = 20  # for requests in flight at SIGTERM
ROLLOUT_SECONDS = 0.5  # at most, between two looks at the rollout: all processes agree within a second


class UnusedImports:
    """A finder that answers as if pandas and pytest were not installed; all else is left to the next finder."""

    @staticmethod
    def find_spec(name: str, _path: Any = None, _target: Any = None) -> None:
        """Refuse the two libraries."""
        if name in ("pandas", "pytest"):
            raise ModuleNotFoundError(f"{name} is not imported where the product is served", name=name)


def skip_unused_imports() -> None:
    """Keep out what serving never uses, and scikit-learn and skops import where it is installed: 1 s and 60 MB."""
    sys.meta_path.insert(0, UnusedImports)


@contextlib.contextmanager
def build(project: "Project") -> "Iterator[FastAPI]":
    """Put the product together; its ledger is open inside the block."""
    from ..operations.metrics import Metrics
    from ..operations.request_metrics import RequestMetrics
    from ..operations.rollouts.alarm import Alarm
    from ..operations.state_metrics import StateMetrics
    from ..product.app import create_app
    from ..product.following import follow_apart
    from ..product.http.security import SecurityMiddleware
    from ..product.predictor import Predictor
    from ..product.shadow import Shadow
    from ..stores.rollouts import read_current

    settings, plan, metrics = project.settings, project.plan, Metrics()
    row_bytes, list_bytes = project.body_limits
    keys = [key.get_secret_value() for key in settings.api_keys]
    with project.ledger() as ledger:
        shadow = Shadow(project.problem, ledger)
        predictor = Predictor(
            project.models,
            project.problem,
            max_seconds=plan.product.max_model_ms / 1000,
            blind_share=plan.review.blind_share,
            read_rollout=partial(read_current, ledger),
            shadow=shadow,
        )
        followed: list[Callable[[], None]] = [Alarm(ledger, plan)]
        models, seconds = predictor.served, settings.refresh_seconds
        # the way back must not wait for files of models or for the numbers of a guard
        groups = [
            ([models.refresh_models], seconds),
            ([models.refresh_rollout], min(seconds, ROLLOUT_SECONDS)),
            (followed, seconds),
        ]
        app = create_app(
            project.problem,
            predictor,
            ledger,
            metrics,
            title=plan.product.question,
            max_waiting=settings.max_waiting,
            follow=partial(follow_apart, groups),
        )
        waiting: Callable[[], int] = app.state.batcher.count_waiting
        state = StateMetrics(metrics, ledger, waiting, shadow.count_lost, predictor.served.in_use)
        followed += [state, metrics.process]
        app.add_route("/metrics", metrics.endpoint, include_in_schema=False)
        app.add_middleware(
            SecurityMiddleware,
            keys=keys,
            max_body_bytes=row_bytes,
            max_batch_bytes=list_bytes,
            read_seconds=settings.read_seconds,
        )
        app.add_middleware(RequestMetrics, metrics=metrics)
        yield app


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Bind an address before anything else is done. Connections that arrive during start-up wait in the backlog.

    Raises UserError: it is in use, or is not an address of this machine.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except (OSError, UnicodeError) as error:  # the latter for what cannot be a host name
            which = "--port" if getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES) else "APP_HOST"
            reason = getattr(error, "strerror", "not a host name")
            raise UserError(f"cannot listen on {host}:{port}: {reason}; choose another with {which}") from None
        bound.listen(2048)
        yield bound


def start() -> "FastAPI":
    """Return the product of this process; its ledger is closed when the process ends."""
    skip_unused_imports()
    from ..operations.logs import configure_logging
    from .composition import load_project

    configure_logging()
    if parent := multiprocessing.parent_process():
        threading.Thread(target=stop_with, args=[parent], daemon=True).start()
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    app = stack.enter_context(build(load_project()))
    # what is in memory now stays: collecting it again and again would delay answers
    gc.collect()
    gc.freeze()
    return app


def stop_with(parent: "BaseProcess") -> None:
    """Stop this worker when its parent has been killed: an orphan process would keep the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)  # finishes the requests in flight


def serve(project: "Project", bound: socket.socket, workers: int = 1) -> None:
    """Answer until the process is told to stop; requests in flight are finished (graceful shutdown)."""
    from ..operations.metrics import shared_metrics

    config = configure(project, f"{__name__}:start", factory=True, workers=workers)
    with contextlib.suppress(KeyboardInterrupt), shared_metrics(workers):
        if workers == 1:
            uvicorn.Server(config).run(sockets=[bound])
        else:
            Multiprocess(config, [bound]).run()


def configure(project: "Project", app: Any, **given: Any) -> uvicorn.Config:
    """Return the configuration of the server, whose connections have the limits of the settings."""
    from ..product.http.connections import LimitedProtocol, Limits

    settings, max_bytes = project.settings, 65_536 + max(project.body_limits)  # a head and a body
    limits = Limits(connections=settings.max_connections, seconds=settings.read_seconds, bytes=max_bytes)
    return uvicorn.Config(
        app,
        http=partial(LimitedProtocol, AutoHTTPProtocol, limits),  # type: ignore[arg-type]  # made like a class
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        **given,
    )
