"""What the product asks (Features) and what a model answers (Label).

Only this file and `rules.py` name columns of this problem. Request validation, the form on the page,
table checks, model inputs, drift bins and test data all follow from it, and so do the types of a decision
and of a reaction (`core/answers.py`).
"""

from typing import Annotated, Literal

from pydantic import Field

from ..core.schema import ACTIONABLE, PROTECTED, RISING, Strict

YesNo = Literal["no", "yes"]
Answer = Annotated[float, Field(ge=0, le=100_000)]
KEY = "member_id"


class Features(Strict):
    """A member of the health plan at the start of a year."""

    individual_deductible_plan: Annotated[
        YesNo, ACTIONABLE, Field(description="The plan has a deductible for each person")
    ]
    physical_limitation: Annotated[YesNo, Field(description="A physical limitation")]
    chronic_conditions_index: Annotated[
        float, RISING, Field(ge=0, le=60, examples=[11.2], description="Index of chronic conditions, 0 is none")
    ]
    self_rated_health: Annotated[
        Literal["excellent", "good", "fair", "poor"], Field(description="How the member rates their own health")
    ]
    head_years_of_schooling: Annotated[
        float, Field(ge=0, le=30, examples=[12], description="Years of schooling of the head of the family")
    ]
    age: Annotated[float, Field(ge=0, le=120, examples=[24], description="Age, years")]
    sex: Annotated[
        Literal["female", "male"] | None,
        PROTECTED,
        Field(description="As the member stated it; recorded to audit fairness, never used to answer"),
    ] = None
    coinsurance_percent: Annotated[
        int,
        ACTIONABLE,
        Field(ge=0, le=100, examples=[25], description="Share of the cost that the member pays, percent"),
    ]
    annual_family_income: Annotated[
        float, Field(ge=0, le=1000000, examples=[7900], description="Family income in a year, US dollars of the study")
    ]
    family_size: Annotated[int, Field(ge=1, le=30, examples=[4], description="Persons in the family")]


class Label(Strict):
    """What turned out to be true: the answer that models learn to give."""

    annual_expenses: Annotated[
        float, Field(ge=0, le=100_000, description="Cost of care in the year, US dollars of the study")
    ]
