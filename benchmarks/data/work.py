"""Do the work of `data` once, by the data wheel, by SQL in DuckDB, by Polars or by pandas, and print what it took.

    python work.py {wheel|duckdb|polars|pandas} {parquet|csv} FOLDER PLACE_FOR_RESULTS

The work: read two deliveries; keep the latest row of each key and one of its copies; set rows aside that have no key,
a key of several rows, or a value that does not fit; check what is left; add folds by the MD5 of the subject; find the
quantiles of numbers; count the rows of every bin, in all and by answer; write training table, quarantine and baseline.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import resource
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from rows import CATEGORIES, NUMBERS

QUANTILES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
FOLDS = 5
TYPES = {"n1": "DOUBLE", "n2": "DOUBLE", "n3": "DOUBLE", "n4": "DOUBLE", "i1": "BIGINT", "i2": "BIGINT"}
REQUIRED = ("n1", "n3", "n4", "i1", "c1", "y")
BOUNDS = {"n1": 100, "n2": 1, "n3": 5000, "n4": 30, "i1": 90, "i2": 1000}  # the lower one is 0
Figures = dict[str, Any]


def fold_of(text: str) -> int:
    """Return the fold of a subject, as `data/transform.py` has it."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[3::-1], 16) % FOLDS


def run_wheel(folder: Path, kind: str, target: Path) -> Figures:
    """Build the tables by the data wheel of the project that this runs in."""
    from pydantic import Field, create_model

    [package] = [path.parent.name for path in Path().glob("src/*/core")]
    parts = ("core.plan", "core.problem", "core.schema", "core.source", "data.pipeline", "stores.lake")
    plan_of, problem_of, schema, source, pipeline, lakes = (
        importlib.import_module(f"{package}.{part}") for part in parts
    )

    def field(name: str) -> Any:
        if name in TYPES:
            kind = float if TYPES[name] == "DOUBLE" else int
            limits = Field(ge=0, le=BOUNDS[name])
            return (Annotated[kind, limits], ...) if name in REQUIRED else (Annotated[kind | None, limits], None)
        kind = Literal[CATEGORIES[name]] if name in CATEGORIES else str
        return (kind, ...) if name in REQUIRED else (kind | None, None)

    names = [*NUMBERS, "c1", "c2", "t"]
    features = create_model(
        "Features", __base__=schema.Strict, __doc__="A row.", **{name: field(name) for name in names}
    )
    label = create_model("Label", __base__=schema.Strict, __doc__="The answer.", y=field("y"))
    plan = {"product": {"question": "y?"}, "data": {"source": "x", "max_quarantined_share": 0.05, "folds": FOLDS}}
    plan = plan_of.Plan.model_validate(plan | {"costs": {"false_negative": 5, "false_positive": 1}})
    problem = problem_of.make_problem("key", features, label, [("n1", ">", 90, 0.9, "high")], 0.4, lambda *_: {}, plan)
    problem = problem_of.with_source(problem, source.Source(subject="subject"))
    places = [(path, problem.source) for path in sorted(folder.glob(f"*.{kind}"))]
    started = time.perf_counter()
    with lakes.open_lake(target / "lake.db") as lake:
        pipeline.build_tables(lake, places[0][0], [], problem, plan, places[1:])
    seconds = time.perf_counter() - started
    used = peak()
    with lakes.open_lake(target / "lake.db") as lake:
        training, rows = lake.read("training"), lake.read("baseline").to_pyarrow().to_pylist()
        total = int(training.count().to_pyarrow().as_py())
        counted = training.group_by("_fold").aggregate(rows=training.count()).order_by("_fold").to_pyarrow()
        sums = training.aggregate(**{name: training[name].sum() for name in NUMBERS}).to_pyarrow().to_pylist()[0]
        quarantined = lake.read("quarantine").count().to_pyarrow().as_py()
    bins: dict[str, list[int]] = {}
    for row in rows:
        bins.setdefault(row["column"], []).append(round(row["share"] * total))
    del bins["t"]
    return figures(seconds, used, total, quarantined, counted["rows"].to_pylist(), sums, bins)


