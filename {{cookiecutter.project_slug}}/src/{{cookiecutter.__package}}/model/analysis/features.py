"""Features: what each column is worth to a model, beside noise, and what it takes to have it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...core.encoder import encoded, encoder
from ...core.errors import UserError
from ...core.plan import Plan
from ...core.result import GateResult, Status
from ..intervals import simultaneous_mean_intervals
from .candidate import Candidate

TIMED_ROWS, ROUNDS = 5_000, 3  # the fastest round counts: the others waited for something else
NOISE_ERRORS = 2  # standard deviations of columns without information that a benefit has to exceed


@dataclass(frozen=True, slots=True)
class Feature:
    """What one column is worth and takes; costs are in the plan's unit, for each decision."""

    column: str
    benefit: float  # what a decision costs more without the column
    low: float
    high: float
    noise: float  # the same for the values of the column in random order
    missing: float  # share of the rows
    microseconds: float  # to encode one value


def analyse_features(candidate: Candidate) -> Iterator[GateResult]:
    """Yield what each column that the contract's encoder reads is worth to a candidate, and takes, against the plan."""
    yield from feature_gates(measure_features(candidate), candidate.plan)


def measure_features(candidate: Candidate) -> list[Feature]:
    """Return what each column that the contract's encoder reads is worth to a candidate, and takes.

    It is fitted without each fold, three times for a column: with it, with one value in its place, and with its
    own values in random order, which are noise of the same distribution (the shadow features of Kursa and Rudnicki,
    "Feature Selection with the Boruta Package", Journal of Statistical Software 36, 2010). Intervals hold for all
    columns at once.

    Raises UserError: the plan keeps a column that is not there.
    """
    columns, rows, plan = encoded(candidate.problem.columns), candidate.rows, candidate.plan
    if unknown := sorted({*plan.features.kept} - {column.name for column in columns}):
        message = f"{unknown[0]} is not a column of contract.py that models read; remove it"
        raise UserError(f"plan.toml: features.kept: {message}")
    without, noises = [], []
    for done, column in enumerate(columns):
        candidate.report(f"{done} of {len(columns)} columns left out")
        values = rows.features[column.name]
        shuffled = values.sample(frac=1, random_state=done).to_numpy()
        constant, noise = (
            candidate.evaluate(features=_with_values(rows.features, column.name, other)).cost
            for other in (_usual_value(values), shuffled)
        )
        without.append(constant - candidate.evaluation.cost)
        noises.append(float(np.average(constant - noise, weights=rows.weights)))
    intervals = simultaneous_mean_intervals(np.column_stack(without), plan, units=rows.units, weights=rows.weights)
    return [
        Feature(
            column=column.name,
            benefit=float(np.average(difference, weights=rows.weights)),
            low=low,
            high=high,
            noise=noise,
            missing=float(rows.features[column.name].isna().mean()),
            microseconds=_time_encoding(encoder([column]), rows.features.iloc[:TIMED_ROWS]),
        )
        for column, difference, noise, (low, high) in zip(columns, without, noises, intervals, strict=True)
    ]


def feature_gates(features: Sequence[Feature], plan: Plan) -> Iterator[GateResult]:
    """Yield whether columns are worth more than noise, how much of them is missing, and how long encoding takes.

    A column harms when a model without it is cheaper by the whole interval. It is worth nothing that can be seen when
    its benefit is no larger than that of noise. Columns that the plan keeps are left out of both, and of the missing.
    """
    asked = [one for one in features if one.column not in plan.features.kept]
    noise = noise_limit(features)
    harmful = [one.column for one in asked if one.high < 0]
    useless = [one.column for one in asked if one.benefit <= noise and one.column not in harmful]
    status: Status = "fail" if harmful else "inconclusive" if useless else "pass"
    message = f"benefit: {len(asked) - len(harmful) - len(useless)} of {len(asked)} columns are worth more than noise"
    parts = [message + f" ({noise:+.4f} a decision)"]
    parts += [f"a model is cheaper without {', '.join(harmful)}"] if harmful else []
    parts += [f"no better than noise: {', '.join(useless)}"] if useless else []
    parts += ["remove them from contract.py, or add them to features.kept"] if harmful or useless else []
    evidence = {"noise": noise, "columns": [asdict(one) for one in features], "kept": list(plan.features.kept)}
    blocks = plan.features.inconclusive_blocks
    yield GateResult("benefit", status, "; ".join(parts), evidence, inconclusive_blocks=blocks)
    yield _limit("missing", asked, "missing", plan.features.max_missing_share, "features.max_missing_share")
    yield _limit("encoding", features, "microseconds", plan.features.max_encode_us, "features.max_encode_us")


def noise_limit(features: Sequence[Feature]) -> float:
    """Return the benefit that columns without information have by chance: their mean and two standard deviations."""
    found = [one.noise for one in features]
    return max(0.0, float(np.mean(found) + NOISE_ERRORS * np.std(found)))


def _limit(gate: str, features: Sequence[Feature], name: str, limit: float, setting: str) -> GateResult:
    values = {one.column: float(getattr(one, name)) for one in features}
    over = [column for column, value in values.items() if value > limit]
    worst = max(values, key=lambda column: values[column], default="none")
    what = "the largest share of missing values" if name == "missing" else "the most microseconds to encode a value"
    message = f"{gate}: {what}: {values.get(worst, 0.0):.3g} ({worst}), against a limit of {limit:g}"
    if over:
        message += f"; over it: {', '.join(over)}; remove them from contract.py, or raise {setting}"
    return GateResult(gate, "fail" if over else "pass", message, {"limit": limit, "columns": values})


def _with_values(features: pd.DataFrame, column: str, values: Any) -> pd.DataFrame:
    changed = features.copy()
    changed[column] = values
    return changed


def _usual_value(values: pd.Series) -> Any:
    """Return the most frequent value of a column, which has no information when every row has it."""
    found = values.mode()
    return found.iloc[0] if len(found) else None


def _time_encoding(one: Any, table: pd.DataFrame) -> float:
    """Return the microseconds that the encoder of one column takes for each row."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        one.transform(table)
        seconds.append(time.perf_counter() - started)
    return min(seconds) / len(table) * 1e6
