"""The sections of `plan.toml` about a product that runs: load, monitoring and rollouts."""

from typing import Annotated, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from .schema import Strict

Share = Annotated[float, Field(ge=0, le=1)]


class Speed(Strict):
    """What the load test asks of the product."""

    requests_per_second: PositiveFloat = 40
    seconds: PositiveInt = 8
    p95_ms: PositiveFloat = 150
    p99_ms: PositiveFloat = 400
    max_error_share: Share = 0
    max_leak_bytes: PositiveFloat = 512
    max_slowdown: Annotated[float, Field(ge=1)] = 1.5


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


class Rollout(Strict):
    """How a challenger replaces the champion: shares of the subjects, and what ends, holds or delays it.

    The levels are probabilities of rolling back a challenger that does no harm: of all planned looks together, of the
    alarm at any moment, of the shadow, and of each other guard.
    """

    steps: Annotated[tuple[Share, ...], Field(min_length=1, strict=False)] = (0.02, 0.05, 0.10, 0.25, 0.75, 1.0)
    decisions: PositiveInt = 500
    labels: PositiveInt = 30
    shadow_labels: Annotated[int, Field(ge=0)] = 100
    compare_from: Share = 0.10
    minimum_hours: NonNegativeFloat = 1
    maximum_hours: PositiveFloat = 168
    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.045
    alarm_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    shadow_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.005
    guard_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.0005
    max_failed_share: Share = 0.01
    max_slow_share: Share = 0.05
    max_back_seconds: PositiveFloat = 2

    @field_validator("steps")
    @classmethod
    def _rise_to_all(cls, steps: tuple[float, ...]) -> tuple[float, ...]:
        if list(steps) != sorted({*steps}) or steps[0] <= 0 or steps[-1] != 1:
            raise ValueError("shares have to rise from above 0 to 1.0")
        return steps