def run_duckdb(folder: Path, kind: str, target: Path) -> Figures:
    """Do the same in SQL."""
    import duckdb

    started = time.perf_counter()
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    text = ", all_varchar=true" if kind == "csv" else ""
    typed = ", ".join(f"CAST({name} AS {form}) AS {name}" for name, form in TYPES.items())
    one_key = "k.key IS NULL OR k.key NOT IN (FROM repeated)"
    reasons = ["CASE WHEN key IS NULL THEN 'no key' WHEN several THEN 'several' END"]
    reasons += [f"CASE WHEN NOT {n} BETWEEN 0 AND {high} THEN '{n} is ' || {n} END" for n, high in BOUNDS.items()]
    reasons += [f"CASE WHEN {n} NOT IN {values} THEN '{n} is ' || {n} END" for n, values in CATEGORIES.items()]
    reasons += [f"CASE WHEN {n} IS NULL THEN '{n} is empty' END" for n in REQUIRED]
    parts = [
        f"SELECT * REPLACE ({typed}), {place} AS place FROM read_{kind}('{path}'{text})"
        for place, path in enumerate(sorted(folder.glob(f"*.{kind}")))
    ]
    con.execute(f"CREATE TABLE read AS {' UNION ALL '.join(parts)}")
    con.execute("CREATE TABLE repeated AS SELECT key FROM read WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1")
    con.execute(f"""
        CREATE TABLE curated AS
        WITH latest AS (
            SELECT DISTINCT * FROM (
                SELECT * FROM read SEMI JOIN repeated USING (key) QUALIFY place = max(place) OVER (PARTITION BY key)
            )
        ), every AS (
            SELECT *, false AS several FROM read k WHERE {one_key}
            UNION ALL SELECT *, count(*) OVER (PARTITION BY key) > 1 FROM latest
        )
        SELECT * EXCLUDE (place, several), concat_ws('; ', {", ".join(reasons)}) AS reason FROM every
    """)
    digits = "reverse(md5(coalesce(subject, key))[1:4])"
    con.execute(f"""
        CREATE TABLE staged AS
        SELECT * EXCLUDE (reason), 1.0 AS weight, CAST('0x' || {digits} AS INTEGER) % {FOLDS} AS fold
        FROM curated WHERE reason = ''
    """)
    faults = [f"count(*) FILTER (NOT {name} BETWEEN 0 AND {high})" for name, high in BOUNDS.items()]
    faults += [f"count(*) FILTER ({name} IS NULL)" for name in ("key", *REQUIRED)]
    checked = con.execute(f"SELECT {', '.join(faults)} FROM staged").fetchone()
    assert checked is not None
    assert not any(checked)
    asked = ", ".join(f"quantile_cont(CAST({name} AS DOUBLE), {list(QUANTILES)})" for name in NUMBERS)
    cuts = dict(zip(NUMBERS, con.execute(f"SELECT {asked} FROM staged").fetchone() or (), strict=True))
    counts = {name: [f"count(*) FILTER ({name} <= {cut!r})" for cut in sorted({*cuts[name]})] for name in NUMBERS}
    counts = {name: [*below, f"count({name})"] for name, below in counts.items()}
    counts |= {name: [f"count(*) FILTER ({name} = '{value}')" for value in found] for name, found in CATEGORIES.items()}
    found = con.execute(
        f"SELECT {', '.join(c for each in counts.values() for c in each)} FROM staged GROUP BY y"
    ).fetchall()
    by_column = iter([sum(column) for column in zip(*found, strict=True)])
    below = {name: [next(by_column) for _ in each] for name, each in counts.items()}
    total = count(con, "FROM staged")
    bins = {name: as_bins(name, values, total) for name, values in below.items()}
    con.execute(f"ATTACH '{target / 'raw.db'}' AS made")
    con.execute("CREATE TABLE made.training AS FROM staged")
    con.execute("CREATE TABLE made.quarantine AS FROM curated WHERE reason <> ''")
    con.execute("CREATE TABLE made.baseline (name TEXT, place INTEGER, rows BIGINT)")
    lines = [(name, place, number) for name, each in bins.items() for place, number in enumerate(each)]
    con.executemany("INSERT INTO made.baseline VALUES (?, ?, ?)", lines)
    con.execute("DETACH made")
    seconds, used = time.perf_counter() - started, peak()
    folds = [row[0] for row in con.execute("SELECT count(*) FROM staged GROUP BY fold ORDER BY fold").fetchall()]
    summed = con.execute(f"SELECT {', '.join(f'sum({name})' for name in NUMBERS)} FROM staged").fetchone() or ()
    quarantined = count(con, "FROM curated WHERE reason <> ''")
    return figures(seconds, used, total, quarantined, folds, dict(zip(NUMBERS, summed, strict=True)), bins)


