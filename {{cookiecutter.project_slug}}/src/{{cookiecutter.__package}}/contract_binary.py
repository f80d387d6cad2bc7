"""What the product asks, what a model answers, and how people react.

This is the one Python file that knows the columns of this problem. Request validation, the form on
the page, table checks, model inputs, drift bins and test data all follow from it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .schema import PROTECTED, RISING, Strict

YesNo = Literal["no", "yes"]
Answer = YesNo
KEY = "application_id"


class Features(Strict):
    """A mortgage application, as the underwriters see it."""

    debt_to_income: Annotated[
        float, RISING, Field(ge=0, le=3, examples=[0.33], description="Monthly debt payments over monthly income")
    ]
    housing_to_income: Annotated[
        float, Field(ge=0, le=3, examples=[0.25], description="Monthly housing cost over monthly income")
    ]
    loan_to_value: Annotated[
        float, Field(ge=0, le=2, examples=[0.8], description="Loan over the assessed value of the property")
    ]
    consumer_credit_grade: Annotated[
        int, Field(ge=1, le=6, examples=[1], description="1, no slow payments, to 6, serious delinquency")
    ]
    mortgage_credit_grade: Annotated[
        int, Field(ge=1, le=4, examples=[2], description="1, no late mortgage payments, to 4, very late ones")
    ]
    public_bad_credit_record: Annotated[
        YesNo, Field(description="A bankruptcy, charge-off or collection is on public record")
    ]
    denied_mortgage_insurance: Annotated[YesNo, Field(description="Private mortgage insurance was refused")]
    self_employed: Annotated[YesNo, Field(description="The applicant is self-employed")]
    single: Annotated[YesNo, Field(description="The applicant is not married")]
    industry_unemployment: Annotated[
        float, Field(ge=0, le=30, examples=[3.2], description="Unemployment in the applicant's industry, percent")
    ]
    condominium: Annotated[YesNo, Field(description="The property is a condominium")]
    race: Annotated[
        Literal["white", "black"] | None,
        PROTECTED,
        Field(description="As the applicant stated it; recorded to audit fairness, never used to decide"),
    ] = None


class Label(Strict):
    """What turned out to be right: the answer that models learn to give."""

    declined: Annotated[Answer, Field(description="The underwriters declined the application")]


class Decision(Strict):
    """An answer, as it was given and recorded."""

    id: str
    answer: Answer
    score: Annotated[float, Field(ge=0, le=1, description="Probability of yes")]
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
