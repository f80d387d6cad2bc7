"""Search spaces: which parameters of a candidate `search` tries, and those that it has chosen.

`SPACES` in `candidates.py` names them as scikit-learn does; what was chosen is in `problem/parameters.json`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from sklearn.base import clone

from .errors import UserError, describe_error
from .schema import Strict

NEXT_STEP = "correct it, or delete the file and run `search`"


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; by their logarithm, or whole ones alone."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


Space = Mapping[str, Range | Sequence[Any]]  # by the name of the parameter: a range, or the values there are


class Chosen(Strict):
    """What a search has chosen for a candidate, and where it is on record."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    parameters: dict[str, Any]
    cost: float  # of a decision, on the rows that the search used
    trials: int
    run: str  # of the registry
    space: str  # its digest


def log(low: float, high: float) -> Range:
    """Return numbers between two positive ones, tried by their logarithm."""
    return Range(low, high, log=True)


def whole(low: int, high: int) -> Range:
    """Return whole numbers."""
    return Range(low, high, whole=True)


def digest_space(space: Space) -> str:
    """Return 16 hex digits that change whenever a space does."""
    shown = {name: asdict(values) if isinstance(values, Range) else list(values) for name, values in space.items()}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=repr).encode()).hexdigest()[:16]


def check_spaces(spaces: Mapping[str, Space], candidates: Mapping[str, Any]) -> None:
    """Check spaces against the candidates. Raises UserError: a name is unknown, or a range or a list is empty."""
    faults = [f"{name} is no candidate; there are {', '.join(candidates)}" for name in spaces if name not in candidates]
    for name, space in spaces.items():
        known = candidates[name].get_params() if name in candidates else space
        faults += [f"{name} has no parameter {parameter}" for parameter in space if parameter not in known]
        for parameter, values in space.items():
            if isinstance(values, Range):
                is_empty = not values.low < values.high or (values.log and values.low <= 0)
            else:
                is_empty = isinstance(values, str) or not len(values)
            faults += [f"{name}: {parameter} has no values: {values!r}"] if is_empty else []
    if faults:
        raise UserError(f"candidates.py: SPACES: {'; '.join(faults)}")


def read_chosen(path: Path) -> dict[str, Chosen]:
    """Return what searches have chosen, by candidate; nothing without the file. Raises UserError: it is damaged."""
    if not path.exists():
        return {}
    try:
        found = TypeAdapter(dict[str, Chosen]).validate_json(path.read_bytes())
    except ValidationError as error:
        reason = "; ".join(describe_error(fault | {"type": ""}, Chosen) for fault in error.errors())
        raise UserError(f"{path.name}: {reason}; {NEXT_STEP}") from None
    return found


def apply_chosen(candidates: Mapping[str, Any], chosen: Mapping[str, Chosen]) -> dict[str, Any]:
    """Return the candidates with the parameters that were chosen. Raises UserError: one has no such parameter."""
    found = dict(candidates)
    for name, one in chosen.items():
        if name in found:  # a candidate may be gone
            try:
                found[name] = clone(found[name]).set_params(**one.parameters)
            except ValueError as error:
                raise UserError(f"parameters.json: {name}: {str(error).splitlines()[0]}; {NEXT_STEP}") from None
    return found
