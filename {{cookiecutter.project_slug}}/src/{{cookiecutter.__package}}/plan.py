"""`plan.toml`, typed: the product decisions that every gate reads.

>>> plan = load_plan(Path("plan.toml"))
>>> plan.costs.false_negative
5.0
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError, field_validator

from .errors import UserError, explain
from .objective import RATES, Costs, Objective, Review
from .schema import Strict

if TYPE_CHECKING:
    from pathlib import Path

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Product(Strict):
    """What is asked, in people's words, and how long a model may take before the rules answer."""

    question: Annotated[str, Field(min_length=1)]
    max_model_ms: Positive


class Data(Strict):
    """Where rows come from, how many may be set aside, and how the rest are split."""

    source: Annotated[str, Field(min_length=1)]
    max_quarantined_share: Share
    folds: Annotated[int, Field(ge=2, le=50)]


class Gates(Strict):
    """How sure a comparison must be before a model may serve."""

    confidence: Annotated[float, Field(ge=0.5, lt=1)]
    bootstrap_rounds: Annotated[int, Field(ge=100)]
    max_cost_increase: Annotated[float, Field(ge=0)]
    max_calibration_error: Annotated[float, Field(gt=0, le=1)]
    inconclusive_blocks: bool


class Slices(Strict):
    """How much dearer than the champion a model may be in any part of the rows."""

    minimum_rows: Count
    max_cost_increase: Annotated[float, Field(ge=0)]
    inconclusive_blocks: bool


class Groups(Strict):
    """The largest gap tolerated between groups, for each rate."""

    minimum_rows: Count
    limits: Annotated[dict[str, Positive], Field(min_length=1)]

    @field_validator("limits")
    @classmethod
    def _known(cls, limits: dict[str, float]) -> dict[str, float]:
        unknown = [rate for rate in limits if rate not in RATES]
        if unknown:
            message = f"{', '.join(unknown)}: not a known rate; use one of {', '.join(RATES)}"
            raise ValueError(message)
        return limits


class Speed(Strict):
    """What the load test asks of the product."""

    requests_per_second: Positive
    seconds: Count
    p95_ms: Positive
    p99_ms: Positive
    max_error_share: Share
    max_leak_bytes: Positive
    max_slowdown: Annotated[float, Field(ge=1)]


class Drift(Strict):
    """When incoming data counts as different from the training table."""

    minimum_rows: Count
    limit: Positive


class Plan(Strict):
    """Everything in `plan.toml`."""

    product: Product
    review: Review
    costs: Costs
    data: Data
    gates: Gates
    slices: Slices
    groups: Groups
    speed: Speed
    drift: Drift

    @property
    def objective(self) -> Objective:
        """What to answer, and what it costs, under this plan."""
        return Objective(self.costs, self.review)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever a decision in the plan does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def load_plan(path: Path) -> Plan:
    """Read and check a plan.

    Raises
    ------
    UserError
        The file is missing, is not TOML, or holds unknown keys or bad values; all are named at once.
    """
    try:
        return Plan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        what = "no such file; run this in the project's folder, or set APP_ROOT to it"
    except OSError as error:
        what = f"cannot be read: {error.strerror}; it has to be a file, and yours to read"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = f"not valid TOML: {error}"
    except ValidationError as error:
        what = "; ".join(explain(fault, Plan) for fault in error.errors())
    message = f"{path}: {what}"
    raise UserError(message)
