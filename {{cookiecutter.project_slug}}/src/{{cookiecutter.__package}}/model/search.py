"""Search: hyperparameters of a candidate are tried on rows that no candidate is compared on afterwards."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import joblib
import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from sklearn.base import clone

from ..core.errors import UserError
from ..core.page import STYLE
from ..core.plan import Plan
from ..core.plots import STYLE as STYLE_OF_PLOTS
from ..core.plots import draw_curve, draw_figure
from ..core.problem import Problem
from ..core.search_space import Range, Space, digest_space
from .evaluate import Rows, cross_evaluate

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Search of {name}</title><style>{style}</style></head><body>
<h1>Search of {name}</h1>{plot}
<table><thead><tr><th>trial<th>cost<th>parameters</tr></thead><tbody>{rows}</tbody></table>
</body></html>
"""
BATCH = 4  # trials at a time: as many on every machine, so that the same are tried
FINISHED = (TrialState.COMPLETE, TrialState.FAIL)


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """Parameters that were tried, and the cost of a decision; NaN, with the reason, if they could not be fitted."""

    number: int
    parameters: Mapping[str, Any]
    cost: float
    reason: str = ""


def open_study(name: str, space: Space, rows: Rows, plan: Plan, storage: str = "") -> optuna.Study:
    """Return the study of a candidate's space on n rows, as far as it has come; what was interrupted has failed.

    `storage`: URL of the database that keeps the trials, or "" for none.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows_digest = joblib.hash([rows.features, rows.truth, rows.weights])
    study = optuna.create_study(
        study_name=f"{name} {digest_space(space)} {rows_digest} {plan.fingerprint}",
        storage=storage or None,
        sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2 * BATCH),
        load_if_exists=True,
    )
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def search(
    study: optuna.Study,
    model: Any,
    space: Space,
    rows: Rows,
    problem: Problem,
    plan: Plan,
    report: Callable[[str], None] = lambda _: None,
) -> list[SearchTrial]:
    """Add trials to a study until the plan's number or time is reached, and return all, the cheapest one first.

    Trials are fitted by joblib, wherever its configuration says. The first one is the candidate as it is; later ones
    are chosen by the tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization",
    NeurIPS 2011). The same rows, plan and space give the same trials, unless the time is over.

    Raises UserError: no trial could be evaluated.
    """
    distributions = {parameter: _distribution(values) for parameter, values in space.items()}
    if not study.trials:
        own = {parameter: model.get_params()[parameter] for parameter in space}
        study.enqueue_trial({parameter: value for parameter, value in own.items() if _is_in(value, space[parameter])})
    started = time.monotonic()
    with joblib.Parallel() as workers:
        while (done := len(study.get_trials(deepcopy=False, states=FINISHED))) < plan.search.trials:
            seconds = time.monotonic() - started
            if seconds > plan.search.minutes * 60:
                break
            report(f"{done} of {plan.search.trials} trials, {seconds:.0f} s")
            batch = [study.ask(distributions) for _ in range(min(BATCH, plan.search.trials - done))]
            models = [clone(model).set_params(**trial.params) for trial in batch]
            found = workers(joblib.delayed(_evaluate)(each, rows, problem) for each in models)
            for trial, (cost, reason) in zip(batch, found, strict=True):
                trial.set_user_attr("reason", reason)
                study.tell(trial, *((None, TrialState.FAIL) if reason else (cost, None)))
    return _read_trials(study)


def draw_search(name: str, trials: Sequence[SearchTrial]) -> str:
    """Return a page with the cost of each trial in order, and the trials in a table, the cheapest one first."""
    known = sorted((trial.number, trial.cost) for trial in trials if not trial.reason)
    plot = draw_figure(draw_curve(known, "trials"), "cost of a decision by trial")
    cells = [(str(trial.number), trial.reason or f"{trial.cost:.5f}", str(dict(trial.parameters))) for trial in trials]
    rows = "".join(f"<tr><td>{'<td>'.join(map(escape, row))}</tr>" for row in cells)
    return PAGE.format(name=escape(name), style=STYLE + STYLE_OF_PLOTS, plot=plot, rows=rows)


def _evaluate(model: Any, rows: Rows, problem: Problem) -> tuple[float, str]:
    """Return the cost of a decision, or why there is none."""
    try:
        cost = cross_evaluate(model, replace(rows, repeats=()), problem).cost
    except Exception as error:  # noqa: BLE001  # of any library, for parameters that do not go together
        return math.nan, str(error).partition("\n")[0] or type(error).__name__
    return float(np.average(cost, weights=rows.weights)), ""


def _read_trials(study: optuna.Study) -> list[SearchTrial]:
    found = [
        SearchTrial(
            trial.number,
            trial.params,
            math.nan if trial.value is None else trial.value,
            trial.user_attrs.get("reason", "it was interrupted"),
        )
        for trial in study.get_trials(deepcopy=False, states=FINISHED)
    ]
    found.sort(key=lambda trial: (math.isnan(trial.cost), trial.cost, trial.number))
    if not found or math.isnan(found[0].cost):
        reason = found[0].reason if found else "there was no time for one; raise search.minutes in plan.toml"
        raise UserError(f"no trial could be evaluated: {reason}")
    return found


def _distribution(values: Range | Sequence[Any]) -> BaseDistribution:
    if not isinstance(values, Range):
        return CategoricalDistribution([*values])
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def _is_in(value: Any, values: Range | Sequence[Any]) -> bool:
    if isinstance(values, Range):
        return isinstance(value, int | float) and values.low <= value <= values.high
    return value in values
