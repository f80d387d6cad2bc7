"""The predictor: answers with the champion, follows the published models, and falls back to the rules."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ..core.errors import UserError
from ..core.problem import Problem
from ..stores.ledger import new_id, now
from ..stores.models import Models, StoredModel
from .explain import explain
from .timeouts import TimedCaller

NO_EXPLANATION: Mapping[str, Any] = {"encoded": {}, "reasons": []}
log = logging.getLogger(__name__)


class Predictor:
    """Answers rows of features, in their order.

    `max_seconds`: the timeout of the champion; then the rules answer.

    Raises UserError: when created: no fallback is published, or it does not load.
    """

    def __init__(self, models: Models, problem: Problem, *, max_seconds: float = 1.0) -> None:
        self.models = models
        self.problem = problem
        self.inputs = tuple(column.name for column in problem.inputs)
        self.stored = tuple(column.name for column in problem.stored)
        self.fingerprint = problem.fingerprint
        # reasons have a caller of their own: a slow one must not turn decisions over to the rules
        self.decisions, self.explanations = TimedCaller(max_seconds), TimedCaller(max_seconds)
        self.fallback = self._load("fallback")
        self.champion = self.fallback
        self._followed: dict[str, str | None] = {"fallback": self.fallback.version}
        self._notices: dict[str, str] = {}
        self.refresh()

    @property
    def notice(self) -> str:
        """Why a published model does not answer; empty if all do."""
        return " ".join(self._notices.values())

    def refresh(self) -> None:
        """Load what the aliases point to now; if that does not load, the old model keeps answering."""
        for alias in ("fallback", "champion"):
            version = self.models.version(alias)
            if version is None or version == self._followed.get(alias):
                continue
            try:
                loaded = self._load(alias)
            except UserError as error:  # tried again next time: the store may have been out of reach
                notice = f"{error}; {getattr(self, alias).label} keeps answering"
                if notice != self._notices.get(alias):
                    log.warning("%s", notice)
                self._notices[alias] = notice
            else:
                self._followed[alias] = version
                self._notices.pop(alias, None)
                setattr(self, alias, loaded)
                log.info("the %s is %s", alias, loaded.label)

    def decide(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a decision for each row, ready for the ledger."""
        columns = {name: [row[name] for row in rows] for name in self.inputs}
        predict, model, fallback = self.problem.objective.predict, self.champion, False
        try:
            predictions = self.decisions.call(model, predict, model.model, columns)
        except Exception as error:  # noqa: BLE001  # whatever the model does, the request is answered
            # the text of an error may hold features, so only its type is logged
            log.error("%s failed with %s; the rules answer", model.label, type(error).__name__)  # noqa: TRY400
            model, fallback = self.fallback, True
            predictions = predict(model.model, columns)
        return self._decisions(rows, predictions, model, fallback=fallback)

    def explain(self, decision: Mapping[str, Any]) -> dict[str, Any]:
        """Return the encoded row and the reasons of a decision, or why there are none."""
        for model in (self.champion, self.fallback):
            if model.label != decision["model"]:
                continue
            try:
                found = self.explanations.call(model, explain, model.model, self.problem, decision["features"])
            except Exception as error:  # noqa: BLE001  # the decision stands without its explanation
                log.error("%s cannot be explained: %s", model.label, type(error).__name__)  # noqa: TRY400
                found = NO_EXPLANATION
            return {**found, "unexplained": None if found["reasons"] else f"{model.label} gives no reason"}
        return {**NO_EXPLANATION, "unexplained": f"{decision['model']} answered; it is no longer in use"}

    def _decisions(
        self, rows: Sequence[Mapping[str, Any]], predictions: NDArray[Any], model: StoredModel, *, fallback: bool
    ) -> list[dict[str, Any]]:
        decided_at, label, objective = now(), model.label, self.problem.objective
        answers, scores = objective.answers(predictions), objective.scores(predictions)
        return [
            {
                "id": new_id(),
                "decided_at": decided_at,
                "features": {name: row[name] for name in self.stored},
                "answer": answer,
                "score": score,
                "model": label,
                "needs_review": needs_review or fallback,
                "fallback": fallback,
            }
            for row, answer, score, needs_review in zip(
                rows, answers, scores, objective.needs_review(predictions), strict=True
            )
        ]

    def _load(self, alias: str) -> StoredModel:
        entry = self.models.entry(alias)
        if entry is not None and entry["tags"].get("contract") != self.fingerprint:
            message = (
                f"the {alias}, {entry['name']}:{entry['version']}, was made for another contract; if contract.py "
                "changed while this product runs, start a new one beside it and then stop this one; else run "
                "`data`, `train`, `promote`"
            )
            raise UserError(message)
        return self.models.load(alias)
