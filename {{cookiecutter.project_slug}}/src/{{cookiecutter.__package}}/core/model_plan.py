"""The sections of `plan.toml` about models: what a candidate and its columns have to show."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from .schema import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]


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


class Features(Strict):
    """What columns have to be worth and may take; `kept` names columns that stay although they add nothing yet."""

    kept: tuple[Text, ...] = Field((), strict=False)
    max_missing_share: Share = 0.5
    max_encode_us: PositiveFloat = 20
    inconclusive_blocks: bool = False


class Analysis(Strict):
    """What `evaluate` asks of a candidate beside its columns.

    Areas under the ROC curve: of an attack that tells rows of the training from others, and of the inputs when they
    predict a protected group. Megabytes and seconds are of the stored model.
    """

    max_memorisation_auc: Share = 0.6
    max_proxy_auc: Share = 0.9
    max_model_mb: PositiveFloat = 20
    max_load_seconds: PositiveFloat = 2


class Search(Strict):
    """How long `search` tries hyperparameters of a candidate, and on which share of the rows.

    Candidates whose parameters were chosen so are compared on the other rows.
    """

    trials: PositiveInt = 40
    minutes: PositiveFloat = 30
    share: Annotated[float, Field(gt=0, lt=1)] = 0.4
