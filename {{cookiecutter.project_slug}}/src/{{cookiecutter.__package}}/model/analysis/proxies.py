"""Proxies: how well the inputs of models predict a protected group, although no model sees it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from ...core.encoder import encoder
from ...core.result import GateResult, Status
from ..concordance import measure_columns, measure_concordance
from .candidate import Candidate

SHOWN = 3  # columns
NO_BETTER = 0.5  # the area under the ROC curve of chance


def find_proxies(candidate: Candidate) -> Iterator[GateResult]:
    """Yield for each protected column how well boosting on the inputs ranks its groups, by the plan's limit.

    Where a group is nearly known from the inputs, leaving its column out protects nobody (Barocas and Selbst, "Big
    Data's Disparate Impact", California Law Review 104, 2016). Groups smaller than `groups.minimum_rows` are left out.
    """
    rows, plan = candidate.rows, candidate.plan
    for column in rows.groups:
        groups = rows.groups[column]
        sizes = groups.value_counts()
        kept = [str(group) for group in sizes.index[sizes >= plan.groups.minimum_rows]]
        if len(kept) <= 1:
            continue
        candidate.report(f"predicting {column}")
        ranked = _rank_groups(candidate, groups, kept)
        group, value = max(ranked.items(), key=lambda pair: pair[1])
        is_group = (groups == group).to_numpy()
        alone = sorted(measure_columns(rows.features, is_group, rows.folds), key=lambda pair: -pair[1])[:SHOWN]
        limit = plan.analysis.max_proxy_auc
        status: Status = "pass" if value <= limit else "inconclusive"
        shown = ", ".join(f"{name} {alone_value:.2f}" for name, alone_value in alone)
        message = (
            f"proxies: the inputs predict {column} {group} with an area under the ROC curve of {value:.3f}, against a "
            f"limit of {limit:g}; by themselves: {shown}"
        )
        evidence = {"column": column, "groups": ranked, "limit": limit, "alone": dict(alone)}
        yield GateResult(f"proxies.{column}", status, message, evidence)


def _rank_groups(candidate: Candidate, groups: pd.Series, kept: list[str]) -> dict[str, float]:
    """Return for each group the area under the ROC curve of its probability, on rows that are held out."""
    rows = candidate.rows
    model = Pipeline(
        [
            ("encode", encoder(candidate.problem.columns)),
            ("model", HistGradientBoostingClassifier(max_iter=60, max_depth=3, random_state=0)),
        ]
    )
    truth = groups.to_numpy().astype(str)
    codes = {group: place for place, group in enumerate(kept)}
    scores: NDArray[Any] = np.full((len(truth), len(kept)), NO_BETTER)
    for fold in np.unique(rows.folds):
        out = rows.folds == fold
        learned = ~out & np.isin(truth, kept)
        if len(np.unique(truth[learned])) > 1:
            fitted = model.fit(rows.features[learned], truth[learned])
            for group, probability in zip(fitted.classes_, fitted.predict_proba(rows.features[out]).T, strict=True):
                scores[out, codes[str(group)]] = probability
    found = {group: measure_concordance(truth == group, scores[:, place]) for group, place in codes.items()}
    return {group: one.value for group, one in found.items() if one}
