"""What is in use: recorded whenever it changes, so that `history` can show it."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..stores.events import Kind, note_in_use
from ..stores.ledger import Ledger
from ..stores.models import SERVED

if TYPE_CHECKING:  # the composition imports this module
    from .composition import Project


def record_alias(open_ledger: Callable[[], AbstractContextManager[Ledger]], alias: str, label: str) -> None:
    """Record that an alias points to another model, with the command that changed it."""
    with open_ledger() as ledger:
        note_in_use(ledger, "alias", alias, label, " ".join(sys.argv[1:4]))


def record_in_use(project: "Project") -> None:
    """Record the plan, the contract and the models in use, where they have changed since they were recorded last."""
    in_use: list[tuple[Kind, str, str]] = [("plan", "plan.toml", project.plan.fingerprint)]
    in_use.append(("contract", "contract.py", project.problem.fingerprint))
    entries = {alias: project.models.entry(alias) for alias in SERVED}
    in_use += [("alias", alias, f"{entry['name']}:{entry['version']}") for alias, entry in entries.items() if entry]
    with project.ledger() as ledger:
        for kind, name, new in in_use:
            note_in_use(ledger, kind, name, new, "a product was started")
