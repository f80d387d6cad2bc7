"""How fast a file is scored, against one plain `predict_proba` over the same rows in memory.

Run by `run.py` in the project's folder, with the project's interpreter.
"""

from __future__ import annotations

import importlib
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

ROWS = 1_000_000
ROUNDS = 3


def main() -> None:
    """Print rows a second of both, and the ratio."""
    package = Path.cwd().name.replace("-", "_")
    composition, scoring = (
        importlib.import_module(f"{package}.{name}") for name in ("cli.composition", "product.scoring")
    )
    project = composition.load_project()
    champion = project.models.load("champion")
    with project.lake() as lake:
        table = lake.frame("training")[[column.name for column in project.problem.columns]]
    rows = pd.concat([table] * (ROWS // len(table) + 1), ignore_index=True)[:ROWS]
    plain, whole = [], []
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        source, target = Path(folder, "rows.parquet"), Path(folder, "decided.parquet")
        rows.to_parquet(source)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            champion.model.predict_proba(rows)
            plain.append(time.perf_counter() - began)
            began = time.perf_counter()
            for _done in scoring.score(source, target, champion, project.problem):
                pass
            whole.append(time.perf_counter() - began)
    one, other = ROWS / statistics.median(plain), ROWS / statistics.median(whole)
    print(f"scoring a file: {other:,.0f} rows/s, plain predict_proba: {one:,.0f} rows/s, ratio {other / one:.2f}")


if __name__ == "__main__":
    main()
