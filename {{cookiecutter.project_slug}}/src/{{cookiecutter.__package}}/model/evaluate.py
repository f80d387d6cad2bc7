"""Evaluate: every model answers the same rows, none of which it has seen."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ..objective import Objective
    from ..schema import Column

UNKNOWN = "not stated"


@dataclass(frozen=True, slots=True)
class Rows:
    """The training table, taken apart: n rows in one order."""

    features: pd.DataFrame  # what models see
    groups: pd.DataFrame  # the protected columns, for audit
    truth: NDArray[Any]  # labels, coded by the objective
    folds: NDArray[np.int64]  # the fold that holds each row out


def take_apart(table: pd.DataFrame, columns: Sequence[Column], target: str, objective: Objective) -> Rows:
    """Split the training table into what models see and what only audits see."""
    return Rows(
        features=table[[column.name for column in columns if column.seen_by_models]],
        groups=table[[column.name for column in columns if column.protected]].fillna(UNKNOWN),
        truth=objective.target(table[target]),
        folds=table["fold"].to_numpy(),
    )


def fit(model: Any, rows: Rows, kept: NDArray[np.bool_] | None = None) -> Any:
    """Return a fitted copy of a model; only a model that asks for groups is shown them, and only here."""
    kept = np.ones(len(rows.truth), dtype=bool) if kept is None else kept
    last = model[-1] if hasattr(model, "steps") else model
    audit = {"model__sensitive_features": rows.groups[kept]} if has_fit_parameter(last, "sensitive_features") else {}
    with warnings.catch_warnings():
        # quantiles of a column with few values coincide; dropping one of them is what is wanted
        warnings.filterwarnings("ignore", "Bins whose width are too small", UserWarning)
        return clone(model).fit(rows.features[kept], rows.truth[kept], **audit)


def held_out(model: Any, rows: Rows, objective: Objective) -> NDArray[Any]:
    """Return what a model says of every row when it was fitted without that row's fold."""
    parts = []
    for fold in np.unique(rows.folds):
        out = rows.folds == fold
        said = objective.raw(fit(model, rows, ~out), rows.features[out])
        parts.append((np.flatnonzero(out), said))
    order = np.argsort(np.concatenate([places for places, _ in parts]))
    return np.concatenate([said for _, said in parts])[order]
