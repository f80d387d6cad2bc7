"""Models with a fault on purpose, by which tests, drills and the tour see that a rollout refuses a bad challenger.

They wrap a fitted model and are stored like any other. The fault hits a share of the rows, which depends on the
inputs alone: a row has the same prediction whenever it is scored.
"""

import time
import zlib
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .errors import UserError

FACTOR = 3.0  # of a wrong number


class FaultyModel(BaseEstimator):  # type: ignore[misc]
    """Answer as `model` does, which is fitted; subclasses add a fault to a `share` of the rows."""

    def __init__(self, model: Any, share: float = 1.0) -> None:
        self.model = model
        self.share = share

    @property
    def classes_(self) -> Any:
        """The answers that the model knows. Raises AttributeError: the model does not say."""
        return self.model.classes_

    def fit(self, X: object = None, y: object = None) -> Self:  # noqa: ARG002, N803
        """Return the model as it is."""
        return self

    def predict_proba(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of every answer, shape (rows, answers)."""
        return self._spoil(np.asarray(self.model.predict_proba(X), dtype=float), hit_rows(X, self.share))

    def predict(self, X: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the number for each row."""
        return self._spoil(np.asarray(self.model.predict(X), dtype=float), hit_rows(X, self.share))

    def _spoil(self, predictions: NDArray[np.float64], hit: NDArray[np.bool_]) -> NDArray[np.float64]:  # noqa: ARG002
        return predictions


class WrongModel(FaultyModel):
    """Give the probability of another answer, or a number that is three times as large."""

    def _spoil(self, predictions: NDArray[np.float64], hit: NDArray[np.bool_]) -> NDArray[np.float64]:
        wrong = predictions * FACTOR if predictions.ndim == 1 else np.roll(predictions, 1, axis=1)
        return np.where(hit if predictions.ndim == 1 else hit[:, None], wrong, predictions)


class SlowModel(FaultyModel):
    """Take `seconds` longer for a request that has one of the rows."""

    def __init__(self, model: Any, share: float = 1.0, seconds: float = 0.1) -> None:
        super().__init__(model, share)
        self.seconds = seconds

    def _spoil(self, predictions: NDArray[np.float64], hit: NDArray[np.bool_]) -> NDArray[np.float64]:
        if hit.any():
            time.sleep(self.seconds)
        return predictions


class FailingModel(FaultyModel):
    """Raise RuntimeError for a request that has one of the rows."""

    def _spoil(self, predictions: NDArray[np.float64], hit: NDArray[np.bool_]) -> NDArray[np.float64]:
        if hit.any():
            raise RuntimeError("this model fails on purpose")
        return predictions


KINDS: dict[str, type[FaultyModel]] = {"worse": WrongModel, "slow": SlowModel, "failing": FailingModel}


def make_faulty(kind: str, model: Any, **options: float) -> FaultyModel:
    """Return a fitted model with a fault, one of KINDS. Raises UserError: there is no such fault."""
    if kind not in KINDS:
        raise UserError(f"there is no challenger fault {kind!r}; use one of {', '.join(KINDS)}")
    return KINDS[kind](model, **options).fit()


def hit_rows(rows: Mapping[str, Any], share: float) -> NDArray[np.bool_]:
    """Return for each of n rows whether it is among the share that a fault hits, by a hash of its inputs."""
    texts = map(repr, zip(*(map(str, rows[name]) for name in rows), strict=True))
    return np.array([zlib.crc32(text.encode()) < share * 2**32 for text in texts], dtype=bool)
