"""What the product asks (Features) and what a model answers (Label).

Only this file and `rules.py` name columns of this problem. Request validation, the form on the page,
table checks, model inputs, drift bins and test data all follow from it, and so do the types of a decision
and of a reaction (`core/answers.py`).
"""

from typing import Annotated, Literal

from pydantic import Field

from ..core.schema import ACTIONABLE_DOWN, PROTECTED, RISING, Strict

YesNo = Literal["no", "yes"]
Answer = YesNo
KEY = "application_id"


class Features(Strict):
    """A mortgage application, as the underwriters see it."""

    debt_to_income: Annotated[
        float,
        RISING,
        ACTIONABLE_DOWN,
        Field(ge=0, le=3, examples=[0.33], description="Monthly debt payments over monthly income"),
    ]
    housing_to_income: Annotated[
        float,
        ACTIONABLE_DOWN,
        Field(ge=0, le=3, examples=[0.25], description="Monthly housing cost over monthly income"),
    ]
    loan_to_value: Annotated[
        float,
        ACTIONABLE_DOWN,
        Field(ge=0, le=2, examples=[0.8], description="Loan over the assessed value of the property"),
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
    """What turned out to be true: the answer that models learn to give."""

    declined: Annotated[Answer, Field(description="The underwriters declined the application")]
