"""The endpoints of what is on record: decisions, reactions of people, and what really happened."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query
from pydantic import Discriminator, Field, Tag
from starlette.responses import Response

from ..core.checks import WITHOUT_NUL
from ..core.identifiers import MAX_IDENTIFIER
from ..core.problem import Problem
from ..stores.ledger import Ledger, ReactionConflictError, UnknownDecisionError
from ..stores.outcomes import MAX_OUTCOMES, UNCHANGED, read_history, record_outcomes
from .explain import UNEXPLAINED
from .http.openapi import response_types
from .predictor import Predictor

Limit = Annotated[int, Query(ge=1, le=200)]
Reference = Annotated[str | None, Query(min_length=1, max_length=MAX_IDENTIFIER, pattern=WITHOUT_NUL)]
WAITS: dict[str, Any] = {
    "outcome": None,
    "outcome_at": None,
    "outcomes": [],
    **UNEXPLAINED,
    "unexplained": "it waits for a blind review: give your own answer first",
}


def add_records(app: FastAPI, problem: Problem, predictor: Predictor, ledger: Ledger, metrics: Any) -> None:
    """Add the endpoints that read decisions, and those that take reactions and outcomes."""
    types = response_types(problem)
    Reaction = problem.reaction  # noqa: N806  # a type

    @app.get("/v1/decisions", response_model=None, responses={200: {"model": list[types.recorded]}})  # type: ignore[name-defined]
    def recent(limit: Limit = 20, *, to_review: bool = False, reference: Reference = None) -> list[dict[str, Any]]:
        """Return the latest decisions, newest first; `to_review`: those that wait for a reaction."""
        found = ledger.recent(limit, to_review=to_review, reference=reference)
        return [_hide(decision) if _waits_for_blind_review(decision) else decision for decision in found]

    @app.get("/v1/decisions/{decision_id}", response_model=None, responses={200: {"model": types.explained}, 404: {}})
    def one(decision_id: str) -> dict[str, Any]:
        """Return a decision with its features, the inputs of the model, the reasons, reaction and outcomes.

        While it waits for a blind review, it has neither answer nor score, reasons and outcomes.
        """
        decision = ledger.get(decision_id)
        if decision is None:
            raise HTTPException(404, f"there is no decision {decision_id!r}")
        if _waits_for_blind_review(decision):
            return _hide(decision) | WAITS
        return {**decision, "outcomes": read_history(ledger, decision), **predictor.explain(decision)}

    responses: Any = {201: {"model": types.reacted}, 400: {}, 404: {}, 409: {}}

    @app.post("/v1/decisions/{decision_id}/reaction", status_code=201, response_model=None, responses=responses)
    def react(decision_id: str, reaction: Reaction) -> dict[str, Any]:  # type: ignore[valid-type]
        """Record what a person did with a decision. Idempotent: the same reaction twice is one reaction."""
        given: dict[str, Any] = reaction.model_dump()  # type: ignore[attr-defined]
        try:
            row, is_new = ledger.react(decision_id, given)
        except UnknownDecisionError as error:
            raise HTTPException(404, str(error)) from None
        except ReactionConflictError as error:
            raise HTTPException(409, str(error)) from None
        if is_new:
            metrics.count_reaction(given["verdict"])
        return row

    _add_outcomes(app, problem, types.outcome, ledger, metrics)


def _add_outcomes(app: FastAPI, problem: Problem, added: Any, ledger: Ledger, metrics: Any) -> None:
    one: Any = Annotated[problem.outcome, Tag("object")]
    several: Any = Annotated[list[problem.outcome], Field(min_length=1, max_length=MAX_OUTCOMES), Tag("list")]  # type: ignore[name-defined]
    Given = Annotated[one | several, Discriminator(lambda given: "list" if isinstance(given, list) else "object")]  # noqa: N806
    model: Any = added | Annotated[list[added], Field(min_length=1, max_length=MAX_OUTCOMES)]
    responses: Any = {200: {"model": model}, 201: {"model": model}, 400: {}, 404: {}}

    @app.post("/v1/outcomes", response_model=None, responses=responses)
    def record(given: Given, response: Response) -> Any:
        """Record what really happened, in one case or in several: all of them, or none. Idempotent.

        The answer is 201 if anything was new or a correction. An outcome of a reference that no decision has
        counts as soon as there is one.
        """
        outcomes = [each.model_dump() for each in (given if isinstance(given, list) else [given])]
        try:
            found = record_outcomes(ledger, outcomes)
        except UnknownDecisionError as error:
            raise HTTPException(404, str(error)) from None
        metrics.count_outcomes(each["recorded"] for each in found)
        response.status_code = 200 if all(each["recorded"] == UNCHANGED for each in found) else 201
        answers = [outcome | each for outcome, each in zip(outcomes, found, strict=True)]
        return answers if isinstance(given, list) else answers[0]


def _waits_for_blind_review(decision: Mapping[str, Any]) -> bool:
    return decision["blind"] and decision["verdict"] is None


def _hide(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {**decision, "answer": None, "score": None}
