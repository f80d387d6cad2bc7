"""Commands of the product wheel."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from . import ground, make_ready, open_registry, out


def add(app: typer.Typer) -> None:
    """Add this wheel's commands."""
    app.command()(run)
    app.command()(openapi)


def run(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    *,
    only_prepare: Annotated[bool, typer.Option("--prepare", help="Make what is missing, then stop.")] = False,
) -> None:
    """Start the product; on the first day with the rules as champion."""
    from ..serve import listen, serve

    settings, plan = ground()
    with listen(settings.host, settings.port if port is None else port) as socket:
        make_ready(settings, plan)
        if only_prepare:
            return
        host, taken = socket.getsockname()[:2]
        out.print(f"The product answers on http://{host}:{taken} - press Ctrl-C to stop.")
        serve(settings, plan, open_registry(settings), socket)
    out.print("Stopped.")


def openapi() -> None:
    """Print the API's description."""
    from ..serve import build

    settings, plan = ground()
    make_ready(settings, plan)
    with build(settings, plan, open_registry(settings)) as product:
        sys.stdout.write(json.dumps(product.openapi(), indent=2) + "\n")
