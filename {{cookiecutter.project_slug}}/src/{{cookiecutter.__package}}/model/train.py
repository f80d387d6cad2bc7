"""Train: try every candidate, and register the cheapest one that passes all gates."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.result import GateResult
from ..stores.models import StoredModel
from ..stores.registry import Registry
from .evaluate import Rows, cross_evaluate, fit, metrics
from .gates import run_gates


@dataclass(frozen=True, slots=True)
class Trial:
    """One model on rows it was not trained on: its metrics, and the results of the gates."""

    name: str
    metrics: dict[str, float]
    results: tuple[GateResult, ...] = ()
    model: Any = None  # unfitted; None for the champion

    @property
    def refused(self) -> bool:
        """Whether a gate blocks the model."""
        return any(result.blocks for result in self.results)


def run_trials(rows: Rows, registry: Registry, problem: Problem, plan: Plan) -> Iterator[Trial]:
    """Yield the champion, and then every candidate as soon as it is compared with it."""
    reference, role = load_reference(registry, problem)
    champion = cross_evaluate(reference.model, rows, problem)
    yield Trial(f"{reference.label} ({role})", metrics(champion, problem))
    for name, model in problem.candidates().items():
        candidate = cross_evaluate(model, rows, problem)
        results = tuple(run_gates(rows, candidate, champion, problem, plan))
        yield Trial(name, metrics(candidate, problem), results, model)


def load_reference(registry: Registry, problem: Problem) -> tuple[StoredModel, str]:
    """Return what candidates are compared with, and what it is: the champion, or the rules in its place.

    A champion that does not load, or was made for another contract, answers no request: the rules do.
    """
    try:
        champion = registry.load("champion")
    except UserError as error:
        reason = str(error)
    else:
        if champion.tags.get("contract") == problem.fingerprint:
            return champion, "champion"
        reason = f"{champion.label} was made for another contract"
    return registry.load("fallback"), f"in place of the champion: {reason}"


def register_best(
    trials: list[Trial], rows: Rows, registry: Registry, problem: Problem, tags: dict[str, str]
) -> str | None:
    """Record every trial; fit the cheapest candidate that passed, on all rows, and make it the challenger.

    Returns its version, or None when all were refused; an older challenger stays.
    """
    candidates = [trial for trial in trials if trial.model is not None]
    passed = [trial for trial in candidates if not trial.refused]
    best = min(passed, key=lambda trial: trial.metrics["cost"], default=None)
    for trial in candidates:
        if trial is not best:
            registry.record(name=trial.name, metrics=trial.metrics, tags=tags, results=trial.results)
    if best is None:
        return None
    version = registry.register(
        fit(best.model, rows),
        name=best.name,
        inputs=problem.inputs,
        metrics=best.metrics,
        tags=tags,
        results=best.results,
    )
    registry.set_alias("challenger", version)
    return version


def provenance(table: pd.DataFrame, problem: Problem, plan: Plan, root: Path) -> dict[str, str]:
    """Return what is needed to make a version again: code, data, plan and contract."""
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
        "plan": plan.fingerprint,
        "contract": problem.fingerprint,
    }


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
