"""Synthetic problems, which the tests of the machinery run on: none of them knows the problem of this project.

Each has a shape that tables of other people have: no protected column, numbers as protected columns, only
optional fields, no category, no number, answers with capitals, many columns, a label that is not last.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, create_model
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from {{ cookiecutter.__package }}.cli.composition import Project
from {{ cookiecutter.__package }}.core.encoder import encoder
from {{ cookiecutter.__package }}.core.plan import Plan
from {{ cookiecutter.__package }}.core.problem import Problem, make_problem
from {{ cookiecutter.__package }}.core.schema import PERSONAL, PROTECTED, RISING, Strict, columns
from {{ cookiecutter.__package }}.core.settings import Settings

KEY = "case"
ROWS = 400


@dataclass(frozen=True, eq=False)  # a shape is itself: its tables are kept
class Shape:
    """A problem with everything that a project of it needs."""

    features: dict[str, Any]
    label: tuple[str, Any]
    rules: list[tuple[Any, ...]]
    otherwise: Any
    plan: str

    @cached_property
    def parsed_plan(self) -> Plan:
        return Plan.model_validate(tomllib.loads(self.plan))

    @cached_property
    def _own_problem(self) -> Problem:
        return self._compose(self.parsed_plan)

    def problem(self, plan: Plan | None = None) -> Problem:
        """Return the problem under a plan; that of its own plan is made once."""
        return self._own_problem if plan is None or plan == self.parsed_plan else self._compose(plan)

    def _compose(self, plan: Plan) -> Problem:
        return make_problem(KEY, *self._contract, self.rules, self.otherwise, candidates, plan)

    @cached_property
    def _contract(self) -> tuple[Any, Any]:
        features = create_model("Features", __base__=Strict, __doc__="A case.", **self.features)
        label = {self.label[0]: (self.label[1], ...)}
        return features, create_model("Label", __base__=Strict, __doc__="What is true.", **label)

    def project(self, settings: Settings, plan: Plan) -> Project:
        return Project(settings, plan, self.problem(plan))

    def table(self, rows: int = ROWS, seed: int = 0) -> list[dict[str, str]]:
        """Return rows of text, as a CSV file has them; the label depends on the first column that models see."""
        return [dict(row) for row in _draw(self, rows, seed)]


def candidates(columns: Any, plan: Plan) -> dict[str, Pipeline]:
    """Return one linear model, or boosting for a number."""
    if plan.costs.too_low is not None:
        model: Any = HistGradientBoostingRegressor(
            loss="quantile", quantile=plan.costs.quantile, max_iter=30, max_depth=3, random_state=0
        )
    elif plan.costs.confusion is not None:
        model = HistGradientBoostingClassifier(max_iter=20, max_depth=2, random_state=0)
    else:
        model = LogisticRegression()
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    steps = [("encode", encoder(columns)), ("impute", impute), ("scale", StandardScaler()), ("model", model)]
    return {"learned": Pipeline(steps)}


@lru_cache(maxsize=32)
def _draw(shape: Shape, rows: int, seed: int) -> list[dict[str, str]]:
    rng = np.random.default_rng(seed)
    return [_row(shape.problem(), f"c{place:06d}", rng) for place in range(rows)]


def _row(problem: Problem, key: str, rng: np.random.Generator) -> dict[str, str]:
    row: dict[str, str] = {KEY: key}
    signal = 0.5
    for place, column in enumerate(problem.columns):
        share = float(rng.random())
        if column.optional and rng.random() < 0.15:
            row[column.name] = ""
            continue
        low = -5.0 if column.low is None else column.low
        high = low + 10 if column.high is None else column.high
        if column.categories:
            value = column.categories[int(share * len(column.categories))]
        elif column.kind == "text":
            value = f"text {int(share * 1000)}"
        else:
            number = low + share * (high - low)
            value = str(int(number)) if column.kind == "integer" else f"{number:.4f}"
        row[column.name] = value
        if place == 0:
            signal = share
    label = problem.target
    if label.categories:
        noisy = min(max(signal + rng.normal(0, 0.25), 0), 0.999)
        row[label.name] = label.categories[int(noisy * len(label.categories))]
    else:
        row[label.name] = f"{100 * signal + rng.gamma(2, 5):.2f}"
    return row if len(problem.columns) > 2 else dict(reversed(row.items()))  # the label is not always last


PLAN = """
[product]
question = "{question}"
[data]
source = "data/table.csv"
[gates]
clean_commit = false
bootstrap_rounds = 200
{more}
"""

USUAL = Shape(
    features={
        "risk": (Annotated[float, RISING, Field(ge=0, le=3, examples=[0.5], description="Risk of the case")], ...),
        "grade": (Annotated[int, Field(ge=1, le=6, examples=[2], description="Grade, 1 is best")], ...),
        "insured": (Annotated[Literal["no", "yes"], Field(description="The case is insured")], ...),
        "income": (Annotated[float | None, Field(ge=0, examples=[20.5], description="Income")], None),
        "remark": (Annotated[str | None, Field(max_length=40, description="A remark")], None),
        "name": (Annotated[str | None, PERSONAL, Field(description="Who it is")], None),
        "group": (Annotated[Literal["a", "b"] | None, PROTECTED, Field(description="Group, for audit")], None),
    },
    label=("refused", Literal["no", "yes"]),
    rules=[("risk", ">", 2.4, 0.9, "a very high risk"), ("insured", "==", "no", 0.3, "not insured")],
    otherwise=0.1,
    plan=PLAN.format(
        question="Will it be refused?",
        more="[review]\nband = 0.05\nblind_share = 0\n[costs]\nfalse_negative = 5\nfalse_positive = 1\n"
        "[groups.limits]\nfalse_positive_rate = 0.5",
    ),
)
OPTIONAL_NUMBERS = Shape(
    # called as arguments of the libraries are
    features={"by": (float | None, None), "having": (float | None, None), "self": (float | None, None)},
    label=("ok", Literal["No", "Yes"]),
    rules=[("by", ">", 2, 0.7, "by is high")],
    otherwise=0.3,
    plan=PLAN.format(
        question="Ok?", more="[review]\nblind_share = 0\n[costs]\nfalse_negative = 10\nfalse_positive = 1"
    ),
)
CATEGORIES = Shape(
    features={
        "size": (Annotated[Literal["S", "M", "L"] | None, Field(description="Size")], None),
        "colour": (Annotated[Literal["red", "NA", "blue"] | None, Field(description="Colour; NA is one")], None),
        "years": (Annotated[int | None, PROTECTED, Field(ge=0, le=100, description="Age")], None),
    },
    label=("kind", Literal["low", "mid", "high"]),
    rules=[("size", "==", "S", (0.8, 0.15, 0.05), "small"), ("size", "==", "L", (0.05, 0.15, 0.8), "large")],
    otherwise=(0.2, 0.6, 0.2),
    plan=PLAN.format(
        question="Which kind is it?",
        more="[review]\nband = 0.1\nblind_share = 0\n[costs.confusion]\nlow = { low = 0, mid = 1, high = 3 }\n"
        "mid = { low = 1, mid = 0, high = 1 }\nhigh = { low = 4, mid = 1, high = 0 }\n"
        "[groups.limits]\nerror_rate = 0.9",
    ),
)
WIDE = Shape(
    features={
        f"x{place:02d}": (Annotated[float | None, Field(ge=-10, le=10)], None)
        if place == 0
        else (Annotated[float if place % 2 else int, Field(ge=-10, le=10)], ...)
        for place in range(85)
    },
    label=("amount", Annotated[float, Field(ge=0, le=100_000)]),
    rules=[("x00", ">", 0, 90.0, "x00 is positive")],
    otherwise=40.0,
    plan=PLAN.format(
        question="How much?",
        more="[review]\nabove = 100\nblind_share = 0\n[costs]\ntoo_low = 3\ntoo_high = 1\n"
        "[groups.limits]\nmean_error = 50",
    ),
)
SHAPES = {"usual": USUAL, "optional numbers": OPTIONAL_NUMBERS, "categories": CATEGORIES, "wide": WIDE}
__all__ = ["KEY", "ROWS", "SHAPES", "USUAL", "Shape", "columns"]
