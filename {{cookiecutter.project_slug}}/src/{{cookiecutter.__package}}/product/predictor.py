"""The predictor: answers with the champion, follows the published models, and falls back to the rules."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.errors import UserError
from ..core.identifiers import ATTRIBUTES
from ..core.problem import Problem
from ..stores.ledger import new_id, now
from ..stores.models import SERVED, Models, StoredModel
from .explain import explain
from .timeouts import TimedCaller

log = logging.getLogger(__name__)


class Predictor:
    """Answers rows of features, in their order; after `max_seconds` without the champion's answer the rules answer.

    A share of the decisions, `blind_share`, is drawn at random for blind reviews.

    Raises UserError: no fallback is published, or it does not load.
    """

    def __init__(self, models: Models, problem: Problem, *, max_seconds: float = 1.0, blind_share: float = 0.0) -> None:
        self.models = models
        self.problem = problem
        self.inputs = [column.name for column in problem.inputs]
        self.stored = [column.name for column in problem.stored]
        self.blind_share = blind_share
        self._random = np.random.default_rng()
        self.decisions = TimedCaller(max_seconds)
        # reasons have callers of their own: a slow one must not turn decisions over to the rules
        self.explanations = {alias: TimedCaller(max_seconds) for alias in SERVED}
        self.fallback = self.champion = self._load("fallback", models.entry("fallback"))
        self._notices = dict.fromkeys(SERVED, "")
        self.refresh()

    @property
    def notice(self) -> str:
        """Why a published model does not answer; empty if all do."""
        return " ".join(filter(None, self._notices.values()))

    def refresh(self) -> None:
        """Load what the aliases point to now; if that does not load, the old model keeps answering."""
        for alias, old_notice in self._notices.items():
            current, notice = getattr(self, alias), ""
            try:
                entry = self.models.entry(alias)
                if entry is not None and (entry["version"], entry["digest"]) != (current.version, current.digest):
                    setattr(self, alias, self._load(alias, entry))
                    log.info("the %s is %s", alias, getattr(self, alias).label)
            except UserError as error:  # tried again next time: the store may have been out of reach
                notice = f"{error}; {current.label} keeps answering"
                if notice != old_notice:
                    log.warning("%s", notice)
            self._notices[alias] = notice

    def decide(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a decision for each row, ready for the ledger."""
        columns = {name: [row[name] for row in rows] for name in self.inputs}
        objective, model, fallback = self.problem.objective, self.champion, False
        try:
            found = self.decisions.call(model, objective.predict, model.model, columns)
        except Exception as error:  # noqa: BLE001  # whatever the model does, the request is answered
            # the text of an error may hold features, so only its type is logged
            log.error("%s failed with %s; the rules answer", model.label, type(error).__name__)  # noqa: TRY400
            model, fallback = self.fallback, True
            found = objective.predict(model.model, columns)
        decided_at, reviews = now(), objective.needs_review(found)
        blind = (self._random.random(len(rows)) < self.blind_share).tolist()
        return [
            {
                "id": new_id(),
                "decided_at": decided_at,
                "features": {name: row[name] for name in self.stored},
                "answer": answer,
                "score": score,
                "model": model.label,
                "needs_review": needs_review or fallback,
                "fallback": fallback,
                "blind": is_blind,
                "reference": row.get(ATTRIBUTES["reference"]),
                "subject": row.get(ATTRIBUTES["subject"]),
            }
            for row, answer, score, needs_review, is_blind in zip(
                rows, objective.answers(found), objective.scores(found), reviews, blind, strict=True
            )
        ]

    def explain(self, decision: Mapping[str, Any]) -> dict[str, Any]:
        """Return the encoded row and the reasons of a decision, or why there are none."""
        label: str = decision["model"]
        found: dict[str, Any] = {"encoded": {}, "reasons": []}
        alias = next((alias for alias in SERVED if getattr(self, alias).label == label), None)
        if alias is None:
            return found | {"unexplained": f"{label} answered; it is no longer in use"}
        model = getattr(self, alias)
        try:
            found = self.explanations[alias].call(model, explain, model.model, self.problem, decision["features"])
        except Exception as error:  # noqa: BLE001  # the decision stands without its explanation
            log.error("%s cannot be explained: %s", label, type(error).__name__)  # noqa: TRY400
        return found | {"unexplained": None if found["reasons"] else f"{label} gives no reason"}

    def _load(self, alias: str, entry: Mapping[str, Any] | None) -> StoredModel:
        if entry is not None and entry["tags"].get("contract") != self.problem.fingerprint:
            raise UserError(
                f"the {alias}, {entry['name']}:{entry['version']}, was made for another contract; if contract.py "
                "changed while this product runs, start a new one beside it and then stop this one; else run "
                "`data`, `train`, `promote`"
            )
        return self.models.load(alias, entry)
