"""The registry of a product that does not train yet: one model, the rules as the code has them.

>>> registry = Registry("", Path("var/models"))
>>> registry.load("champion").model.predict_proba(rows)

Everything else talks to it as it will to the registry of trained models that takes its place.
"""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from typing import TYPE_CHECKING

from . import contract
from .errors import UserError
from .registered import Registered
from .schema import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = __name__.rpartition(".")[0]


class Registry:
    """The rules, under every alias."""

    def __init__(self, url: str, artifacts: Path) -> None:
        self.url = url
        self.artifacts = artifacts
        # by name, as a stored model would be: a bridge does not import a wheel
        book = import_module(f"{PACKAGE}.model.rulebook").RuleBook
        try:
            self.rules = book().fit()
        except ValueError as error:
            raise UserError(str(error)) from None
        text = json.dumps(self.rules.get_params(), sort_keys=True)
        self.mark = hashlib.sha256(text.encode()).hexdigest()[:8]

    def version(self, alias: str) -> str | None:  # noqa: ARG002
        """Return 8 hex digits that change whenever a rule does."""
        return self.mark

    def load(self, alias: str) -> Registered:  # noqa: ARG002
        """Return the rules."""
        tags = {"contract": fingerprint(contract.Features, contract.Label)}
        return Registered(self.rules, "rules", self.mark, tags)
