"""Judge the candidates of an example by 20 sets of assignments of rows to folds, and count how often each passes.

    uv run --project PROJECT python benchmarks/judgement/assignments.py PROJECT [--sets N] [--skip NAME ...]

PROJECT is a freshly generated project in which `data` was run. Each set has as many assignments as the plan asks for.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np


def main() -> None:
    """Print for each candidate how often no gate refuses it, and which gates do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--skip", nargs="*", default=[])
    options = parser.parse_args()
    os.chdir(options.project)
    package = next(path.name for path in Path("src").iterdir() if (path / "problem").is_dir())
    load = {name: importlib.import_module(f"{package}.{name}") for name in ("cli.composition", "model.evaluate")}
    gates, costs = (importlib.import_module(f"{package}.model.{name}") for name in ("gates", "gates.cost"))
    reference = importlib.import_module(f"{package}.model.reference")
    project = load["cli.composition"].load_project()
    evaluate, problem, plan = load["model.evaluate"], project.problem, project.plan
    with project.lake() as lake:
        rows = evaluate.split_columns(lake.frame("training"), problem, plan)
    passed: Counter[str] = Counter()
    refused: dict[str, Counter[str]] = {}
    for number in range(options.sets):
        rng = np.random.default_rng(number)
        units, folds = int(rows.units.max()) + 1, plan.data.folds
        drawn = [rng.permutation(units)[rows.units] % folds for _ in (rows.folds, *rows.repeats)]
        some = replace(rows, folds=drawn[0], repeats=tuple(drawn[1:]))
        rules = evaluate.cross_evaluate(problem.rules, some, problem)
        champion = reference.Reference("rules", rules, rules, np.ones(len(rows.truth), dtype=bool), "", {})
        models = {name: model for name, model in problem.candidates().items() if name not in options.skip}
        found = {name: evaluate.cross_evaluate(model, some, problem) for name, model in models.items()}
        judged = costs.judge_costs(some, champion, found, "", plan)
        for name, one in found.items():
            results = gates.run_gates(some, one, rules, problem, plan, judged[name])
            blocked = [result.gate for result in results if result.blocks]
            passed[name] += not blocked
            refused.setdefault(name, Counter()).update(blocked)
    print("| candidate | passes every gate | refused by |\n|---|---|---|")
    for name, gates_of in refused.items():
        by = ", ".join(f"{gate} {count}" for gate, count in gates_of.most_common()) or "none"
        print(f"| {name} | {passed[name]} of {options.sets} | {by} |")


if __name__ == "__main__":
    main()
