"""Describe the plan's table: what the data card and Croissant say, all of it from evidence.

Only the table itself is described. Reactions and outcomes flow into the lake every night, and the card, which is
committed, must not change with them: the same table, contract, plan and sources.py give the same description.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ..core.plan import Plan
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.files import show
from ..stores.lake import FOLD, open_lake
from .collect import kept_columns
from .origin import Origin, find_origin
from .pipeline import build_tables

NOTES = "data/README.md"  # the owner's words
QUANTILES = {"10 %": 0.1, "median": 0.5, "90 %": 0.9}  # no extremes: they may identify a person


@dataclass(frozen=True, slots=True)
class Values:
    """What a column holds: of all rows the share without a value, of the others what they are.

    `counts`: rows by category, in declared order. `quantiles`: values that are in the table, by name.
    """

    missing: float
    counts: Mapping[str, int]
    quantiles: Mapping[str, float]
    distinct: int


@dataclass(frozen=True, slots=True)
class Description:
    """The plan's table: where it comes from, its rows, and the values of every column that is kept."""

    origin: Origin
    notes: str
    rows: int
    quarantined: int
    copies: int  # usable rows with the inputs of another one
    folds: Sequence[int]  # rows of each
    origins: Mapping[str, int]  # rows by the origin of their label
    weights: Mapping[str, float]  # of a row of each origin
    values: Mapping[str, Values]
    definition: str


def describe_table(given: str, place: Path | str, problem: Problem, plan: Plan, root: Path) -> Description:
    """Return the description of the plan's table, from tables that are built in a lake of its own.

    Raises UserError: the table cannot be read, or does not fit the contract.
    """
    origin = find_origin(given, place)
    with tempfile.TemporaryDirectory() as folder, open_lake(Path(folder, "lake.db")) as lake:
        counts = build_tables(lake, place, [], problem, plan)
        training, labels = lake.read("training").to_pyarrow(), lake.read("labels").to_pyarrow().to_pylist()
    rows = {row["values"]: row["counts"] for row in training[FOLD].value_counts().to_pylist()}
    return Description(
        origin=origin,
        notes=read_notes(root),
        rows=counts.usable,
        quarantined=counts.quarantined,
        copies=counts.copies,
        folds=[rows.get(fold, 0) for fold in range(plan.data.folds)],
        origins={row["origin"]: row["rows"] for row in labels},
        weights={row["origin"]: row["weight"] for row in labels},
        values={column.name: _summarise(training[column.name], column) for column in kept_columns(problem)},
        definition=digest_definition(given, problem, plan, root),
    )


def read_notes(root: Path) -> str:
    """Return what the owner wrote about the table; "" if there is nothing."""
    path = root / NOTES
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""


def digest_definition(given: str, problem: Problem, plan: Plan, root: Path) -> str:
    """Return 16 hex digits that change with every statement of the owner that the card repeats.

    Values that are as by default do not count, so that a field which a newer version adds changes nothing.
    """
    columns = [{key: value for key, value in asdict(c).items() if value} for c in (*problem.columns, problem.target)]
    parts = (plan.data, plan.labels, plan.groups, plan.costs, problem.source)
    stated = [part.model_dump(mode="json", exclude_defaults=True) | {"source": show(given)} for part in parts]
    stated += [join.model_dump(mode="json", exclude_defaults=True) for _, join in problem.joins]
    text = json.dumps([problem.key, columns, plan.product.question, stated, read_notes(root)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _summarise(cells: pa.ChunkedArray, column: Column) -> Values:
    present = cells.drop_null()
    counted = {row["values"]: row["counts"] for row in present.value_counts().to_pylist()} if column.categories else {}
    quantiles = {}
    if column.is_numeric and len(present):
        # "lower" takes a value of the table and computes none, so that every machine shows the same digits
        found = pc.quantile(present, q=[*QUANTILES.values()], interpolation="lower")
        quantiles = dict(zip(QUANTILES, found.to_pylist(), strict=True))
    return Values(
        missing=cells.null_count / max(len(cells), 1),
        counts={category: counted.get(category, 0) for category in column.categories},
        quantiles=quantiles,
        distinct=pc.count_distinct(present).as_py(),
    )
