"""A small world with known probabilities, training tables and champions of it, without a lake or MLflow."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from problems import PLAN, Shape
from pydantic import Field
from simulation import MemoryRegistry

from {{ cookiecutter.__package }}.core.pipelines import linear
from {{ cookiecutter.__package }}.core.plan import Plan
from {{ cookiecutter.__package }}.core.schema import NOMINAL, PROTECTED
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.reference import evaluate_reference, recipe_digest
from {{ cookiecutter.__package }}.stores.evidence import FittedRows

FOLDS = 5
WORLD = Shape(
    features={
        "load": (Annotated[float, Field(ge=0, le=1)], ...),
        "noise": (Annotated[float, Field(ge=-10, le=10)], ...),
        "kind": (Annotated[Literal["p", "q", "r", "s"], NOMINAL, Field()], ...),
        "part": (Annotated[Literal["x", "y"], PROTECTED, Field()], ...),
    },
    label=("late", Literal["no", "yes"]),
    rules=[("load", ">", 0.7, 0.8, "a high load")],
    otherwise=0.2,
    plan=PLAN.format(question="Is it late?", more="[costs]\nfalse_negative = 1\nfalse_positive = 1"),
)
LEARNED = linear(WORLD.problem().columns, WORLD.parsed_plan)  # of one-hot columns, so that it follows a kind
PROBLEM = replace(WORLD.problem(), candidates=lambda: {"learned": LEARNED})


def make_plan(**sections):
    """Return the plan of the world with some settings of its sections."""
    plan = WORLD.parsed_plan.model_dump(exclude_defaults=True)
    for name, settings in sections.items():
        plan[name] = {**plan.get(name, {}), **settings}
    return Plan.model_validate(plan)


def draw(rows, rng, *, changed=False):
    """Return features and the probability of both answers; in a changed world every case of kind q is late."""
    load, kind = rng.random(rows), rng.choice(["p", "q", "r", "s"], rows, p=[0.4, 0.2, 0.2, 0.2])
    features = pd.DataFrame({"load": load, "noise": rng.normal(0, 1, rows), "kind": kind})
    features["part"] = rng.choice(["x", "y"], rows)
    log_odds = 5 * (load - 0.6) + np.where(kind == "s", 2.0, 0.0)
    yes = np.where((kind == "q") & changed, 1.0, 1 / (1 + np.exp(-log_odds)))
    return features, np.column_stack([1 - yes, yes])


def draw_table(rows, seed=0, *, changed=False, name="row"):
    """Return a training table, whose keys begin with `name`."""
    rng = np.random.default_rng(seed)
    features, chances = draw(rows, rng, changed=changed)
    late = np.where(rng.random(rows) < chances[:, 1], "yes", "no")
    return add_keys(features.assign(late=late), name)


def add_keys(table, name):
    """Return a table with keys of its own, and the folds that follow from them."""
    keys = np.array([f"{name} {place}" for place in range(len(table))], dtype=object)
    return table.assign(_key=keys, _fold=(pd.util.hash_array(keys) % FOLDS).astype(int)).reset_index(drop=True)


def split(*tables, plan=None):
    """Return tables, one after the other, taken apart; rows of later ones are newer."""
    stacked = [table.assign(_time=None if place == 0 else float(place)) for place, table in enumerate(tables)]
    table = pd.concat([one.dropna(axis=1, how="all") for one in stacked], ignore_index=True)
    return split_columns(table, PROBLEM, plan or make_plan(gates={"assignments": 2}))


def make_champion(rows, model=LEARNED, **tags):
    """Return a registry whose champion was fitted to rows."""
    registry = MemoryRegistry(PROBLEM)
    tags = {"recipe": recipe_digest(model), **tags}
    version = registry.register(fit(model, rows), name="old", tags=tags, fitted=FittedRows(rows.keys, rows.weights, {}))
    registry.set_alias("champion", version)
    return registry


def find_reference(rows, registry=None):
    """Return what candidates are compared with: the champion of a registry, or the rules."""
    return evaluate_reference(rows, registry or MemoryRegistry(PROBLEM), PROBLEM, lambda _: lambda *_: None)
