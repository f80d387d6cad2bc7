"""Rows for the benchmark of the data wheel: two deliveries of a table of 12 columns, with the faults of real ones.

In each 1,000 rows: 20 are replaced by the second delivery, 5 are copies, 2 have a key that others with other values
have, 2 have a value out of bounds, 1 has no value where one is required, and 1 has no key. Five rows have one subject.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

NUMBERS = ("n1", "n2", "n3", "n4", "i1", "i2")
CATEGORIES = {"c1": ("a", "b", "c", "d", "e"), "c2": ("red", "green", "blue"), "y": ("no", "yes")}
ROWS = """
SELECT
    CASE WHEN i % 1000 = 7 THEN NULL ELSE printf('k%09d', i) END AS key,
    printf('s%08d', i // 5) AS subject,
    CASE WHEN i % 1000 = 11 THEN NULL WHEN i % 500 = 13 THEN 999.0 ELSE {n1} END AS n1,
    CASE WHEN hash(i, 2, {seed}) % 10 = 0 THEN NULL ELSE {n2} END AS n2,
    {n3} AS n3, {n4} AS n4,
    CAST({i1} AS BIGINT) AS i1,
    CASE WHEN hash(i, 3, {seed}) % 20 = 0 THEN NULL ELSE CAST({i2} AS BIGINT) END AS i2,
    chr(CAST(97 + hash(i, 4, {seed}) % 5 AS INTEGER)) AS c1,
    ['red', 'green', 'blue', NULL][CAST(1 + hash(i, 5, {seed}) % 4 AS INTEGER)] AS c2,
    CASE WHEN i % 3 = 0 THEN NULL ELSE printf('note %d, "of" case %d', hash(i, 6, {seed}) % 1000, i) END AS t,
    CASE WHEN hash(i, 7, {seed}) % 100 < 20 + {n1} / 2 THEN 'yes' ELSE 'no' END AS y
FROM range({rows}) AS numbered(i)
"""


def select(rows: int, seed: int = 0) -> str:
    """Return the query of so many rows; another seed gives the same keys other values."""
    numbers = {
        name: f"round((hash(i, {place + 10}, {seed}) % 1000000) / 1000000.0 * {high}, {digits})"
        for place, (name, high, digits) in enumerate(
            [("n1", 100, 4), ("n2", 1, 6), ("n3", 5000, 2), ("n4", 30, 3), ("i1", 90, 0), ("i2", 1000, 0)]
        )
    }
    return ROWS.format(rows=rows, seed=seed, **numbers)


def write_rows(folder: Path, rows: int, kind: str) -> None:
    """Write both deliveries, as Parquet or as CSV with a header."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = f"WITH every AS ({select(rows)}), other AS ({select(rows, 1)})"
    faulty = "(FROM every WHERE i_of(key) % 200 = 3) UNION ALL (FROM other WHERE i_of(key) % 500 = 5)"
    first = f"{kept} FROM every UNION ALL {faulty}"
    second = f"{kept} FROM other WHERE i_of(key) % 50 = 9"
    form = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, HEADER"
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE MACRO i_of(key) AS CAST(substr(key, 2) AS BIGINT)")
        for name, query in {"1-first": first, "2-later": second}.items():
            connection.execute(f"COPY ({query}) TO '{folder / name}.{kind}' ({form})")


if __name__ == "__main__":
    write_rows(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
