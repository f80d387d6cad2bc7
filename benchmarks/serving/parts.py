"""Where the time of a decision goes: each part alone, for one row and for 64 that are decided together.

`python parts.py` in the project's folder, with the project's interpreter and its champion. Nothing
else runs, so what parts cost each other by sharing a core does not show.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 400


def microseconds(work: Callable[[], object]) -> float:
    """Return the median time of a call."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[TIMES // 10 :]) * 1e6


def main() -> None:
    """Measure and print."""
    package = Path.cwd().name.replace("-", "_")
    composition, decisions, ledger, predictor = (
        importlib.import_module(f"{package}.{name}")
        for name in ("cli.composition", "product.decisions", "stores.ledger", "product.predictor")
    )
    project = composition.load_project()
    problem = project.problem
    asks = predictor.Predictor(project.models, problem)
    model = asks.champion.model
    body = json.dumps({column.name: column.example for column in problem.columns}).encode()
    adapter = TypeAdapter(problem.request)
    row = adapter.validate_json(body).__dict__
    job = decisions.DecisionJob(problem, asks, None, None)
    with tempfile.TemporaryDirectory(dir=project.settings.var) as folder, threadpool_limits(1):
        file = os.open(f"{folder}/flushed", os.O_WRONLY | os.O_CREAT)
        with ledger.open_ledger(f"sqlite:///{folder}/ledger.db", problem.target) as opened:

            def parts(count: int) -> dict[str, float]:
                rows = [row] * count
                inputs = {name: [row[name] for row in rows] for name in asks.inputs}
                made = asks.decide(rows)
                steps: dict[str, Callable[[], object]] = {
                    "validate one body": lambda: adapter.validate_json(body),
                    "the contract's encoder": lambda: model[0].transform(inputs),
                    "the model, encoder included": lambda: problem.objective.predict(model, inputs),
                    "decide: the model in its thread, and answers": lambda: asks.decide(rows),
                    "write the answers as JSON": lambda: [job._write(each) for each in made],  # noqa: SLF001
                    "decide and record": lambda: opened.record(asks.decide(rows)),
                    "flush 8 KB to disk": lambda: (os.write(file, bytes(8192)), os.fdatasync(file)),
                }
                return {name: microseconds(step) for name, step in steps.items()}

            one, many = parts(1), parts(64)
        os.close(file)
    print(f"{asks.champion.label + ', microseconds':48}{'1 row':>8}{'64 rows':>9}")
    for name, time_ in one.items():
        print(f"  {name:46}{time_:8.0f}{many[name]:9.0f}")


if __name__ == "__main__":
    main()
