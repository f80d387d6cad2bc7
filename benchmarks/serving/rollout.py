"""What a rollout costs a product: decisions a second without one, in its shadow, and while its challenger answers.

    uv run --project PROJECT python benchmarks/serving/rollout.py PROJECT [--rounds N] [--calls N]

PROJECT is a project with a champion. The challenger is the same model once more, so that only the rollout differs. A
call predicts, records in a ledger of its own, hands over to the shadow and writes the answers, without HTTP. Rounds of
all states are interleaved, and the median round counts. The time of the processor is that of all threads, until the
shadow has scored what waits; other work on the machine changes it less than the rate.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

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

    def __init__(self, package: str, stack: contextlib.ExitStack) -> None:
        project, self.rollouts = load(package, "cli.composition").load_project(), load(package, "stores.rollouts")
        self.problem = project.problem
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=project.settings.var))
        ledgers = load(package, "stores.ledger")
        opened = stack.enter_context(ledgers.open_ledger(f"sqlite:///{folder}/ledger.db", self.problem.target))
        decisions, self.served = load(package, "product.decisions"), load(package, "product.served")
        self.asked = decisions.Asked
        self.shadow = load(package, "product.shadow").Shadow(self.problem, opened)
        predictor = load(package, "product.predictor").Predictor
        self.predictor = predictor(project.models, self.problem, shadow=self.shadow)
        self.job = decisions.DecisionJob(self.problem, self.predictor, opened, NoMetrics())
        entry = project.models.entry("champion")
        self.challenger = project.models.load("champion")
        self.begun = self.rollouts.begin(opened, entry, entry, [0.02, 0.25, 1.0], "a benchmark")

    def measure(self, state: str, size: int, calls: int) -> tuple[float, float]:
        """Return rows a second, and microseconds of the processor for a row, of so many calls in a state."""
        fields = {name: getattr(self.begun, name) for name in self.begun.__slots__} | STATES[state]
        live = self.served.Live(self.rollouts.Rollout(**fields), self.challenger)
        self.predictor.served.live = live if STATES[state] else None
        example = {column.name: column.example for column in self.problem.columns}
        bodies = [json.dumps(example | {"subject": f"s{place}"}) for place in range(size)]
        rows = [self.problem.request.model_validate_json(body) for body in bodies]
        self.job([self.asked(rows)])  # starts the threads
        self.shadow.drain(60)
        start, used = time.perf_counter(), time.process_time()
        for _ in range(calls):
            self.job([self.asked(rows)])
        seconds = time.perf_counter() - start
        self.shadow.drain(60)
        return calls * size / seconds, (time.process_time() - used) / (calls * size) * 1e6


def load(package: str, name: str) -> ModuleType:
    """Return a module of the project."""
    return importlib.import_module(f"{package}.{name}")


def compare(values: Sequence[float], base: Sequence[float]) -> str:
    """Return the median of rounds, and the median of their ratios to the rounds without a rollout."""
    ratio = statistics.median(value / other for value, other in zip(values, base, strict=True))
    return f"{statistics.median(values):8.0f}{ratio:8.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=200)
    given = parser.parse_args()
    os.chdir(given.project)
    [package] = [path.parent.name for path in Path.cwd().glob("src/*/cli")]
    found: dict[tuple[int, str], list[tuple[float, float]]] = {(size, state): [] for size in SIZES for state in STATES}
    with contextlib.ExitStack() as stack:
        product = Product(package, stack)
        for _ in range(given.rounds):
            for (size, state), rates in found.items():
                rates.append(product.measure(state, size, given.calls))
    label = product.predictor.champion.label
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; champion {label}")
    print(f"{'rows':>5}  {'state':12}{'per s':>8}{'ratio':>8}{'CPU us':>8}{'ratio':>8}")
    for (size, state), rounds in found.items():
        rates, times = zip(*rounds, strict=True)
        base_rates, base_times = zip(*found[size, "no rollout"], strict=True)
        print(f"{size:5}  {state:12}{compare(rates, base_rates)}{compare(times, base_times)}")
    print(f"{product.shadow.dropped} decisions were dropped by the shadow")


if __name__ == "__main__":
    main()
