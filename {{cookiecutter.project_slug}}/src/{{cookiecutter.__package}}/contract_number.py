"""What the product asks, what a model answers, and how people react.

This is the one Python file that knows the columns of this problem. Request validation, the form on
the page, table checks, model inputs, drift bins and test data all follow from it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .schema import PROTECTED, RISING, Strict

YesNo = Literal["no", "yes"]
Answer = Annotated[float, Field(ge=0, le=100_000)]
KEY = "member_id"


class Features(Strict):
    """A member of the health plan at the start of a year."""

    individual_deductible_plan: Annotated[YesNo, Field(description="The plan has a deductible for each person")]
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
        int, Field(ge=0, le=100, examples=[25], description="Share of the cost that the member pays, percent")
    ]
    annual_family_income: Annotated[
        float, Field(ge=0, le=1000000, examples=[7900], description="Family income in a year, US dollars of the study")
    ]
    family_size: Annotated[int, Field(ge=1, le=30, examples=[4], description="Persons in the family")]


class Label(Strict):
    """What turned out to be right: the answer that models learn to give."""

    annual_expenses: Annotated[
        float, Field(ge=0, le=100_000, description="Cost of care in the year, US dollars of the study")
    ]


class Decision(Strict):
    """An answer, as it was given and recorded."""

    id: str
    answer: Answer
    score: Annotated[float, Field(description="The answer, not rounded")]
    model: Annotated[str, Field(description="Name and version of the model that answered")]
    needs_review: Annotated[bool, Field(description="Too close to call: a person should look")]
    fallback: Annotated[bool, Field(description="The rules stood in for a model that failed")]
    decided_at: Annotated[str, Field(description="UTC, ISO 8601")]


class Reaction(Strict):
    """What a person did with a decision. Reactions become labels to learn from."""

    verdict: Annotated[Literal["accept", "override"], Field(description="Did the person keep the answer?")]
    answer: Annotated[Answer | None, Field(description="The person's own answer, when overriding")] = None
    note: Annotated[str, Field(max_length=500, description="Why; no names, please")] = ""

    @model_validator(mode="after")
    def _answer_goes_with_override(self) -> Self:
        if (self.verdict == "override") != (self.answer is not None):
            message = "an override needs an answer, and only an override has one"
            raise ValueError(message)
        return self
