"""The composition: the one place that imports `problem/` and puts it together with plan, settings and stores."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from ..core.plan import Plan, load_plan
from ..core.problem import Problem, make_problem
from ..core.result import GateResult
from ..core.schema import Column
from ..core.search_space import Space, apply_chosen, read_chosen
from ..core.settings import Settings, load_settings
from ..core.source import Source
from ..problem.contract import KEY, Features, Label
from ..problem.rules import OTHERWISE, RULES
from ..stores.ledger import Ledger, open_ledger
from ..stores.models import Models, open_models
from .in_use import record_alias
from .sources import add_sources

if TYPE_CHECKING:  # MLflow and Ibis take seconds, and serving needs neither
    from ..stores.lake import Lake
    from ..stores.registry import Registry

PARAMETERS = Path(__file__).parents[1] / "problem" / "parameters.json"  # which `search` writes
MARKS = {"pass": "[green]pass[/]", "fail": "[red]FAIL[/]", "inconclusive": "[yellow]inconclusive[/]"}
out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Project:
    """Settings, plan and problem, and the stores that the settings name."""

    settings: Settings
    plan: Plan
    problem: Problem
    sources: tuple[Source, ...] = ()  # those beside the plan's

    def ledger(self) -> contextlib.AbstractContextManager[Ledger]:
        """Open the ledger."""
        return open_ledger(self.settings.ledger, self.problem.target)

    def lake(self) -> contextlib.AbstractContextManager["Lake"]:
        """Open the lake."""
        from ..stores.lake import open_lake

        opened: contextlib.AbstractContextManager[Lake] = open_lake(self.settings.lake, self.settings.lake_memory)
        return opened

    @property
    def body_limits(self) -> tuple[int, int]:
        """The number of bytes that a row and a list of rows may have: as set, or as the contract needs."""
        from ..product.decisions import body_limits

        row, rows = body_limits(self.problem.columns)
        return self.settings.max_body_bytes or row, self.settings.max_batch_bytes or rows

    @cached_property
    def models(self) -> Models:
        """The published models."""
        return open_models(self.settings.models, partial(record_alias, self.ledger))

    @cached_property
    def registry(self) -> "Registry":
        """The registry."""
        from ..stores.registry import Registry

        return Registry(self.settings.registry, self.models)


def load_project() -> Project:
    """Read settings, plan and problem. Raises UserError: one of them has an error."""
    settings = load_settings()
    return compose(settings, load_plan(settings.root / "plan.toml"))


def compose(settings: Settings, plan: Plan) -> Project:
    """Return the project of a plan with the owner's contract, rules and candidates."""
    chosen = read_chosen(PARAMETERS)

    def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Any]:
        from ..problem.candidates import candidates  # only training needs them

        return apply_chosen(candidates(columns, plan), chosen)

    def spaces() -> Mapping[str, Space]:
        from ..problem import candidates  # made by an older version, it may have none

        return getattr(candidates, "SPACES", {})

    problem = make_problem(KEY, Features, Label, RULES, OTHERWISE, candidates, plan)
    problem = replace(problem, spaces=spaces, chosen=chosen)
    problem, sources = add_sources(problem, settings.root)
    return Project(settings, plan, problem, sources)


def show(result: GateResult) -> None:
    """Print the result of a gate."""
    out.print(f"  {MARKS[result.status]}  {escape(result.message)}")
