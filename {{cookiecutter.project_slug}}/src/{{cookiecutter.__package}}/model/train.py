"""Train: try every candidate, and register the cheapest one that passes all gates."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import UserError, in_one_line
from ..core.objective import Evaluation
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.result import GateResult
from ..stores.models import StoredModel, dump_model
from ..stores.registry import Registry
from .evaluate import Rows, cross_evaluate, fit, metrics
from .gates import run_gates

NEXT_STEP = "correct it in candidates.py"


@dataclass(frozen=True, slots=True)
class Trial:
    """One model on rows it was not trained on: its metrics, and the results of the gates."""

    name: str
    metrics: dict[str, float]
    results: tuple[GateResult, ...] = ()
    model: Any = None  # unfitted; None for the champion
    seconds: float = 0.0  # that fitting and predicting took

    @property
    def refused(self) -> bool:
        """Whether a gate blocks the model."""
        return any(result.blocks for result in self.results)


def run_trials(
    rows: Rows, registry: Registry, problem: Problem, plan: Plan, report: Callable[[str], None] = lambda _: None
) -> Iterator[Trial]:
    """Yield the champion, and then every candidate as soon as it is compared with it.

    `report` is called with a line of progress before each fold. A candidate that raises, or predicts what is no
    answer, is refused with the reason.
    """
    label, champion = evaluate_reference(rows, registry, problem, report)
    yield Trial(label, metrics(champion, problem))
    for name, model in problem.candidates().items():
        started = time.monotonic()
        try:
            with in_one_line("it cannot be judged", NEXT_STEP):
                candidate = cross_evaluate(model, rows, problem, _progress(name, report))
        except UserError as error:
            found = _refuse(Trial(name, {}, model=model), error)
        else:
            results = tuple(run_gates(rows, candidate, champion, problem, plan))
            found = Trial(name, metrics(candidate, problem), results, model)
        yield replace(found, seconds=time.monotonic() - started)


def evaluate_reference(
    rows: Rows, registry: Registry, problem: Problem, report: Callable[[str], None]
) -> tuple[str, Evaluation]:
    """Return what candidates are compared with, in words, and its evaluation: the champion, or the rules."""
    reference, role = load_reference(registry, problem)
    try:
        with in_one_line(f"{reference.label} cannot be judged", "promote another"):
            evaluation = cross_evaluate(reference.model, rows, problem, _progress(reference.label, report))
    except UserError as error:
        reference, role = registry.load("fallback"), f"in place of the champion: {error}"
        evaluation = cross_evaluate(reference.model, rows, problem)
    return f"{reference.label} ({role})", evaluation


def _progress(name: str, report: Callable[[str], None]) -> Callable[[int, int], None]:
    """Return a function for `cross_evaluate` that reports the folds that are done, and the seconds that are left."""
    started = time.monotonic()

    def report_fold(done: int, folds: int) -> None:
        left = (time.monotonic() - started) * (folds - done) / done if done else 0
        report(f"{name}: {done} of {folds} folds evaluated{f', about {left:.0f} s left' if done else ''}")

    return report_fold


def _refuse(trial: Trial, error: UserError) -> Trial:
    return replace(trial, results=(*trial.results, GateResult("usable", "fail", str(error))))


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
) -> tuple[str | None, list[Trial]]:
    """Record every trial; fit the cheapest candidate that passed, on all rows, and make it the challenger.

    Returns its version, or None when all were refused (an older challenger stays), and the trials that passed and
    cannot be fitted to all rows or stored.
    """
    candidates, version, broken = [trial for trial in trials if trial.model is not None], None, []
    for trial in sorted(candidates, key=lambda trial: (trial.refused, trial.metrics.get("cost", 0))):
        found, model = trial, None
        if version is None and not trial.refused:
            try:
                with in_one_line("it cannot be fitted to all rows", NEXT_STEP):
                    model = fit(trial.model, rows)
                    dump_model(model)  # raises if a type is not trusted
            except UserError as error:
                found = _refuse(trial, error)
                broken.append(found)
        evidence: dict[str, Any] = {"metrics": found.metrics, "tags": tags, "results": found.results}
        if found.refused or model is None:
            registry.record(name=found.name, **evidence)
        else:
            version = registry.register(model, name=found.name, inputs=problem.inputs, **evidence)
            registry.set_alias("challenger", version)
    return version, broken


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
