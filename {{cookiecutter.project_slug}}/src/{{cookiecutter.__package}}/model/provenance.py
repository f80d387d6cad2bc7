"""Provenance: what is needed to make a version again, and what later ones are compared with."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.plan import Plan
from ..core.problem import Problem
from .evaluate import Rows
from .gates.table import describe_labels

# sections of the plan that training reads, but for what changes no result
READ: Any = {"costs", "data", "review", "labels", "gates", "slices", "groups", "search"}
NOT_READ: Any = {"data": {"owner"}, "gates": {"clean_commit"}, "search": {"trials", "minutes"}}
MODULES = {"numpy", "pandas", "scipy", "sklearn", "skops"}  # which every model is made by


def provenance(table: pd.DataFrame, rows: Rows, problem: Problem, plan: Plan, root: Path) -> dict[str, str]:
    """Return what is needed to make a version again, and its labels, which later ones are compared with."""
    commit, is_clean = read_commit(root)
    return {
        "commit": commit or "none",
        "clean": str(is_clean).lower(),
        "data": digest_table(table),
        "rows": str(len(table)),
        "trained": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": plan.fingerprint,
        "training_plan": digest_training_plan(plan),
        "contract": problem.fingerprint,
        "labels": json.dumps(describe_labels(rows, problem, plan)),
    }


def digest_table(table: pd.DataFrame) -> str:
    """Return 16 hex digits that change with any cell of a table."""
    return hashlib.sha256(pd.util.hash_pandas_object(table).to_numpy().tobytes()).hexdigest()[:16]


def digest_training_plan(plan: Plan) -> str:
    """Return 16 hex digits that change whenever a decision in the plan does that results of training depend on."""
    text = plan.model_dump_json(include=READ, exclude=NOT_READ)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_columns(rows: Rows) -> dict[str, str]:
    """Return 16 hex digits for each column that a model is fitted to, and for the answers."""
    columns: dict[str, Any] = {str(name): values for name, values in rows.features.items()}
    columns |= {str(name): values for name, values in rows.groups.items()}
    columns |= {"the answers": pd.Series(rows.truth)}
    return {name: _digest_values(values) for name, values in columns.items()}


def list_packages(model: Any) -> dict[str, str]:
    """Return the versions of Python and of the packages that a model is made by."""
    parts = [model, *(model.get_params(deep=True).values() if hasattr(model, "get_params") else ())]
    modules = MODULES | {type(part).__module__.partition(".")[0] for part in parts}
    known = _find_packages()
    names = {name for module in modules - {__name__.partition(".")[0]} for name in known.get(module, ())}
    return {"python": platform.python_version(), **{name: version(name) for name in sorted(names)}}


def describe_packages(model: Any) -> str:
    """Return these versions as a tag."""
    return json.dumps(list_packages(model))


def read_commit(root: Path) -> tuple[str, bool]:
    """Return the commit of the project's files, or "", and whether no file has changed since.

    A repository that lies around the project, and does not hold it, says nothing about it. `uv.lock` does not count:
    `uv` writes it wherever it is not committed, and a version carries the packages that made it.
    """
    commit = _git(root, "rev-parse", "HEAD") if _is_tracked(root) else ""
    return commit, bool(commit) and not _git(root, "status", "--porcelain", ".", ":(exclude)uv.lock")


def lacks_commit(root: Path, commit: str) -> bool:
    """Return whether the project's repository, with all its history, does not have a commit."""
    is_whole = _is_tracked(root) and _git(root, "rev-parse", "--is-shallow-repository") == "false"
    return is_whole and _git(root, "cat-file", "-t", commit) != "commit"


@cache  # reads a file of every installed package
def _find_packages() -> Mapping[str, list[str]]:
    return packages_distributions()


def _is_tracked(root: Path) -> bool:
    return bool(_git(root, "ls-files", "plan.toml"))


def _digest_values(values: "pd.Series[Any]") -> str:
    # numbers as doubles: a column of whole numbers becomes one of doubles when a later row lacks its value
    is_number = pd.api.types.is_numeric_dtype(values)
    kept = values.to_numpy(dtype=float) if is_number else values.astype(object).where(values.notna(), "").to_numpy()
    return hashlib.sha256(np.asarray(pd.util.hash_array(kept)).tobytes()).hexdigest()[:16]


def _git(root: Path, *words: str) -> str:
    # a hook of git names its own repository in such variables
    env = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", *words]
    try:
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
