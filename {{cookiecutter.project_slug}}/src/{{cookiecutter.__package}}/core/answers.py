"""Decision, reaction and outcome: what follows from the Label of a contract."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator, model_validator

from .identifiers import Identifier
from .schema import Column, Strict

# what `Reaction` checks, in JSON Schema
ACCEPT_HAS_NO_ANSWER: Any = {
    "if": {"properties": {"verdict": {"const": "accept"}}},
    "then": {"properties": {"answer": {"type": "null"}}},
    "else": {"required": ["answer"], "properties": {"answer": {"not": {"type": "null"}}}},
}
# what `Outcome` checks
NULL: Any = {"type": "null"}
ONE_OF_REFERENCE_AND_ID: Any = {
    "oneOf": [
        {"required": [name], "properties": {name: {"not": NULL}, other: NULL}}
        for name, other in (("reference", "id"), ("id", "reference"))
    ]
}
DATE_OR_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?$"


BLIND = "Drawn for a blind review: do not show the answer to a reviewer before they gave their own"


class Decision(Strict):
    """An answer, as it was given and recorded."""

    id: str
    answer: Any
    score: float
    model: Annotated[str, Field(description="Name and version of the model that answered")]
    needs_review: Annotated[bool, Field(description="Too close to call: a person should look")]
    fallback: Annotated[bool, Field(description="The rules answered because the model failed")]
    decided_at: Annotated[str, Field(description="UTC, ISO 8601")]
    blind: Annotated[bool, Field(description=BLIND)]
    reference: Annotated[str | None, Field(description="The caller's id of the case")]
    subject: Annotated[str | None, Field(description="The caller's id of the person or thing")]


class Reaction(Strict):
    """What a person did with a decision. Reactions become labels to learn from."""

    model_config = ConfigDict(json_schema_extra=ACCEPT_HAS_NO_ANSWER)

    verdict: Annotated[
        Literal["accept", "override", "blind"],
        Field(description="Did the person keep the answer? `blind`: they gave their own before they saw it"),
    ]
    answer: Any = None
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", description="Why; no names, please")] = ""

    @model_validator(mode="after")
    def _accept_has_no_answer(self) -> Self:
        if (self.verdict == "accept") != (self.answer is None):
            raise ValueError("override and blind need an answer, and accept has none")
        return self


class Outcome(Strict):
    """What really happened in a case, which one of `reference` and `id` names."""

    model_config = ConfigDict(json_schema_extra=ONE_OF_REFERENCE_AND_ID)

    reference: Annotated[Identifier | None, Field(description="The caller's id of the case")] = None
    id: Annotated[Identifier | None, Field(description="The id of the decision")] = None
    outcome: Any
    observed_at: Annotated[
        str | None, Field(max_length=40, pattern=DATE_OR_TIME, description="ISO 8601; UTC unless it has an offset")
    ] = None

    @field_validator("observed_at")
    @classmethod
    def _normalise_time(cls, given: str | None) -> str | None:
        return None if given is None else normalise_time(given)

    @model_validator(mode="after")
    def _one_names_the_case(self) -> Self:
        if (self.reference is None) == (self.id is None):
            raise ValueError("give a reference or an id, and not both")
        return self


def normalise_time(given: str) -> str:
    """Return a date or time of ISO 8601 as a time in UTC, to the millisecond. Raises ValueError: it is none."""
    try:
        moment = datetime.fromisoformat(given)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a date or time as ISO 8601 writes them") from None
    return moment.isoformat(timespec="milliseconds")


def make_decision(label: type[BaseModel], target: Column) -> type[Decision]:
    """Return the type of a decision whose answer is the label's."""
    score: Any = Annotated[float, Field(description="The answer, not rounded")]
    if target.categories:
        which = target.categories[1] if len(target.categories) == 2 else "the answer"  # noqa: PLR2004
        score = Annotated[float, Field(ge=0, le=1, description=f"Probability of {which}")]
    return create_model("Decision", __base__=Decision, __doc__=Decision.__doc__, answer=_answer(label), score=score)


def make_reaction(label: type[BaseModel]) -> type[Reaction]:
    """Return the type of a reaction whose own answer is the label's."""
    given: Any = Annotated[_answer(label) | None, Field(description="The person's own answer; none to accept")]
    return create_model("Reaction", __base__=Reaction, __doc__=Reaction.__doc__, answer=(given, None))


def make_outcome(label: type[BaseModel]) -> type[Outcome]:
    """Return the type of an outcome, which is one of the label's answers."""
    happened: Any = Annotated[_answer(label), Field(description="What really happened")]
    return create_model("Outcome", __base__=Outcome, __doc__=Outcome.__doc__, outcome=(happened, ...))


def _answer(label: type[BaseModel]) -> Any:
    [field] = label.model_fields.values()
    return Annotated[field.annotation, Field(), *field.metadata]
