"""The predictor: answers with the champion, follows the registry, and falls back to the rules."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .. import contract
from ..errors import UserError
from ..ledger import new_id, now
from ..schema import columns, fingerprint
from .explain import explain
from .patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..objective import Objective
    from ..registered import Registered
    from ..registry import Registry

FEATURES = columns(contract.Features)
SEEN = tuple(column.name for column in FEATURES if column.seen_by_models)
STORED = tuple(column.name for column in FEATURES if not column.personal)
NOTHING: Mapping[str, Any] = {"encoded": {}, "reasons": []}
log = logging.getLogger(__name__)


class Predictor:
    """Answers rows of features, in the order they came.

    Parameters
    ----------
    max_seconds
        How long the champion is waited for; then the rules answer.

    Raises
    ------
    UserError
        When made: the registry has no fallback.
    """

    def __init__(self, registry: Registry, objective: Objective, *, max_seconds: float = 1.0) -> None:
        self.registry = registry
        self.objective = objective
        self.deciding, self.explaining = Patience(max_seconds), Patience(max_seconds)
        self.contract = fingerprint(contract.Features, contract.Label)
        self.fallback = self._load("fallback")
        self.champion = self.fallback
        self._seen: dict[str, str | None] = {"fallback": self.fallback.version}
        self.refresh()

    def refresh(self) -> None:
        """Load what the aliases point to now; a model that does not load leaves the old one answering."""
        for alias in ("fallback", "champion"):
            version = self.registry.version(alias)
            if version is None or version == self._seen.get(alias):
                continue
            self._seen[alias] = version
            try:
                loaded = self._load(alias)
            except UserError as error:
                log.warning("%s; %s keeps answering", error, getattr(self, alias).label)
            else:
                setattr(self, alias, loaded)
                log.info("the %s is %s", alias, loaded.label)

    def decide(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a decision for each row, ready for the ledger."""
        inputs = {name: [row[name] for row in rows] for name in SEEN}
        model, fallback = self.champion, False
        try:
            raw = self.deciding.call(model, self.objective.raw, model.model, inputs)
        except Exception as error:  # noqa: BLE001  # whatever the model does, people get an answer
            # what an error says may hold features, so only its kind is logged
            log.error("%s failed with %s; the rules answer", model.label, type(error).__name__)  # noqa: TRY400
            model, fallback = self.fallback, True
            raw = self.objective.raw(model.model, inputs)
        return self._decisions(rows, raw, model, fallback=fallback)

    def explain(self, decision: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the model was shown and the reasons of a decision, or why there are none."""
        for model in (self.champion, self.fallback):
            if model.label != decision["model"]:
                continue
            try:
                found = self._explained(model, decision["features"])
            except Exception as error:  # noqa: BLE001  # the decision stands, whatever its explanation does
                log.error("%s cannot be explained: %s", model.label, type(error).__name__)  # noqa: TRY400
                found = NOTHING
            return {**found, "unexplained": None if found["reasons"] else f"{model.label} gives no reason"}
        return {**NOTHING, "unexplained": f"{decision['model']} answered; it is not in use any more"}

    def _explained(self, model: Registered, features: Mapping[str, Any]) -> Mapping[str, Any]:
        if model is self.fallback:
            return explain(model.model, self.objective, features)
        # not in the thread that decides: who asks for reasons must not turn decisions over to the rules
        found: dict[str, Any] = self.explaining.call(model, explain, model.model, self.objective, features)
        return found

    def _decisions(
        self, rows: Sequence[Mapping[str, Any]], raw: NDArray[Any], model: Registered, *, fallback: bool
    ) -> list[dict[str, Any]]:
        decided_at, label = now(), model.label
        judged = zip(
            rows, self.objective.answers(raw), self.objective.scores(raw), self.objective.unsure(raw), strict=True
        )
        return [
            {
                "id": new_id(),
                "decided_at": decided_at,
                "features": {name: row[name] for name in STORED},
                "answer": answer,
                "score": score,
                "model": label,
                "needs_review": unsure or fallback,
                "fallback": fallback,
            }
            for row, answer, score, unsure in judged
        ]

    def _load(self, alias: str) -> Registered:
        loaded = self.registry.load(alias)
        if loaded.tags.get("contract") != self.contract:
            message = f"the {alias}, {loaded.label}, was made for another contract; train again"
            raise UserError(message)
        return loaded
