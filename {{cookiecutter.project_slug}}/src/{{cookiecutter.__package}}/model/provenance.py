"""Provenance: what is needed to make a version again, and what later ones are compared with."""

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ..core.plan import Plan
from ..core.problem import Problem
from .evaluate import Rows
from .gates.table import describe_labels


def provenance(table: pd.DataFrame, rows: Rows, problem: Problem, plan: Plan, root: Path) -> dict[str, str]:
    """Return what is needed to make a version again, and its labels, which later ones are compared with."""
    digest = hashlib.sha256(pd.util.hash_pandas_object(table).to_numpy().tobytes()).hexdigest()
    # a repository that lies around the project, and does not hold it, says nothing about it
    is_tracked = bool(_git(root, "ls-files", "plan.toml"))
    commit = _git(root, "rev-parse", "HEAD") if is_tracked else ""
    is_clean = bool(commit) and not _git(root, "status", "--porcelain", ".")
    return {
        "commit": commit or "none",
        "clean": str(is_clean).lower(),
        "data": digest[:16],
        "rows": str(len(table)),
        "trained": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": plan.fingerprint,
        "contract": problem.fingerprint,
        "labels": json.dumps(describe_labels(rows, problem, plan)),
    }


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
