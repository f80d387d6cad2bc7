"""The predictor: answers with the champion or, in a rollout, with the challenger, and falls back to the rules."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.identifiers import ATTRIBUTES
from ..core.problem import Problem
from ..stores.ledger import new_id, now
from ..stores.models import Models, StoredModel
from ..stores.rollouts import Rollout
from .arms import choose_challenger
from .explain import UNEXPLAINED, explain
from .served import ROLES, ServedModels
from .shadow import Shadow
from .timeouts import TimedCaller

ARMS = ("champion", "challenger")
OUTSIDE = {"rollout": None, "step": None, "share": None, "arm": None}  # of a rollout
log = logging.getLogger(__name__)


class Predictor:
    """Answers rows of features, in their order; after `max_seconds` without the answer of a model the rules answer.

    A share of the decisions, `blind_share`, is drawn at random for blind reviews. `read_rollout` returns the rollout
    that is live; `shadow` takes decisions that its challenger scores without answering.

    Raises UserError: no fallback is published, or it does not load.
    """

    def __init__(
        self,
        models: Models,
        problem: Problem,
        *,
        max_seconds: float = 1.0,
        blind_share: float = 0.0,
        read_rollout: Callable[[], Rollout | None] = lambda: None,
        shadow: Shadow | None = None,
    ) -> None:
        self.problem = problem
        self.inputs = [column.name for column in problem.inputs]
        self.stored = [column.name for column in problem.stored]
        self.blind_share = blind_share
        self.shadow = shadow
        self._random = np.random.default_rng()
        # a challenger that hangs must not turn the champion's decisions over to the rules
        self.callers = {arm: TimedCaller(max_seconds) for arm in ARMS}
        # reasons have callers of their own: a slow one must not turn decisions over to the rules
        self.explanations = {role: TimedCaller(max_seconds) for role in ROLES}
        self.served = ServedModels(models, problem, read_rollout)

    @property
    def champion(self) -> StoredModel:
        """The model that answers outside of a rollout."""
        return self.served.champion

    @property
    def fallback(self) -> StoredModel:
        """The rules."""
        return self.served.fallback

    @property
    def notice(self) -> str:
        """Why a published model does not answer; empty if all do."""
        return self.served.notice

    def refresh(self) -> None:
        """Load what the aliases and the rollout point to now; if that does not load, the old model keeps answering."""
        self.served.refresh()

    def decide(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return a decision for each row, ready for the ledger."""
        live, champion, ids = self.served.live, self.champion, [new_id() for _ in rows]
        if live is None:
            return self._decide(champion, "champion", rows, ids, OUTSIDE)
        rollout = live.rollout
        recorded = {"rollout": rollout.id, "step": rollout.step, "share": rollout.share}
        chosen = choose_challenger(rollout.id, rollout.share, rows, ids)
        found: dict[str, dict[str, Any]] = {}
        for arm, model in zip(ARMS, (champion, live.challenger), strict=True):
            its = [place for place, is_challenger in enumerate(chosen) if is_challenger == (arm == "challenger")]
            if its:
                its_rows, its_ids = [rows[place] for place in its], [ids[place] for place in its]
                decisions = self._decide(model, arm, its_rows, its_ids, {**recorded, "arm": arm})
                found |= zip(its_ids, decisions, strict=True)
        return [found[decision] for decision in ids]

    def score_shadow(self, decisions: Sequence[Mapping[str, Any]]) -> None:
        """Let the challenger score decisions that are on record, if a rollout is in its shadow; never waits."""
        live = self.served.live
        if self.shadow is not None and live is not None and live.rollout.state == "shadow":
            self.shadow.submit(live, decisions)

    def _decide(
        self, model: StoredModel, arm: str, rows: Sequence[Mapping[str, Any]], ids: Sequence[str], recorded: Any
    ) -> list[dict[str, Any]]:
        columns = {name: [row[name] for row in rows] for name in self.inputs}
        objective, fallback, start = self.problem.objective, False, time.perf_counter()
        try:
            found = self.callers[arm].call(model, objective.predict, model.model, columns)
        except Exception as error:  # noqa: BLE001  # whatever the model does, the request is answered
            # the text of an error may hold features, so only its type is logged
            log.error("%s failed with %s; the rules answer", model.label, type(error).__name__)  # noqa: TRY400
            model, fallback = self.fallback, True
            found = objective.predict(model.model, columns)
        seconds, decided_at, reviews = time.perf_counter() - start, now(), objective.needs_review(found)
        blind = (self._random.random(len(rows)) < self.blind_share).tolist()
        return [
            {
                "id": decision,
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
                "model_seconds": seconds,
                **recorded,
            }
            for decision, row, answer, score, needs_review, is_blind in zip(
                ids, rows, objective.answers(found), objective.scores(found), reviews, blind, strict=True
            )
        ]

    def explain(self, decision: Mapping[str, Any]) -> dict[str, Any]:
        """Return the encoded row and the reasons of a decision, or why there are none."""
        label: str = decision["model"]
        found: dict[str, Any] = dict(UNEXPLAINED)
        in_memory = self.served.find(label)
        if in_memory is None:
            return found | {"unexplained": f"{label} answered; it is no longer in use"}
        role, model = in_memory
        try:
            found = self.explanations[role].call(model, explain, model.model, self.problem, decision["features"])
        except Exception as error:  # noqa: BLE001  # the decision stands without its explanation
            log.error("%s cannot be explained: %s", label, type(error).__name__)  # noqa: TRY400
        return found | {"unexplained": None if found["reasons"] else f"{label} gives no reason"}
