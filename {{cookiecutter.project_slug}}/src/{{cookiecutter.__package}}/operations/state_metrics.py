"""State metrics: what a product is at this moment, beside what it has counted."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Gauge

from ..stores.ledger import Ledger
from ..stores.rollouts import Rollout, read_latest
from .metrics import Metrics

STATES = ("none", "shadow", "running", "paused", "done", "back", "stopped")


class StateMetrics:
    """Gauges of the queue, the models and the latest rollout; each call brings them up to date.

    `waiting` and `dropped` return how many rows wait, and how many decisions the shadow has dropped; `models` returns
    the alias and the label of each model in use.
    """

    def __init__(
        self,
        metrics: Metrics,
        ledger: Ledger,
        waiting: Callable[[], int],
        dropped: Callable[[], int],
        models: Callable[[], Sequence[tuple[str, str]]],
    ) -> None:
        self.ledger, self.read_waiting, self.read_dropped, self.read_models = ledger, waiting, dropped, models
        registry: Any = metrics.registry
        # of several processes: the rows of all that live, and otherwise what was set last
        recent: Any = {"registry": registry, "multiprocess_mode": "mostrecent"}
        text = "Rows that wait or are worked on"
        self.waiting = Gauge("requests_waiting", text, registry=registry, multiprocess_mode="livesum")
        self.dropped = Counter("shadow_dropped", "Decisions that the shadow did not score", registry=registry)
        self.models = Gauge("model_info", "Models in use", ["model", "alias"], **recent)
        self.state = Gauge("rollout_state", "1 for the state of the latest rollout", ["state"], **recent)
        self.step = Gauge("rollout_step", "Step of the latest rollout", **recent)
        self.share = Gauge("rollout_share", "Share of the challenger", **recent)
        self.step_at = Gauge("rollout_step_timestamp_seconds", "When the step began", **recent)
        self.changed_at = Gauge("rollout_changed_timestamp_seconds", "When the rollout was changed", **recent)
        self._dropped = 0
        self._models: set[tuple[str, str]] = set()

    def __call__(self) -> None:
        """Set every gauge."""
        self.waiting.set(self.read_waiting())
        dropped = self.read_dropped()
        self.dropped.inc(dropped - self._dropped)
        self._dropped = dropped
        models = {*self.read_models()}
        for alias, model in self._models | models:
            self.models.labels(model, alias).set((alias, model) in models)
        self._models |= models
        self._set_rollout(read_latest(self.ledger))

    def _set_rollout(self, rollout: Rollout | None) -> None:
        for state in STATES:
            self.state.labels(state).set(state == (rollout.state if rollout else "none"))
        self.step.set(rollout.step if rollout else 0)
        self.share.set(rollout.share if rollout and rollout.is_live else 0)
        self.step_at.set(_seconds(rollout.step_at) if rollout else 0)
        self.changed_at.set(_seconds(rollout.changed_at) if rollout else 0)


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp() if at else time.time()
