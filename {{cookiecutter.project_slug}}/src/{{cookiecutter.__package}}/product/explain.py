"""Why a model answered as it did: what it saw of a row, and which columns moved the answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import contract
from ..schema import columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..objective import Objective

SEEN = [column for column in columns(contract.Features) if column.seen_by_models]
MOST = 5


def explain(model: Any, objective: Objective, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return the encoded row of one decision, and its reasons."""
    return {"encoded": encoded(model, features), "reasons": reasons(model, objective, features)}


def encoded(model: Any, features: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the numbers that a learned model was shown, None for what is missing; rules are shown no numbers."""
    encoder: Any = model[0] if hasattr(model, "steps") else None
    if not hasattr(encoder, "columns"):
        return {}
    names = [name for name, _ in encoder.columns]
    [row] = encoder.transform({name: [features.get(name)] for name in names}).tolist()
    return {name: None if math.isnan(value) else value for name, value in zip(names, row, strict=True)}


def reasons(model: Any, objective: Objective, features: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns that moved the answer most, each with its effect and a text.

    Notes
    -----
    The effect is the score less the score with the contract's example in the place of the value; of
    several answers, it is that of the one which was given. One column at a time: columns that only
    act together do not show. Rules say themselves why they answered.
    """
    unusual = [column for column in SEEN if column.example not in (None, features.get(column.name))]
    rows = [features, *({**features, column.name: column.example} for column in unusual)]
    inputs = {column.name: [row.get(column.name) for row in rows] for column in SEEN}
    scores = objective.alike(objective.raw(model, inputs))
    effects = (scores[0] - scores[1:]).tolist()
    moved = [
        {"column": column.name, "effect": effect, "text": f"{column.description}: {features.get(column.name)}"}
        for column, effect in sorted(zip(unusual, effects, strict=True), key=lambda pair: -abs(pair[1]))
        if effect
    ]
    if hasattr(model, "reasons"):
        first = moved[0] if moved else {"column": "", "effect": 0.0}
        return [{**first, "text": model.reasons(inputs)[0]}]
    return moved[:MOST]
