"""Measure explanations of a decision beside the `shap` package, on 200 rows of a project's example.

In the project:

    uv run --with shap python ../benchmarks/explain/run.py [--rows N]

Effects are compared with `shap` twice: with the same background, which says how far the random orders are off, and with
100 rows drawn from the training table, which says what a background without a row of a person costs. `shap` uses its
PermutationExplainer, with ten orders and their reverses for every row of the background: its TreeExplainer with a
background (0.51) fails its own check of additivity on histogram boosting. Beside the largest difference is
the standard deviation of the effects; milliseconds are those of one explanation. Models run in one thread, as in the
product: several of boosting wait for each other, ten times as long as the work takes.
"""

# ruff: noqa: ANN401  # the project is not importable where the template is checked
from __future__ import annotations

import argparse
import importlib
import time
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shap
from scipy.special import logit
from threadpoolctl import threadpool_limits

PACKAGE = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["name"].replace("-", "_")
TRAINING_ROWS = 100
ORDERS = 10  # of `shap`


def load(name: str) -> Any:
    """Return a module of the project."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def read_table(project: Any) -> tuple[pd.DataFrame, Any]:
    """Return the inputs of the complete rows of the example, and their encoded answers."""
    problem, source = project.problem, project.settings.root / project.plan.data.source
    table = pd.read_csv(source, keep_default_na=False, na_values=[""])
    names = [column.name for column in problem.inputs]
    table = table.dropna(subset=[*names, problem.target.name])
    return table[names].astype(object), problem.objective.encode(table[problem.target.name])


def by_shap(model: Any, problem: Any, codes: Any, background: Any, answer: int) -> Any:
    """Return the effects by `shap` on encoded rows, shape (rows, columns), in the project's unit."""

    def score(rows: Any) -> Any:
        found = problem.objective.predict(model[1:], rows)
        return logit(np.clip(found[:, answer], 1e-9, 1 - 1e-9)) if problem.target.categories else found

    explainer = shap.PermutationExplainer(score, shap.maskers.Independent(background, len(background)), seed=0)
    return explainer.shap_values(codes, npermutations=ORDERS, silent=True)


def by_project(model: Any, problem: Any, rows: list[dict[str, Any]]) -> tuple[Any, list[float], list[float]]:
    """Return the effects on rows, shape (rows, columns), and the seconds that reasons and counterfactual took."""
    names = [name for name, _ in model[0].columns]
    effects, reasons, counterfactuals = [], [], []
    for row in rows:
        started = time.perf_counter()
        found = load("product.explain").find_reasons(model, problem, row)["reasons"]
        between = time.perf_counter()
        load("product.counterfactual").find_counterfactual(model, problem, row)
        reasons.append(between - started)
        counterfactuals.append(time.perf_counter() - between)
        by_name = {reason["column"]: reason["effect"] for reason in found}
        effects.append([by_name.get(name, 0.0) for name in names])
    return np.array(effects), reasons, counterfactuals


def compare(name: str, model: Any, problem: Any, table: pd.DataFrame, rows: int) -> None:
    """Print how far the effects of a fitted model are from those of `shap`, and how long they take."""
    drawn = table.sample(min(rows + TRAINING_ROWS, len(table)), random_state=0)
    explained = drawn[:rows]
    if problem.target.categories:  # of several answers, effects are on the answer given: compare rows that share one
        given = problem.objective.choose(problem.objective.predict(model, explained))
        answer = 1 if len(problem.target.categories) == 2 else int(np.bincount(given).argmax())
        explained = explained if len(problem.target.categories) == 2 else explained[given == answer]
    else:
        answer = 0
    effects, *seconds = by_project(model, problem, explained.to_dict("records"))
    codes = model[0].transform(explained)
    backgrounds = {
        "its own": getattr(model, load("core.background").ATTRIBUTE),
        "training rows": model[0].transform(drawn[rows:]),
    }
    times = ", ".join(f"{1000 * np.median(each):.1f} ({1000 * max(each):.1f})" for each in seconds)
    print(f"{name}: {len(effects)} rows; ms, median (largest), of reasons and of counterfactuals: {times}")
    for title, background in backgrounds.items():
        expected = by_shap(model, problem, codes, background, answer)
        correlation = np.corrcoef(effects.ravel(), expected.ravel())[0, 1]
        largest, deviation = np.abs(effects - expected).max(), expected.std()
        print(
            f"  shap, background {title}: correlation {correlation:.5f}, "
            f"largest difference {largest:.4g}, standard deviation of effects {deviation:.4g}"
        )


def main() -> None:
    """Fit linear and boosting on the example, and compare both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200)
    rows = parser.parse_args().rows
    project = load("cli.composition").load_project()
    problem, pipelines = project.problem, load("core.pipelines")
    table, truth = read_table(project)
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    for name in ("linear", "boosting"):
        model = getattr(pipelines, name)(problem.columns, project.plan).fit(table, truth)
        load("core.background").add_background(model, table, problem.columns)
        compare(name, model, problem, table, rows)


if __name__ == "__main__":
    main()
