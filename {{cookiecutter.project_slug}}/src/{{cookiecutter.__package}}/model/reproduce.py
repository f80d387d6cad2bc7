"""Reproduce: make a version again from what is on it, and compare the predictions of both."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.lake import KEY, WEIGHT
from ..stores.registry import Registry
from .evaluate import Rows, fit, split_columns
from .provenance import digest_columns, digest_table, digest_training_plan, list_packages, read_commit

TOLERANCE = 1e-9  # of a prediction: sums of the same numbers may be taken in another order


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A version that was made again: what differs from when it was made, and from what it predicts."""

    label: str
    rows: int  # that it was fitted to, and predicts
    difference: float  # the largest one of a prediction
    changes: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.difference <= TOLERANCE and not self.changes


def reproduce(
    version: str, table: pd.DataFrame, registry: Registry, problem: Problem, plan: Plan, root: Path
) -> Reproduction:
    """Fit the recipe of a version to the rows that it was fitted to, as the training table has them now.

    The recipe is that of the stored model, and rules are those of rules.py.

    Raises UserError: the version was made for another contract or not by `train`, or none of its rows is left.
    """
    found = registry.evidence(version)
    tags, label = found["tags"], found["label"]
    if tags.get("contract") != problem.fingerprint:
        next_step = f"check out its commit, {tags.get('commit', 'which is unknown')}, to make it again"
        raise UserError(f"{label} was made for another contract; {next_step}")
    if not {"rules", "recipe"} & tags.keys():
        raise UserError(f"{label} was not made by `train`, and cannot be made again; name a version that was")
    stored = registry.load_version(version, label).model
    rows, missing = _find_rows(version, table, registry, problem)
    model = fit(problem.rules if "rules" in tags else stored, rows)
    changes = [f"{edit} after registration" for edit in found["edits"]]
    changes += _compare_rules(tags, problem) if "rules" in tags else _compare_training(tags, plan, root, stored)
    if found["columns"]:
        changes += [f"data: {missing} of its rows are not in the training table any more"] if missing else []
        changes += [] if missing else list(_compare_columns(found["columns"], rows))
    elif tags.get("data", digest := digest_table(table)) != digest:
        changes.append(f"data: the training table was {tags['data']}, and is {digest}")
    before, after = (problem.objective.predict(one, rows.features) for one in (stored, model))
    return Reproduction(label, len(rows.truth), float(np.abs(after - before).max()), tuple(changes))


def _find_rows(version: str, table: pd.DataFrame, registry: Registry, problem: Problem) -> tuple[Rows, int]:
    """Return the rows that a version was fitted to, with their weights, and how many of them are missing."""
    keys, weights = registry.keys(version), registry.weights(version)
    if keys is None or weights is None:  # rules, and versions of an older template
        return split_columns(table, problem), 0
    names = (table[KEY] if KEY in table else table.index.to_series()).astype(str)
    known = np.isin(pd.util.hash_array(names.to_numpy(dtype=object)), keys)
    if not known.any():
        raise UserError(f"none of the {len(keys)} rows of version {version} is in the training table; run `data`")
    rows = split_columns(table[known].reset_index(drop=True).drop(columns=WEIGHT, errors="ignore"), problem)
    order = np.argsort(keys)
    places = order[np.searchsorted(keys, np.asarray(rows.keys), sorter=order)]
    return replace(rows, weights=weights[places]), int(len(keys) - known.sum())


def _compare_rules(tags: Mapping[str, str], problem: Problem) -> list[str]:
    if tags["rules"] == problem.rules.digest:
        return []
    return [f"rules: they were {tags['rules']}, and rules.py has {problem.rules.digest}"]


def _compare_training(tags: Mapping[str, str], plan: Plan, root: Path, model: Any) -> Iterator[str]:
    """Yield what differs between the training of a version and a training now."""
    commit, is_clean = read_commit(root)
    if tags.get("clean") != "true" or not is_clean:
        when = "it was trained" if tags.get("clean") != "true" else "now"
        yield f"commit: {when} with files that no commit has"
    if tags.get("commit", "none") != (commit or "none"):
        yield f"commit: it was {tags.get('commit', 'none')[:12]}, and is {commit[:12] or 'none'}"
    if tags.get("training_plan", digest := digest_training_plan(plan)) != digest:
        yield "plan: costs, data, review, labels, gates, slices or groups of plan.toml have changed"
    then, now = json.loads(tags.get("packages", "{}")), list_packages(model)
    for name in sorted(then):
        if then[name] != now.get(name):
            yield f"package: {name} was {then[name]}, and is {now.get(name, 'not installed')}"


def _compare_columns(then: Mapping[str, str], rows: Rows) -> Iterator[str]:
    now = digest_columns(rows)
    for name in then:
        if then[name] != now.get(name):
            yield f"data: {name} has other values in the rows that it was fitted to"
