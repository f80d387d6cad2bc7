"""Runs: how far the columns of each run of `data` are from the runs that they are compared with."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..core.significance import stability_index


def summarise_runs(statistics: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Yield for each run its time, its rows, and the column that differs most from its reference.

    `statistics`: the rows of the lake's table of that name. The difference is a population stability index.
    """
    ordered = sorted(statistics, key=lambda row: (row["run"], row["column"], row["bin"]))
    counts = {key: [*rows] for key, rows in groupby(ordered, key=lambda row: (row["run"], row["column"]))}
    for run, rows in groupby(counts.values(), key=lambda rows: rows[0]["run"]):
        columns = [*rows]
        first, effects = columns[0], {}
        for column in columns:
            name, then = column[0]["column"], counts.get((column[0]["reference"], column[0]["column"]), [])
            now_rows, then_rows = (np.array([row["file"] for row in part]) for part in (column, then))
            if len(now_rows) == len(then_rows) and now_rows.sum() and then_rows.sum():
                effects[name] = stability_index(now_rows, then_rows)
        most = max(effects, key=lambda name: effects[name], default="")
        yield {
            "run": str(run),
            "time": first[0]["time"],
            "rows": f"{sum(row['rows'] for row in first):,}",
            "rows of the sources": f"{sum(row['file'] for row in first):,}",
            "new": f"{sum(row['new'] for row in first):,}",
            "differs most": most,
            "stability index": f"{effects[most]:.3f}" if most else "",
        }
