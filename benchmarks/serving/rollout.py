"""What a rollout costs a product: decisions a second without one, in its shadow, and while its challenger answers.

    uv run --project PROJECT python benchmarks/serving/rollout.py PROJECT [--rounds N] [--calls N]

PROJECT is a project with a champion. The challenger is the same model once more, so that only the rollout differs. A
call predicts, records in a ledger of its own, hands over to the shadow and writes the answers, without HTTP. Rounds of
all states are interleaved, and the median round counts. In the shadow, its thread works beside the calls, on the same
cores; what it did not score in time is dropped.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = (1, 64)  # rows of a call
STATES: dict[str, dict[str, Any]] = {
    "no rollout": {},
    "shadow": {"state": "shadow", "step": 0, "share": 0.0},
    "2 %": {"state": "running", "step": 1, "share": 0.02},
    "25 %": {"state": "running", "step": 2, "share": 0.25},
    "100 %": {"state": "running", "step": 3, "share": 1.0},
}


class NoMetrics:
    """Counts nothing."""

    def count_decisions(self, decisions: object) -> None:
        """Do nothing."""


class Product:
    """The path of a decision from the batcher to the bytes of the answers, on a ledger of its own."""

    def __init__(self, package: str, project: Any, opened: Any) -> None:
        self.problem, self.opened, self.rollouts = project.problem, opened, load(package, "stores.rollouts")
        decisions, self.served = load(package, "product.decisions"), load(package, "product.served")
        self.asked = decisions.Asked
        self.shadow = load(package, "product.shadow").Shadow(self.problem, opened)
        predictor = load(package, "product.predictor").Predictor
        self.predictor = predictor(project.models, self.problem, shadow=self.shadow)
        self.job = decisions.DecisionJob(self.problem, self.predictor, opened, NoMetrics())
        entry = project.models.entry("champion")
        self.challenger = project.models.load("champion")
        self.begun = self.rollouts.begin(opened, entry, entry, [0.02, 0.25, 1.0], "a benchmark")

    def measure(self, state: str, size: int, calls: int) -> float:
        """Return the rows a second of so many calls in a state of the rollout."""
        fields = {name: getattr(self.begun, name) for name in self.begun.__slots__} | STATES[state]
        live = self.served.Live(self.rollouts.Rollout(**fields), self.challenger)
        self.predictor.served.live = live if STATES[state] else None
        example = {column.name: column.example for column in self.problem.columns}
        rows = [self.problem.request.model_validate_json(json.dumps(example | {"subject": f"s{n}"})) for n in range(size)]
        self.job([self.asked(rows)])  # starts the threads
        start = time.perf_counter()
        for _ in range(calls):
            self.job([self.asked(rows)])
        seconds = time.perf_counter() - start
        self.shadow.drain(60)
        return calls * size / seconds


def load(package: str, name: str) -> Any:
    """Return a module of the project."""
    return importlib.import_module(f"{package}.{name}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=200)
    given = parser.parse_args()
    os.chdir(given.project)
    [package] = [path.parent.name for path in Path().resolve().glob("src/*/cli")]
    project = load(package, "cli.composition").load_project()
    found: dict[tuple[int, str], list[float]] = {(size, state): [] for size in SIZES for state in STATES}
    with tempfile.TemporaryDirectory(dir=project.settings.var) as folder:
        url = f"sqlite:///{folder}/ledger.db"
        with load(package, "stores.ledger").open_ledger(url, project.problem.target) as opened:
            product = Product(package, project, opened)
            for _ in range(given.rounds):
                for size, state in found:
                    found[size, state].append(product.measure(state, size, given.calls))
    label = product.predictor.champion.label
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; champion {label}")
    print(f"{'rows':>5}  {'state':12}{'per s':>8}{'ratio':>8}")
    for (size, state), rates in found.items():
        pairs = zip(rates, found[size, "no rollout"], strict=True)
        ratio = statistics.median(rate / without for rate, without in pairs)
        print(f"{size:5}  {state:12}{statistics.median(rates):8.0f}{ratio:8.2f}")
    print(f"{product.shadow.dropped} decisions were dropped by the shadow")


if __name__ == "__main__":
    main()
