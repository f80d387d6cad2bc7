"""What the product asks, what a model answers, and how people react.

This is the one Python file that knows the columns of this problem. Request validation, the form on
the page, table checks, model inputs, drift bins and test data all follow from it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .schema import PROTECTED, Strict

YesNo = Literal["no", "yes"]
Answer = Literal["poor", "average", "excellent"]
KEY = "member_id"


class Features(Strict):
    """A member of the health plan, aged 65 or more, and their year."""

    physician_office_visits: Annotated[
        int, Field(ge=0, le=200, examples=[4], description="Visits to a physician's office in a year")
    ]
    nonphysician_office_visits: Annotated[
        int, Field(ge=0, le=200, examples=[0], description="Visits to another health worker's office in a year")
    ]
    physician_outpatient_visits: Annotated[
        int,
        Field(ge=0, le=200, examples=[0], description="Visits to a physician in an outpatient ward in a year"),
    ]
    nonphysician_outpatient_visits: Annotated[
        int,
        Field(ge=0, le=200, examples=[0], description="Visits to other outpatient health workers in a year"),
    ]
    emergency_visits: Annotated[
        int, Field(ge=0, le=50, examples=[0], description="Visits to an emergency room in a year")
    ]
    hospital_stays: Annotated[int, Field(ge=0, le=50, examples=[0], description="Stays in a hospital in a year")]
    chronic_conditions: Annotated[
        int,
        Field(
            ge=0,
            le=20,
            examples=[1],
            description="Chronic conditions, such as diabetes or arthritis",
        ),
    ]
    limited_daily_activities: Annotated[YesNo, Field(description="A condition limits the activities of daily life")]
    age: Annotated[int, Field(ge=65, le=120, examples=[73], description="Age, years")]
    married: Annotated[YesNo, Field(description="The member is married")]
    years_of_schooling: Annotated[int, Field(ge=0, le=30, examples=[11], description="Years of schooling")]
    family_income: Annotated[
        int,
        Field(
            ge=-100000,
            le=1000000,
            examples=[17000],
            description="Family income in a year, US dollars",
        ),
    ]
    employed: Annotated[YesNo, Field(description="The member is employed")]
    private_insurance: Annotated[YesNo, Field(description="The member has private health insurance besides Medicare")]
    medicaid: Annotated[YesNo, Field(description="Medicaid covers the member")]
    region: Annotated[Literal["northeast", "midwest", "west", "other"], Field(description="Region of the country")]
    race: Annotated[
        Literal["other", "black"] | None,
        PROTECTED,
        Field(description="As the member stated it; recorded to audit fairness, never used to answer"),
    ] = None
    sex: Annotated[
        Literal["female", "male"] | None,
        PROTECTED,
        Field(description="As the member stated it; recorded to audit fairness, never used to answer"),
    ] = None


class Label(Strict):
    """What turned out to be right: the answer that models learn to give."""

    self_rated_health: Annotated[Answer, Field(description="How the member rates their own health")]


class Decision(Strict):
    """An answer, as it was given and recorded."""

    id: str
    answer: Answer
    score: Annotated[float, Field(ge=0, le=1, description="Probability of the answer")]
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