def run_polars(folder: Path, kind: str, target: Path) -> Figures:
    """Do the same with Polars."""
    import polars as pl

    started = time.perf_counter()
    types: dict[str, Any] = {name: pl.Float64 if form == "DOUBLE" else pl.Int64 for name, form in TYPES.items()}
    texts = dict.fromkeys(("key", "subject", "c1", "c2", "t", "y"), pl.String)
    paths = sorted(folder.glob(f"*.{kind}"))
    read = [
        pl.read_parquet(path) if kind == "parquet" else pl.read_csv(path, schema_overrides=types | texts)
        for path in paths
    ]
    rows = pl.concat([frame.with_columns(place=pl.lit(place)) for place, frame in enumerate(read)])
    repeated = rows.filter(pl.col("key").is_not_null()).group_by("key").len().filter(pl.col("len") > 1).select("key")
    latest = rows.join(repeated, on="key", how="semi")
    latest = latest.filter(pl.col("place") == pl.col("place").max().over("key")).unique()
    latest = latest.with_columns(several=pl.len().over("key") > 1)
    others = rows.join(repeated, on="key", how="anti").with_columns(several=pl.lit(value=False))
    every = pl.concat([others, latest]).drop("place")
    reasons = [pl.when(pl.col("key").is_null()).then(pl.lit("no key")), pl.when("several").then(pl.lit("several"))]
    fits = {name: pl.col(name).is_between(0, high) for name, high in BOUNDS.items()}
    fits |= {name: pl.col(name).is_in(values) for name, values in CATEGORIES.items()}
    reasons += [pl.when(~test).then(pl.format("{} is {}", pl.lit(name), name)) for name, test in fits.items()]
    reasons += [pl.when(pl.col(name).is_null()).then(pl.lit(f"{name} is empty")) for name in REQUIRED]
    curated = every.with_columns(reason=pl.concat_str(reasons, separator="; ", ignore_nulls=True)).drop("several")
    staged, quarantine = curated.filter(pl.col("reason") == "").drop("reason"), curated.filter(pl.col("reason") != "")
    folds = [fold_of(text) for text in staged.select(pl.coalesce("subject", "key")).to_series()]
    staged = staged.with_columns(weight=pl.lit(1.0), fold=pl.Series(folds))
    checked = staged.select(*[(~test).sum().alias(name) for name, test in fits.items()])
    assert not any(checked.row(0))
    asked = [
        pl.col(name).cast(pl.Float64).quantile(q, "linear").alias(f"{name} {q}") for name in NUMBERS for q in QUANTILES
    ]
    found = staged.select(asked).row(0, named=True)
    tests = {name: [pl.col(name) <= found[f"{name} {q}"] for q in QUANTILES] for name in NUMBERS}
    tests = {name: [*below, pl.col(name).is_not_null()] for name, below in tests.items()}
    tests |= {name: [pl.col(name) == value for value in values] for name, values in CATEGORIES.items()}
    counts = [test.sum().alias(f"{name} {place}") for name, each in tests.items() for place, test in enumerate(each)]
    counted = staged.group_by("y").agg(counts).sum().row(0, named=True)
    below = {name: [counted[f"{name} {place}"] for place in range(len(each))] for name, each in tests.items()}
    bins = {name: as_bins(name, values, len(staged)) for name, values in below.items()}
    staged.write_parquet(target / "training.parquet")
    quarantine.write_parquet(target / "quarantine.parquet")
    (target / "baseline.json").write_text(json.dumps(bins), encoding="utf-8")
    seconds, used = time.perf_counter() - started, peak()
    by_fold = staged.group_by("fold").len().sort("fold")["len"].to_list()
    sums = {name: staged[name].sum() for name in NUMBERS}
    return figures(seconds, used, len(staged), len(quarantine), by_fold, sums, bins)


