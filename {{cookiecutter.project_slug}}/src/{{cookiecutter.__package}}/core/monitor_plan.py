"""What the monitor asks of a window of decisions: the sections `[drift]` and `[monitor]` of the plan."""

from typing import Annotated, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from .schema import Strict

Share = Annotated[float, Field(ge=0, le=1)]


class Drift(Strict):
    """When incoming data counts as different from the training table: by chance at most at `level`, and by `limit`.

    The limit is a population stability index; that of a number whose mean moves by s standard deviations is s squared.
    """

    minimum_rows: PositiveInt = 100
    limit: PositiveFloat = 0.02
    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05


class Monitor(Strict):
    """Which windows ask for retraining, and the limits of watches that have no section of their own."""

    windows: PositiveInt = 5
    violated: PositiveInt = 3
    max_age_days: PositiveFloat = 180
    max_silent_hours: PositiveFloat = 72
    max_fallback_share: Share = 0.01
    max_rate_change: Share = 0.1
    max_cost_increase: NonNegativeFloat = 0.25
    max_memory_mb: PositiveFloat = 1024
    max_memory_growth: Annotated[float, Field(ge=1)] = 1.5

    @model_validator(mode="after")
    def _violated_are_some(self) -> Self:
        if self.violated > self.windows:
            raise ValueError(f"violated is {self.violated}, of only {self.windows} windows; give at most that many")
        return self
