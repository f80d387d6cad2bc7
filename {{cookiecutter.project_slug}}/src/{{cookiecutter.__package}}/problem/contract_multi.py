"""What the product asks (Features) and what a model answers (Label).

Only this file and `rules.py` name columns of this problem. Request validation, the form on the page,
table checks, model inputs, drift bins and test data all follow from it, and so do the types of a decision
and of a reaction (`core/answers.py`).
"""

from typing import Annotated, Literal

from pydantic import Field

from ..core.schema import ACTIONABLE, NOMINAL, PROTECTED, Strict

YesNo = Literal["no", "yes"]
Answer = Literal["poor", "average", "excellent"]
KEY = "member_id"


class Features(Strict):
    """A member of the health plan, aged 65 or more, and their year."""

    physician_office_visits: Annotated[
        int, ACTIONABLE, Field(ge=0, le=200, examples=[4], description="Visits to a physician's office in a year")
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
    private_insurance: Annotated[
        YesNo, ACTIONABLE, Field(description="The member has private health insurance besides Medicare")
    ]
    medicaid: Annotated[YesNo, Field(description="Medicaid covers the member")]
    region: Annotated[
        Literal["northeast", "midwest", "west", "other"], NOMINAL, Field(description="Region of the country")
    ]
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
    """What turned out to be true: the answer that models learn to give."""

    self_rated_health: Annotated[Answer, Field(description="How the member rates their own health")]