def run_pandas(folder: Path, kind: str, target: Path) -> Figures:
    """Do the same with pandas."""
    import numpy as np
    import pandas as pd

    started = time.perf_counter()
    types = {name: "float64" if form == "DOUBLE" else "Int64" for name, form in TYPES.items()}
    read = {"parquet": pd.read_parquet, "csv": lambda path: pd.read_csv(path, dtype=types)}[kind]
    every = [read(path).assign(place=place) for place, path in enumerate(sorted(folder.glob(f"*.{kind}")))]
    rows = pd.concat(every, ignore_index=True)
    is_repeated = rows["key"].notna() & rows["key"].duplicated(keep=False)
    latest = rows[is_repeated]
    latest = latest[latest["place"] == latest.groupby("key")["place"].transform("max")].drop_duplicates()
    latest = latest.assign(several=latest["key"].duplicated(keep=False))
    every = pd.concat([rows[~is_repeated].assign(several=False), latest], ignore_index=True).drop(columns="place")
    reason = pd.Series("", index=every.index).mask(every["key"].isna(), "no key; ").mask(every["several"], "several; ")
    faults = {name: every[name].notna() & ~every[name].between(0, high) for name, high in BOUNDS.items()}
    faults |= {name: every[name].notna() & ~every[name].isin(values) for name, values in CATEGORIES.items()}
    for name, fault in faults.items():
        wrong = fault.fillna(value=False).astype(bool)
        reason[wrong] += f"{name} is " + every.loc[wrong, name].astype(str) + "; "
    for name in REQUIRED:
        reason[every[name].isna()] += f"{name} is empty; "
    every = every.drop(columns="several")
    staged, quarantine = every[reason == ""].copy(), every[reason != ""].assign(reason=reason[reason != ""])
    staged["weight"] = 1.0
    staged["fold"] = [fold_of(text) for text in staged["subject"].fillna(staged["key"])]
    assert all(staged[name].dropna().between(0, high).all() for name, high in BOUNDS.items())
    bins = {}
    for name in NUMBERS:
        values = staged[name].dropna().to_numpy(dtype="float64")
        cuts = np.unique(np.quantile(values, QUANTILES))
        answers = (staged.loc[staged[name].notna(), "y"] == "yes").to_numpy()
        places = np.searchsorted(cuts, values, side="left")
        by_answer = [np.bincount(places[answers == each], minlength=len(cuts) + 1) for each in (False, True)]
        bins[name] = [*sum(by_answer).tolist(), int(staged[name].isna().sum())]
    for name, values in CATEGORIES.items():
        counted = staged.groupby([name, "y"]).size().groupby(level=0).sum()
        bins[name] = [*(int(counted[value]) for value in values), int(staged[name].isna().sum())]
    staged.to_parquet(target / "training.parquet")
    quarantine.to_parquet(target / "quarantine.parquet")
    (target / "baseline.json").write_text(json.dumps(bins), encoding="utf-8")
    seconds, used = time.perf_counter() - started, peak()
    sums = {name: float(staged[name].sum()) for name in NUMBERS}
    return figures(seconds, used, len(staged), len(quarantine), np.bincount(staged["fold"]).tolist(), sums, bins)


def as_bins(name: str, counts: list[int], total: int) -> list[int]:
    """Return the rows of each bin, and the missing ones, from those up to each cut or of each category."""
    if name in CATEGORIES:
        return [*counts, total - sum(counts)]
    return [*(count - below for below, count in zip([0, *counts], counts, strict=False)), total - counts[-1]]


def count(connection: Any, query: str) -> int:
    """Return the number of rows of a query."""
    return int(connection.execute(f"SELECT count(*) {query}").fetchone()[0])


def peak() -> float:
    """Return the largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def figures(*values: Any) -> Figures:
    """Return what a run took, and what has to be the same for all."""
    return dict(zip(("seconds", "mb", "rows", "quarantined", "folds", "sums", "bins"), values, strict=True))


RUN = {"wheel": run_wheel, "duckdb": run_duckdb, "polars": run_polars, "pandas": run_pandas}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=RUN)
    parser.add_argument("kind", choices=("parquet", "csv"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    given.target.mkdir(parents=True, exist_ok=True)
    print(json.dumps(RUN[given.name](given.folder.resolve(), given.kind, given.target.resolve())))
