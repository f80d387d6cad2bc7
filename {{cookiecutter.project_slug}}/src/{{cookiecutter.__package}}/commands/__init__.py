"""The commands, a module for each wheel. A wheel that is deleted takes its module along."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.console import Console

from ..plan import load_plan
from ..settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan import Plan
    from ..registry import Registry
    from ..settings import Settings
    from ..verdict import Verdict

WHEELS = ("data", "model", "product", "operations")
MARKS = {"pass": "[green]pass[/]", "fail": "[red]FAIL[/]", "inconclusive": "[yellow]not enough evidence[/]"}
out = Console(highlight=False, soft_wrap=True)


def wheels() -> Iterator[Any]:
    """Yield the command module of every wheel that is here."""
    for wheel in WHEELS:
        if find_spec(f"{__name__}.{wheel}") is not None:
            yield import_module(f"{__name__}.{wheel}")


def ground() -> tuple[Settings, Plan]:
    """Read the settings and the plan."""
    settings = load_settings()
    return settings, load_plan(settings.root / "plan.toml")


def open_registry(settings: Settings) -> Registry:
    """Return the registry; the import waits until it is needed, because MLflow takes seconds."""
    from ..registry import Registry

    return Registry(settings.url("registry"), settings.var / "models")


def make_ready(settings: Settings, plan: Plan) -> None:
    """Let every wheel make what a product needs on its first day."""
    open_registry(settings)  # also where no wheel prepares: what is wrong with it is said now
    for wheel in wheels():
        if hasattr(wheel, "prepare"):
            wheel.prepare(settings, plan)


def show(verdict: Verdict) -> None:
    """Print what a gate says."""
    out.print(f"  {MARKS[verdict.status]}  {verdict.message}")
