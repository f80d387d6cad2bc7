"""Decision and reaction: what follows from the Label of a contract."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from .schema import Column, Strict

# what `Reaction` checks, in JSON Schema
ANSWER_GOES_WITH_OVERRIDE: Any = {
    "if": {"properties": {"verdict": {"const": "override"}}},
    "then": {"required": ["answer"], "properties": {"answer": {"not": {"type": "null"}}}},
    "else": {"properties": {"answer": {"type": "null"}}},
}


class Decision(Strict):
    """An answer, as it was given and recorded."""

    id: str
    answer: Any
    score: float
    model: Annotated[str, Field(description="Name and version of the model that answered")]
    needs_review: Annotated[bool, Field(description="Too close to call: a person should look")]
    fallback: Annotated[bool, Field(description="The rules answered because the model failed")]
    decided_at: Annotated[str, Field(description="UTC, ISO 8601")]


class Reaction(Strict):
    """What a person did with a decision. Reactions become labels to learn from."""

    model_config = ConfigDict(json_schema_extra=ANSWER_GOES_WITH_OVERRIDE)

    verdict: Annotated[Literal["accept", "override"], Field(description="Did the person keep the answer?")]
    answer: Any = None
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", description="Why; no names, please")] = ""

    @model_validator(mode="after")
    def _answer_goes_with_override(self) -> Self:
        if (self.verdict == "override") != (self.answer is not None):
            raise ValueError("an override needs an answer, and only an override has one")
        return self


def make_decision(label: type[BaseModel], target: Column) -> type[Decision]:
    """Return the type of a decision whose answer is the label's."""
    score: Any = Annotated[float, Field(description="The answer, not rounded")]
    if target.categories:
        which = target.categories[1] if len(target.categories) == 2 else "the answer"  # noqa: PLR2004
        score = Annotated[float, Field(ge=0, le=1, description=f"Probability of {which}")]
    return create_model("Decision", __base__=Decision, __doc__=Decision.__doc__, answer=_answer(label), score=score)


def make_reaction(label: type[BaseModel]) -> type[Reaction]:
    """Return the type of a reaction whose own answer, when overriding, is the label's."""
    given: Any = Annotated[_answer(label) | None, Field(description="The person's own answer, when overriding")]
    return create_model("Reaction", __base__=Reaction, __doc__=Reaction.__doc__, answer=(given, None))


def _answer(label: type[BaseModel]) -> Any:
    [field] = label.model_fields.values()
    return Annotated[field.annotation, Field(), *field.metadata]
