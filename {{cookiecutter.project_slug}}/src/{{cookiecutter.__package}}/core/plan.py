"""`plan.toml`, typed: the product decisions that every gate reads.

Only the question, the costs and the source of the data have to be given; everything else has a default.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from .costs import Costs
from .errors import UserError, describe_error
from .operations_plan import Drift, Monitor, Rollout, Speed
from .schema import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Statement = Literal["outcome", "blind", "reaction"]  # about the true answer of a decision


class Product(Strict):
    """The question, in words, and how long a model may take before the rules answer."""

    question: Text
    max_model_ms: PositiveFloat = 250


class Review(Strict):
    """When a person should look: the choice is closer than `band`, or the number is `above` or more.

    Of all decisions, `blind_share` is drawn at random: there a reviewer answers before the model's answer is shown.
    """

    band: NonNegativeFloat = 0
    above: Annotated[float, Field(allow_inf_nan=True)] = float("inf")
    blind_share: Share = 0.05


class Data(Strict):
    """Where rows come from, how many may be set aside, and how the rest are split.

    Rows with one value of the column `group` share a fold; by the column `time`, folds are consecutive blocks.
    `owner` answers for the tables and their columns; if none is given, whom CODEOWNERS names for the data. `confirmed`
    names columns that have changed, as a person knows: the first run from that time on is what later ones are compared
    with.
    """

    source: Text
    owner: str = ""
    max_quarantined_share: Share = 0.005
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    group: str = ""
    time: str = ""
    confirmed: dict[str, AwareDatetime] = Field({})

    @model_validator(mode="after")
    def _one_split(self) -> Self:
        if self.group and self.time:
            raise ValueError("rows are split by group or by time; give one of them")
        return self


class Weights(Strict):
    """How much a row of each origin weighs in training; 0 leaves it out."""

    file: NonNegativeFloat = 1
    outcome: NonNegativeFloat = 1
    blind: NonNegativeFloat = 1
    labelled: NonNegativeFloat = 1
    override: NonNegativeFloat = 1
    accept: NonNegativeFloat = 1


class Labels(Strict):
    """Which statement about a decision is its label: the first of `order` that it has; and what labels weigh.

    Reviews that saw the model's answer count only while people seem to read: they have to override at least
    `minimum_attention` of the answers that are expected to be wrong; 0 counts them in any case.
    """

    order: Annotated[tuple[Statement, ...], Field(min_length=1, strict=False)] = ("outcome", "blind", "reaction")
    weights: Weights = Weights()
    minimum_attention: Share = 0.8

    @field_validator("order")
    @classmethod
    def _names_each_once(cls, order: tuple[Statement, ...]) -> tuple[Statement, ...]:
        if len({*order}) < len(order):
            raise ValueError("each of outcome, blind and reaction can be named once")
        return order


class Labelling(Strict):
    """Which decisions `label prepare` draws for labellers, and when their labels count.

    Of a batch, a share of `uncertain` are the closest of the `newest` decisions, the others are drawn at random; a
    share of `overlap` is given to two labellers. Labels count unless Krippendorff's alpha is below `minimum_agreement`;
    0 counts them in any case. Those of labellers in `left_out` are not used.
    """

    uncertain: Annotated[float, Field(ge=0, le=0.9)] = 0.5  # without random ones, nothing could be estimated
    overlap: Share = 0.2
    newest: PositiveInt = 100_000
    show_protected: bool = False
    minimum_agreement: Share = 0.667
    left_out: tuple[Text, ...] = Field((), strict=False)


class Gates(Strict):
    """How sure a comparison must be before a model may serve."""

    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.90
    bootstrap_rounds: Annotated[int, Field(ge=100)] = 1000
    assignments: Annotated[int, Field(ge=1, le=50)] = 5
    least_benefit: Share = 0.01
    max_cost_increase: NonNegativeFloat = 0.03
    minimum_new_rows: PositiveInt = 50
    minimum_answers: PositiveInt = 20
    max_calibration_error: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_log_odds_shift: PositiveFloat = 0.1
    max_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.97
    max_copied_share: Share = 0.02
    max_label_shift: Share = 0.25
    confirmed: tuple[Text, ...] = Field((), strict=False)
    inconclusive_blocks: bool = True
    clean_commit: bool = True  # whether a version has to be made from committed files to be promoted


class Slices(Strict):
    """How much more than the champion a model may cost in any part of the rows."""

    minimum_rows: PositiveInt = 50
    max_cost_increase: NonNegativeFloat = 0.15
    inconclusive_blocks: bool = False


class Groups(Strict):
    """The largest difference allowed between groups, for each rate."""

    minimum_rows: PositiveInt = 100
    limits: dict[str, PositiveFloat] = Field({})


class Privacy(Strict):
    """How many days decisions are kept, with everything that refers to them; 0 keeps them."""

    keep_decisions_days: Annotated[int, Field(ge=0, le=36_500)] = 0


class Plan(Strict):
    """Everything in `plan.toml`."""

    product: Product
    costs: Costs
    data: Data
    review: Review = Review()
    labels: Labels = Labels()
    labelling: Labelling = Labelling()
    gates: Gates = Gates()
    slices: Slices = Slices()
    groups: Groups = Groups()
    speed: Speed = Speed()
    drift: Drift = Drift()
    rollout: Rollout = Rollout()
    monitor: Monitor = Monitor()
    privacy: Privacy = Privacy()

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever a decision in the plan does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def load_plan(path: Path) -> Plan:
    """Read and check a plan. Raises UserError: it cannot be read, or has faults; all are named at once."""
    try:
        return Plan.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}; run this in the project's folder, or set APP_ROOT to it"
    except ValidationError as error:
        reason = "; ".join(describe_error(fault, Plan) for fault in error.errors())
    except ValueError as error:
        reason = f"not valid TOML: {error}"
    raise UserError(f"{path}: {reason}")
