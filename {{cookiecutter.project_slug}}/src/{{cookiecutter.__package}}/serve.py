"""The product put together: app, telemetry and guard, on a socket."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import logging
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from .errors import UserError
from .ledger import open_ledger
from .operations.logs import JsonLines
from .operations.telemetry import Telemetry, Timed, together
from .product.app import create_app
from .product.guard import Guard
from .product.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from .plan import Plan
    from .registry import Registry
    from .settings import Settings

SECONDS_TO_DRAIN = 20
BACKLOG = 2048
OF_THE_PORT = (errno.EADDRINUSE, errno.EACCES)


@contextlib.contextmanager
def build(settings: Settings, plan: Plan, registry: Registry) -> Iterator[FastAPI]:
    """Put the product together; its ledger is open inside the block."""
    telemetry = Telemetry()
    with open_ledger(settings.url("ledger")) as ledger:
        app = create_app(
            Predictor(registry, plan.objective, max_seconds=plan.product.max_model_ms / 1000),
            ledger,
            telemetry,
            title=plan.product.question,
            refresh_seconds=settings.refresh_seconds,
            max_waiting=settings.max_waiting,
        )
        app.add_route("/metrics", telemetry.page, include_in_schema=False)
        keys = [key.get_secret_value() for key in settings.api_keys]
        larger = {"/v1/decisions/batch": settings.max_batch_bytes}
        app.add_middleware(Guard, keys=keys, max_body_bytes=settings.max_body_bytes, larger=larger)
        app.add_middleware(Timed, telemetry=telemetry)
        yield app


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Take an address before anything else is done.

    Raises
    ------
    UserError
        It is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
        except (OSError, UnicodeError) as error:  # the latter of what cannot be a name at all
            which = "--port" if getattr(error, "errno", None) in OF_THE_PORT else "APP_HOST"
            why = getattr(error, "strerror", "not a name")
            message = f"cannot listen on {host}:{port}: {why}; choose another with {which}"
            raise UserError(message) from None
        # who knocks while the product makes ready waits instead of being sent away
        taken.listen(BACKLOG)
        yield taken


def try_out(settings: Settings, plan: Plan, registry: Registry) -> None:
    """Open all that an answer needs, and close it again, before anybody is promised one.

    Raises
    ------
    UserError
        The ledger or a model is not to be had.
    """
    with open_ledger(settings.url("ledger")):
        Predictor(registry, plan.objective)


def start(settings: Settings, plan: Plan, registry: Registry) -> FastAPI:
    """Return the product of this process, with its logs; its ledger is closed when the process ends."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    held = contextlib.ExitStack()
    atexit.register(held.close)
    app = held.enter_context(build(settings, plan, registry))
    # what is there now stays: to walk over all of it again and again would hold up answers
    gc.collect()
    gc.freeze()
    return app


def serve(started: str, taken: socket.socket, workers: int = 1) -> None:
    """Answer until the process is told to stop; what is in flight is finished.

    Parameters
    ----------
    started
        Where to find the function, as `module:name`, that each worker calls for its product.
    """
    config = uvicorn.Config(
        started,
        factory=True,
        workers=workers,
        http=_protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_DRAIN,
    )
    with contextlib.suppress(KeyboardInterrupt), together(workers):
        if workers == 1:
            uvicorn.Server(config).run(sockets=[taken])
        else:
            Multiprocess(config, [taken]).run()


def _protocol() -> Any:
    try:
        from .product.heads import Heads  # noqa: PLC0415
    except ImportError:  # no httptools on Windows; h11, which takes its place, has a limit of its own
        return "auto"
    return Heads
