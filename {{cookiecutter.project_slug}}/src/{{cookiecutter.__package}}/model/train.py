"""Train: try every candidate, and register the cheapest one that passes all gates."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..core.background import add_background
from ..core.errors import UserError, in_one_line
from ..core.objective import Evaluation
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.result import GateResult
from ..stores.evidence import FittedRows
from ..stores.registry import Registry
from .assignments import find_search_rows
from .evaluate import Rows, cross_evaluate, fit, metrics
from .gates import run_gates
from .gates.behaviour import behaviour_gates
from .gates.cost import judge_costs
from .gates.table import table_gates
from .gates.tuned import tuned_gate
from .provenance import describe_packages, digest_columns
from .recency import find_recent, judge_recency, weigh_recent_rows
from .reference import Reference, evaluate_reference, recipe_digest

NEXT_STEP = "correct it in candidates.py"


@dataclass(frozen=True, slots=True)
class Trial:
    """One model on rows it was not trained on: its metrics, and the results of the gates."""

    name: str
    metrics: dict[str, float]
    results: tuple[GateResult, ...] = ()
    model: Any = None  # unfitted; None for the champion and the training table
    seconds: float = 0.0  # that fitting and predicting took
    rows: Rows | None = None  # to fit it to, where they are weighed in another way

    @property
    def refused(self) -> bool:
        """Whether a gate blocks the model."""
        return any(result.blocks for result in self.results)


def run_trials(
    rows: Rows, registry: Registry, problem: Problem, plan: Plan, report: Callable[[str], None] = lambda _: None
) -> Iterator[Trial]:
    """Yield the champion, the training table, and then every candidate.

    `report` is called with a line of progress before each fold. All candidates are evaluated before the first is
    judged, because they are compared with the champion at once. One that raises, or predicts what is no answer, is
    refused with the reason.
    """
    champion = evaluate_reference(rows, registry, problem, lambda name: _progress(name, report))
    yield Trial(champion.label, metrics(champion.recipe, problem))
    yield Trial("training table", {}, tuple(table_gates(rows, champion, problem, plan)))
    trials, found, refresh = [], {}, ""
    for name, model in problem.candidates().items():
        trial, evaluation = _try(name, model, rows, problem, report)
        trials.append(trial)
        if evaluation is not None:
            found[name] = evaluation
            refresh = name if recipe_digest(model) == champion.digest else refresh
    report("comparing the candidates with the champion")
    unused = ~find_search_rows(rows.units, rows.keys, plan.search.share)
    is_searched = any(name in problem.chosen for name in found) and unused.any()  # of a few rows, all may be used
    costs = judge_costs(rows, champion, found, refresh, plan, unused if is_searched else None)
    answering = champion.answering(problem)
    for trial in trials:
        if trial.name in found:
            results = tuple(run_gates(rows, found[trial.name], answering, problem, plan, costs[trial.name]))
            results += tuple(tuned_gate(trial.name, trial.model, problem, registry))
            finished = replace(trial, metrics=metrics(found[trial.name], problem), results=results)
            yield finished
            if trial.name == refresh:
                other = champion.deployed if finished.refused else found[refresh]
                yield from _try_recency(finished, other, rows, champion, problem, plan, report)
        else:
            yield trial


def _try_recency(
    refresh: Trial,
    other: Evaluation,
    rows: Rows,
    champion: Reference,
    problem: Problem,
    plan: Plan,
    report: Callable[[str], None],
) -> Iterator[Trial]:
    """Yield the refresh with more weight on recent rows, if there are enough."""
    recent = find_recent(rows, champion)
    if weighed := weigh_recent_rows(refresh.model, rows, recent, plan):
        trial, found = _try(f"{refresh.name}, newer rows first", refresh.model, weighed, problem, report)
        if found is not None:
            results = judge_recency(rows, recent, found, other, problem, plan)
            trial = replace(trial, metrics=metrics(found, problem), results=results, rows=weighed)
        yield trial


def _try(
    name: str, model: Any, rows: Rows, problem: Problem, report: Callable[[str], None]
) -> tuple[Trial, Evaluation | None]:
    """Return a trial and its evaluation; if it raises, or predicts what is no answer, it is refused with the reason."""
    started, results, found = time.monotonic(), tuple[GateResult, ...](), None
    try:
        with in_one_line("it cannot be judged", NEXT_STEP):
            recipe_digest(model)
            found = cross_evaluate(model, rows, problem, _progress(name, report))
    except UserError as error:
        results = (GateResult("usable", "fail", str(error)),)
    return Trial(name, {}, results, model, time.monotonic() - started), found


def _progress(name: str, report: Callable[[str], None]) -> Callable[[int, int], None]:
    """Return a function for `cross_evaluate` that reports the folds that are done, and the seconds that are left."""
    started = time.monotonic()

    def report_fold(done: int, folds: int) -> None:
        left = (time.monotonic() - started) * (folds - done) / done if done else 0
        report(f"{name}: {done} of {folds} folds evaluated{f', about {left:.0f} s left' if done else ''}")

    return report_fold


def _refuse(trial: Trial, error: UserError) -> Trial:
    return replace(trial, results=(*trial.results, GateResult("usable", "fail", str(error))))


def register_best(
    trials: list[Trial], rows: Rows, registry: Registry, problem: Problem, tags: dict[str, str]
) -> tuple[str | None, list[Trial]]:
    """Record every trial; fit the cheapest candidate that passed, on all rows, and make it the challenger.

    Returns its version, or None when all were refused (an older challenger stays), and the trials that passed and were
    fitted to all rows, with the results of how they behave; they are refused if they cannot be fitted or stored.
    """
    candidates, version, fitted = [trial for trial in trials if trial.model is not None], None, []
    is_blocked = any(trial.refused for trial in trials if trial.model is None)
    # a refresh with more weight on new rows passes only where it is cheaper there than the plain one
    order = sorted(candidates, key=lambda one: (one.refused, one.rows is None, one.metrics.get("cost", 0)))
    for trial in order:
        found, model = trial, None
        if version is None and not trial.refused and not is_blocked:
            try:
                with in_one_line("it cannot be fitted to all rows", NEXT_STEP):
                    model = fit(trial.model, trial.rows or rows)
                    add_background(model, rows.features, problem.columns)
                    found = replace(trial, results=(*trial.results, *behaviour_gates(model, rows, problem)))
            except UserError as error:
                found = _refuse(trial, error)
            fitted.append(found)
        evidence: dict[str, Any] = {"metrics": found.metrics, "tags": tags, "results": found.results}
        if found.refused or model is None:
            registry.record(name=found.name, **evidence)
        else:
            evidence["tags"] = {**tags, "recipe": recipe_digest(found.model), "packages": describe_packages(model)}
            used = FittedRows(rows.keys, (trial.rows or rows).weights, digest_columns(rows))
            version = registry.register(model, name=found.name, inputs=problem.inputs, fitted=used, **evidence)
            registry.set_alias("challenger", version)
    return version, fitted
