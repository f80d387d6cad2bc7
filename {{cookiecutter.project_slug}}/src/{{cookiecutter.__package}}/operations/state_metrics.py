"""State metrics: what a product is at this moment, beside what it has counted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Gauge

from ..stores.ledger import Ledger
from ..stores.models import StoredModel
from ..stores.rollouts import Rollout, read_latest
from .metrics import Metrics

STATES = ("none", "shadow", "running", "paused", "done", "back", "stopped")


class StateMetrics:
    """Gauges of the queue, the models and the latest rollout; each call brings them up to date.

    `waiting` returns how many rows wait, `lost` how many decisions the shadow has dropped and for how many it failed,
    and `models` the alias of each model in use, and the model.
    """

    def __init__(
        self,
        metrics: Metrics,
        ledger: Ledger,
        waiting: Callable[[], int],
        lost: Callable[[], tuple[int, int]],
        models: Callable[[], Sequence[tuple[str, StoredModel]]],
    ) -> None:
        self.ledger, self.read_waiting, self.read_lost, self.read_models = ledger, waiting, lost, models
        registry: Any = metrics.registry
        # of several processes: the rows of all that live, the models of any, and otherwise what was set last
        recent: Any = {"registry": registry, "multiprocess_mode": "mostrecent"}
        text = "Rows that wait or are worked on"
        self.waiting = Gauge("requests_waiting", text, registry=registry, multiprocess_mode="livesum")
        self.dropped = Counter("shadow_dropped", "Decisions that the shadow did not score", registry=registry)
        self.failed = Counter("shadow_failed", "Decisions for which the shadow failed", registry=registry)
        self._lost = (0, 0)
        of_models: Any = {"registry": registry, "labelnames": ["model", "alias"], "multiprocess_mode": "livemax"}
        self.models = Gauge("model_info", "1 for a model in use", **of_models)
        self.trained_at = Gauge("model_trained_timestamp_seconds", "When a model in use was trained", **of_models)
        self.state = Gauge("rollout_state", "1 for the state of the latest rollout", ["state"], **recent)
        self.step = Gauge("rollout_step", "Step of the latest rollout", **recent)
        self.share = Gauge("rollout_share", "Share of the challenger", **recent)
        self.step_at = Gauge("rollout_step_timestamp_seconds", "When the step began", **recent)
        self.changed_at = Gauge("rollout_changed_timestamp_seconds", "When the rollout was changed", **recent)
        self._known: set[tuple[str, str]] = set()

    def __call__(self) -> None:
        """Set every gauge."""
        self.waiting.set(self.read_waiting())
        lost = self.read_lost()
        for counter, old, new in zip((self.dropped, self.failed), self._lost, lost, strict=True):
            counter.inc(new - old)
        self._lost = lost
        self._set_models({(model.label, alias): model for alias, model in self.read_models()})
        self._set_rollout(read_latest(self.ledger))

    def _set_models(self, models: Mapping[tuple[str, str], StoredModel]) -> None:
        """Set the gauges of the models in use, and those of models that were in use to 0."""
        for labels in self._known | models.keys():
            model = models.get(labels)
            self.models.labels(*labels).set(model is not None)
            # rules are written, not trained
            trained = model.tags.get("trained") if model else None
            self.trained_at.labels(*labels).set(_seconds(trained) if trained else 0)
        self._known |= models.keys()

    def _set_rollout(self, rollout: Rollout | None) -> None:
        for state in STATES:
            self.state.labels(state).set(state == (rollout.state if rollout else "none"))
        self.step.set(rollout.step if rollout else 0)
        self.share.set(rollout.share if rollout and rollout.is_live else 0)
        self.step_at.set(_seconds(rollout.step_at) if rollout else 0)
        self.changed_at.set(_seconds(rollout.changed_at) if rollout else 0)


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
