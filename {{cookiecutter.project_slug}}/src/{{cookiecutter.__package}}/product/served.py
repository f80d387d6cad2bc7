"""The models that a product serves: it follows the published aliases and the rollout that is live.

Models stay in memory while they may be needed again: the rules, the champion and the one before it, and the latest
challenger. Rolling back reads no file.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ..core.errors import UserError
from ..core.problem import Problem
from ..stores.models import SERVED, Models, StoredModel
from ..stores.rollouts import Rollout

ALIASES = (*SERVED, "challenger")
ROLES = ("champion", "fallback", "previous", "challenger")  # of the models in memory
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """A rollout that is live, and its challenger, which has been loaded."""

    rollout: Rollout
    challenger: StoredModel


class ServedModels:
    """Fallback, champion and challenger, as they are published and rolled out.

    Raises UserError: no fallback is published, or it does not load.
    """

    def __init__(self, models: Models, problem: Problem, read_rollout: Callable[[], Rollout | None]) -> None:
        self.models = models
        self.problem = problem
        self.read_rollout = read_rollout
        self.live: Live | None = None
        self.rollout: Rollout | None = None  # as it was read last, also if its challenger does not load
        self.challenger: StoredModel | None = None  # the latest one, also after its rollout
        self.fallback = self.champion = self.previous = self._read("fallback", models.entry("fallback"))
        self._notices = dict.fromkeys(ALIASES, "")
        self.refresh()

    @property
    def notice(self) -> str:
        """Why a published model does not answer; empty if all do."""
        return " ".join(filter(None, self._notices.values()))

    def in_use(self) -> list[tuple[str, StoredModel]]:
        """Return the alias of each model in use, and the model."""
        found = [("champion", self.champion), ("fallback", self.fallback)]
        live = self.live  # another thread may end the rollout
        return [*found, *([("challenger", live.challenger)] if live else [])]

    def find(self, label: str) -> tuple[str, StoredModel] | None:
        """Return a model that is in memory by its name and version, with its role, or None."""
        return next((found for found in self._in_memory().items() if found[1].label == label), None)

    def refresh(self) -> None:
        """Load what the aliases and the rollout point to now; if that does not load, the old model keeps answering."""
        self.refresh_models()
        self.refresh_rollout()

    def refresh_models(self) -> None:
        """Load what the aliases point to now."""
        self._note("fallback", self._follow_fallback)
        self._note("champion", self._follow_champion)

    def refresh_rollout(self) -> None:
        """Follow the rollout; without a new challenger, no file is read. May run beside `refresh_models`."""
        self._note("challenger", self._follow_rollout)

    def _note(self, alias: str, follow: Callable[[], None]) -> None:
        try:
            follow()
            notice = ""
        except UserError as error:  # tried again next time: the store may have been out of reach
            label = self.fallback.label if alias == "fallback" else self.champion.label
            notice = f"{error}; {label} keeps answering"
            if notice != self._notices[alias]:
                log.warning("%s", notice)
        self._notices[alias] = notice

    def _follow_fallback(self) -> None:
        entry = self.models.entry("fallback")
        if entry is not None and not _is_entry(self.fallback, entry):
            self.fallback = self._load("fallback", entry)
            log.info("the fallback is %s", self.fallback.label)

    def _follow_champion(self) -> None:
        entry = self.models.entry("champion")
        if entry is not None and not _is_entry(self.champion, entry):
            champion = self._load("champion", entry)
            self.previous, self.champion = self.champion, champion
            log.info("the champion is %s", self.champion.label)

    def _follow_rollout(self) -> None:
        try:
            rollout = self.read_rollout()
        except SQLAlchemyError as error:
            raise UserError(f"the rollout cannot be read: {type(error).__name__}") from None
        if rollout == self.rollout and (self.live is None) == (rollout is None):
            return
        self.rollout = rollout
        if rollout is None:
            self.live = None
            return
        if self.live is None or not _is_entry(self.live.challenger, rollout.challenger):
            self.live = None  # until its challenger is there, the champion answers everything
        self.challenger = challenger = self._load("challenger", rollout.challenger)
        self.live = Live(rollout, challenger)
        log.info("the rollout of %s: %s", challenger.label, rollout.title)

    def _in_memory(self) -> dict[str, StoredModel]:
        models = zip(ROLES, (self.champion, self.fallback, self.previous, self.challenger), strict=True)
        return {role: model for role, model in models if model is not None}

    def _load(self, alias: str, entry: Mapping[str, Any]) -> StoredModel:
        """Return the model of an entry, from memory if it is there. Raises UserError: it cannot be served."""
        known = [model for model in self._in_memory().values() if _is_entry(model, entry)]
        return known[0] if known else self._read(alias, entry)

    def _read(self, alias: str, entry: Mapping[str, Any] | None) -> StoredModel:
        if entry is not None and entry["tags"].get("contract") != self.problem.fingerprint:
            raise UserError(
                f"the {alias}, {entry['name']}:{entry['version']}, was made for another contract; if contract.py "
                "changed while this product runs, start a new one beside it and then stop this one; else run "
                "`data`, `train`, `promote`"
            )
        return self.models.load(alias, entry)


def _is_entry(model: StoredModel, entry: Mapping[str, Any]) -> bool:
    return (model.version, model.digest) == (entry["version"], entry["digest"])
