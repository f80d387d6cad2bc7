"""Train: try every candidate, and register the cheapest one that all gates let through."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from .. import contract
from ..errors import UserError
from ..schema import columns, fingerprint
from .candidates import candidates
from .evaluate import fit, held_out, take_apart
from .gates import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sklearn.pipeline import Pipeline

    from ..lake import Lake
    from ..objective import Objective
    from ..plan import Plan
    from ..registry import Registry
    from ..verdict import Verdict
    from .evaluate import Rows

FEATURES = columns(contract.Features)
TARGET = columns(contract.Label)[0]


@dataclass(frozen=True, slots=True)
class Trial:
    """One model on the held-out rows: its metrics, and what the gates say."""

    name: str
    metrics: dict[str, float]
    verdicts: tuple[Verdict, ...]
    refused: bool
    model: Pipeline | None = None


def training_rows(lake: Lake, objective: Objective) -> tuple[pd.DataFrame, Rows]:
    """Read the training table, whole and taken apart.

    Raises
    ------
    UserError
        There is none, or it was made before a column was in the contract.
    """
    table = lake.frame("training")
    wanted = [*(column.name for column in FEATURES if not column.personal), TARGET.name]
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        message = f"the training table lacks {', '.join(missing)}; run `data`, so that it follows contract.py"
        raise UserError(message)
    return table, take_apart(table, FEATURES, TARGET.name, objective)


def trials(rows: Rows, registry: Registry, objective: Objective, plan: Plan) -> Iterator[Trial]:
    """Yield the champion, and then every candidate as soon as it is judged against it.

    A champion of another contract answers nobody any more: the rules do, and are what has to be beaten.
    """
    bar = champion = registry.load("champion")
    role = "champion"
    if champion.tags.get("contract") != contract_fingerprint():
        bar = registry.load("fallback")
        role = f"in place of the champion: {champion.label} was made for another contract"
    reference = held_out(bar.model, rows, objective)
    yield Trial(f"{bar.label} ({role})", objective.metrics(rows.truth, reference), (), refused=False)
    for name, model in candidates(FEATURES, plan).items():
        said = held_out(model, rows, objective)
        verdicts = tuple(judge(rows, said, reference, objective, plan))
        refused = any(verdict.blocks for verdict in verdicts)
        yield Trial(name, objective.metrics(rows.truth, said), verdicts, refused, model)


def register_best(tried: list[Trial], rows: Rows, registry: Registry, tags: dict[str, str]) -> str | None:
    """Record every trial; fit the cheapest one that passed on all rows and make it the challenger.

    Returns its version, or None when every candidate was refused: then the challenger stays as it was.
    """
    passed = [trial for trial in tried if trial.model is not None and not trial.refused]
    best = min(passed, key=lambda trial: trial.metrics["cost"], default=None)
    for trial in tried:
        if trial.model is not None and trial is not best:
            registry.record(name=trial.name, metrics=trial.metrics, tags=tags, verdicts=trial.verdicts)
    if best is None:
        return None
    version = registry.register(
        fit(best.model, rows),
        name=best.name,
        inputs=[column for column in FEATURES if column.seen_by_models],
        metrics=best.metrics,
        tags=tags,
        verdicts=best.verdicts,
    )
    registry.set_alias("challenger", version)
    return version


def provenance(table: pd.DataFrame, plan: Plan, root: Path) -> dict[str, str]:
    """Return what it takes to make a version again: code, data, plan and contract."""
    digest = hashlib.sha256(pd.util.hash_pandas_object(table).to_numpy().tobytes()).hexdigest()
    commit, status = (_git(root, *words) for words in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    return {
        "commit": commit or "none",
        "clean": str(bool(commit) and not status).lower(),
        "data": digest[:16],
        "rows": str(len(table)),
        "plan": plan.fingerprint,
        "contract": contract_fingerprint(),
    }


def contract_fingerprint() -> str:
    """Return the fingerprint of what models take in and give out."""
    return fingerprint(contract.Features, contract.Label)


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
