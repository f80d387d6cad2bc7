"""The description of the API: what FastAPI finds, with the problems that any route may answer.

The decision endpoints are declared here for the description alone; `product/decisions.py` answers them.
"""

from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import FastAPI, Header
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from ...core.problem import Problem
from .problems import ProblemDetails

REFERENCE = "#/components/schemas/{model}"
OPEN = {"/healthz": {403}, "/readyz": {403, 503}}  # paths that need no key, and how they may refuse


BASE = "Mean over the cases of the model's background, in `effect_unit`; with all effects, it is the score"
REPEATED = "The request was made before, with this Idempotency-Key: the decision on record"
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[ -~]{1,200}$",
        description="Chosen by the caller for one request: repeated with it, the request gets the recorded decision",
    ),
]


class Reason(BaseModel):
    """What one column did to the score; first, the reason of a rule, which has no column and no effect."""

    column: str
    effect: Annotated[float, Field(description="Shapley value, in `effect_unit`")]
    text: str


class Counterfactual(BaseModel):
    """The smallest change of values that a person could change that turns the answer; no values if there is none."""

    changes: dict[str, Any]
    text: str


class ResponseTypes(NamedTuple):
    """The types of a decision on record, of one with its reasons, of a reaction and of an outcome on record."""

    recorded: Any
    explained: Any
    reacted: Any
    outcome: Any


def response_types(problem: Problem) -> ResponseTypes:
    """Return the types of what is on record."""
    answers, scores = (problem.decision.model_fields[name] for name in ("answer", "score"))
    Answer: Any = Annotated[answers.annotation, Field(), *answers.metadata]  # noqa: N806  # a type
    Score: Any = Annotated[float, Field(), *scores.metadata]  # noqa: N806
    hidden = "null while it waits for a blind review"

    class Recorded(problem.decision):  # type: ignore[name-defined, misc]
        """A decision on record, with its features and its reaction, if there is one."""

        answer: Annotated[Answer | None, Field(description=hidden)]
        score: Annotated[Score | None, Field(description=f"{scores.description}; {hidden}")]
        features: dict[str, Any]
        note: str | None
        verdict: str | None
        reaction_answer: Answer | None
        reacted_at: str | None
        model_seconds: Annotated[float | None, Field(description="Time of the model call")]
        rollout: Annotated[str | None, Field(description="Id of the rollout that was live")]
        step: Annotated[int | None, Field(description="Its step; 0 is the shadow")]
        share: Annotated[float | None, Field(description="The challenger's share in that step")]
        arm: Annotated[str | None, Field(description="champion or challenger, if a rollout was live")]

    class Happened(BaseModel):
        """An outcome in the history of a decision; the last one of its id, or else of its reference, is the current."""

        outcome: Answer
        observed_at: str | None
        recorded_at: str

    class Explained(Recorded):
        """A decision on record, what really happened, the numbers that the model was given, and its reasons."""

        outcome: Answer | None
        outcome_at: str | None
        outcomes: list[Happened]
        encoded: dict[str, float | None]
        reasons: list[Reason]
        base_score: Annotated[float | None, Field(description=BASE)]
        effect_unit: Annotated[str | None, Field(description="Log-odds of an answer, or the name of the number")]
        counterfactual: Annotated[Counterfactual | None, Field(description="null if no column is actionable")]
        unexplained: str | None

    class Reacted(problem.reaction):  # type: ignore[name-defined, misc]
        """A reaction as it was recorded."""

        decision_id: str
        reacted_at: str

    class RecordedOutcome(problem.outcome):  # type: ignore[name-defined, misc]
        """An outcome, whether it was new, and whether there is a decision of that id or reference."""

        recorded: Literal["new", "unchanged", "corrected"]
        known: bool

    return ResponseTypes(Recorded, Explained, Reacted, RecordedOutcome)


def declare_decisions(app: FastAPI, problem: Problem, max_rows: int) -> None:
    """Declare the decision endpoints for the document only; the plain routes of `app.py` come first and answer."""
    Features, Decision = problem.request, problem.decision  # noqa: N806  # types
    several: Any = Field(min_length=1, max_length=max_rows)

    Decisions: Any = Annotated[list[Decision], several]  # type: ignore[valid-type]  # noqa: N806
    repeated: Any = {200: {"model": Decision, "description": REPEATED}, 400: {}}

    @app.post("/v1/decisions", status_code=201, operation_id="decide", responses=repeated)
    def decide(features: Features, idempotency_key: IdempotencyKey = None) -> Decision:  # type: ignore[valid-type]
        """Record the decision, then answer. Do not show the answer of a `blind` decision to its reviewer."""

    repeated = {200: {"model": Decisions, "description": REPEATED}, 400: {}}

    @app.post("/v1/decisions/batch", status_code=201, operation_id="decide_batch", responses=repeated)
    def decide_batch(
        rows: Annotated[list[Features], several],  # type: ignore[valid-type]
        idempotency_key: IdempotencyKey = None,
    ) -> Decisions:
        """Record all decisions, or none, then answer."""


def build_document(app: FastAPI) -> dict[str, Any]:
    """Return FastAPI's description with the API key, and the problems that routes answer with; it is made once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    app.openapi_schema = api = get_openapi(title=app.title, version=app.version, routes=app.routes)
    details = ProblemDetails.model_json_schema(ref_template=REFERENCE)
    schemas = api["components"]["schemas"] | details.pop("$defs") | {"Problem": details}
    for unused in ("HTTPValidationError", "ValidationError"):
        del schemas[unused]
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    api["components"] = {"schemas": schemas, "securitySchemes": {"key": key}}
    api["security"] = [{"key": []}, {}]
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            statuses = OPEN.get(path, {401, 403, 503}) | ({408, 413, 415, 422} if method == "post" else set())
            statuses |= {int(status) for status in operation["responses"] if int(status) >= HTTPStatus.BAD_REQUEST}
            for status in sorted(statuses):
                operation["responses"][str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return api
