"""The problem as a value: everything that is about this product and nothing else.

It is put together once, in `cli/composition.py`, and passed down; no other module imports `problem/`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from .answers import Decision, Outcome, Reaction, make_decision, make_outcome, make_reaction
from .checks import request_model
from .choice import ChoiceObjective
from .errors import UserError, error_message
from .identifiers import identifier_fields
from .join import AnyJoin, join_faults
from .objective import Objective, make_objective
from .plan import Plan
from .rules import RuleModel, rule_errors
from .schema import Column, columns, fingerprint
from .search_space import Chosen, Space
from .source import PLAIN, Source, source_faults


@dataclass(frozen=True)
class Problem:
    """Contract, rules, candidates and objective, with what is derived from them once."""

    key: str  # name of the column that identifies a row
    features: type[BaseModel]
    label: type[BaseModel]
    rules: RuleModel
    candidates: Callable[[], dict[str, Any]]  # returns unfitted scikit-learn pipelines by name
    objective: Objective
    columns: tuple[Column, ...]
    target: Column
    request: type[BaseModel]
    decision: type[Decision]
    reaction: type[Reaction]
    outcome: type[Outcome]
    fingerprint: str  # changes whenever the features or the label do
    source: Source = PLAIN  # how its tables are read
    joins: tuple[tuple[Path | str, AnyJoin], ...] = ()  # tables from which further columns come, each with its place
    spaces: Callable[[], Mapping[str, Space]] = dict  # returns what `search` tries, by candidate
    chosen: Mapping[str, Chosen] = field(default_factory=dict)  # what it has chosen, which candidates() has

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that models may see."""
        return tuple(column for column in self.columns if column.is_input)

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that are recorded: all but the personal ones."""
        return tuple(column for column in self.columns if not column.personal)

    @property
    def joined(self) -> frozenset[str]:
        """The names of the columns that come from other tables."""
        return frozenset(name for _, join in self.joins for name in join.names)


def make_problem(
    key: str,
    features: type[BaseModel],
    label: type[BaseModel],
    rules: Sequence[Any],
    otherwise: Any,
    candidates: Callable[[Sequence[Column], Plan], dict[str, Any]],
    plan: Plan,
) -> Problem:
    """Check the owner's files against each other and return the problem.

    Raises UserError: a field has an unknown type, a taken name or an example that does not fit, a rule cannot be used,
    or costs do not fit the label.
    """
    if (given := len(label.model_fields)) != 1:
        raise UserError(f"contract.py: Label has {given} fields; it needs exactly one, the answer to learn")
    asked, [target] = columns(features), columns(label)
    names = [key, *(column.name for column in (*asked, target))]
    if shared := [name for name in names if [other.lower() for other in names].count(name.lower()) > 1]:
        raise UserError(f"contract.py: KEY, Features and Label share the name {shared[-1]}; rename one")
    request = request_model(features, asked, identifier_fields(asked))
    _check_examples(request, asked)
    objective = make_objective(target, plan)
    if faults := rule_errors(rules, otherwise, [column for column in asked if column.is_input], target):
        raise UserError(f"rules.py: {'; '.join(faults)}")
    if isinstance(objective, ChoiceObjective):  # candidates read costs in one form and order, whichever the plan has
        plan = plan.model_copy(update={"costs": plan.costs.in_order(target.categories)})
    return Problem(
        key=key,
        features=features,
        label=label,
        rules=RuleModel([tuple(rule) for rule in rules], otherwise),
        candidates=partial(candidates, asked, plan),
        objective=objective,
        columns=asked,
        target=target,
        request=request,
        decision=make_decision(label, target),
        reaction=make_reaction(label),
        outcome=make_outcome(label),
        fingerprint=fingerprint(features, label),
    )


def _check_examples(request: type[BaseModel], asked: Sequence[Column]) -> None:
    """Check that the example of every field is a value of the field: the page, tests and reasons start from it."""
    try:
        request.model_validate({column.name: column.example for column in asked})
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if fault["loc"]:  # the others are of validators of the whole model, which other examples may please
                message = f"{fault['loc'][0]} has the example {fault['input']!r}: {error_message(fault)}"
                raise UserError(f"contract.py: {message}; give it examples=[...] within its limits") from None


def with_source(problem: Problem, source: Source, joins: Sequence[tuple[Path | str, AnyJoin]] = ()) -> Problem:
    """Return a problem whose tables are read as a source declares, and joined with others.

    Raises UserError: source or joins name a column or a category that the contract does not have.
    """
    faults = source_faults(source, [*problem.columns, problem.target])
    faults += join_faults([join for _, join in joins], problem.stored)
    if joins and not source.time and any(join.source.time for _, join in joins):
        faults.append("JOINS: give `time` of SOURCE, the column that says when a row was decided on")
    if faults:
        raise UserError(f"sources.py: {'; '.join(faults)}")
    return replace(problem, source=source, joins=tuple(joins))


def rules_tags(problem: Problem) -> dict[str, str]:
    """Return the tags by which a stored version of the rules is recognised as the one in the code."""
    return {"rules": problem.rules.digest, "contract": problem.fingerprint}
