"""Reference: what candidates are compared with, as it is deployed and as its recipe would do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ..core.errors import UserError, in_one_line
from ..core.objective import Evaluation, evaluate
from ..core.problem import Problem
from ..core.rules import RuleModel
from ..stores.models import StoredModel
from ..stores.registry import Registry
from .evaluate import Rows, cross_evaluate, evaluate_stored


@dataclass(frozen=True, slots=True)
class Reference:
    """The champion, or the rules in its place, on n rows."""

    label: str  # with its role, in words
    recipe: Evaluation  # its recipe, fitted without each row's fold
    deployed: Evaluation  # the model as it is stored
    is_new: NDArray[np.bool_]  # rows that the stored model was not trained on
    digest: str  # of the recipe; empty for rules, which learn nothing
    tags: Mapping[str, str]

    def answering(self, problem: Problem) -> Evaluation:
        """Return what it answers to rows it was not trained on: as stored to new rows, by its recipe to the others."""
        found = []
        for recipe in self.recipe.assignments:
            is_new = self.is_new.reshape(-1, *[1] * (recipe.predictions.ndim - 1))
            predictions = np.where(is_new, self.deployed.predictions, recipe.predictions)
            found.append(evaluate(problem.objective, recipe.truth, predictions))
        return replace(found[0], repeats=tuple(found[1:]))


def evaluate_reference(
    rows: Rows, registry: Registry, problem: Problem, on_fold: Callable[[str], Callable[[int, int], None]]
) -> Reference:
    """Return what candidates are compared with; the rules stand in for a champion that cannot be judged."""
    stored, role = load_reference(registry, problem)
    try:
        with in_one_line(f"{stored.label} cannot be judged", "promote another"):
            return _evaluate(stored, role, rows, registry, problem, on_fold(stored.label))
    except UserError as error:
        stored, role = registry.load("fallback"), f"in place of the champion: {error}"
        return _evaluate(stored, role, rows, registry, problem, on_fold(stored.label))


def load_reference(registry: Registry, problem: Problem) -> tuple[StoredModel, str]:
    """Return what candidates are compared with, and what it is: the champion, or the rules in its place.

    A champion that does not load, or was made for another contract, answers no request: the rules do.
    """
    try:
        champion = registry.load("champion")
    except UserError as error:
        reason = str(error)
    else:
        if champion.tags.get("contract") == problem.fingerprint:
            return champion, "champion"
        reason = f"{champion.label} was made for another contract"
    return registry.load("fallback"), f"in place of the champion: {reason}"


def recipe_digest(model: Any) -> str:
    """Return a digest of the parameters of a model, whatever it was fitted to."""
    return str(joblib.hash(clone(model)))


def _evaluate(
    stored: StoredModel,
    role: str,
    rows: Rows,
    registry: Registry,
    problem: Problem,
    on_fold: Callable[[int, int], None],
) -> Reference:
    recipe = cross_evaluate(stored.model, rows, problem, on_fold)
    if isinstance(stored.model, RuleModel):
        is_new, digest = np.ones(len(rows.truth), dtype=bool), ""
    else:
        keys, digest = registry.keys(stored.version), stored.tags.get("recipe") or recipe_digest(stored.model)
        # of a version that has no keys, made by an older template: it may have seen the decisions, which favours it
        is_new = rows.times > 0 if keys is None or rows.keys is None else ~np.isin(rows.keys, keys)
    return Reference(
        label=f"{stored.label} ({role})",
        recipe=recipe,
        deployed=evaluate_stored(stored.model, rows, problem),
        is_new=is_new,
        digest=digest,
        tags=stored.tags,
    )
