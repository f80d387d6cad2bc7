"""Cases drawn from the rows of a table, so that they look like the rows and repeat none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ...core.errors import UserError
from ...core.problem import Problem

WINDOW = 0.01  # share of the ranks by which a number may move
TRIES = 12  # each with a wider window


@dataclass(frozen=True, slots=True)
class Case:
    """What the world has: features as the contract names them, the true answer, and whom the case is about."""

    place: int  # in the simulation, from 0
    features: Mapping[str, Any]
    truth: Any
    subject: str


class CaseSource:
    """Draws cases from rows with an id and a label.

    The numbers that models see are moved to near values that the column has in other rows. So they stay within the
    contract, whole numbers stay whole, and the share of every value stays as it is; all else, with the label, is the
    row's. A case repeats neither a row nor an earlier case: `train` refuses a table with many copies
    (`gates.max_copied_share`). Where a table has no number, copies cannot be avoided.

    Raises UserError: there is no row.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], names: Sequence[str], problem: Problem, seed: int) -> None:
        if not rows:
            raise UserError("the table has no usable row to replay; `data` prints what is wrong with its rows")
        self.rows, self.names, self.problem, self.seed = rows, names, problem, seed
        self.examples = {column.name: column.example for column in problem.columns if column.personal}
        self.inputs = [column.name for column in problem.inputs]
        self.values = {column.name: self.column(column.name) for column in problem.inputs if column.is_numeric}
        self._known = {self._identify(row) for row in rows}

    def column(self, name: str) -> NDArray[Any]:
        """Return the values of a numeric column in order, without missing ones."""
        return np.sort(np.array([row[name] for row in self.rows if row.get(name) is not None]))

    def draw(self, place: int) -> Case:
        """Return the case of a place; the same seed and the same places, in order, give the same cases."""
        rng = np.random.default_rng((self.seed, place))
        chosen = int(rng.integers(len(self.rows)))
        row = self.rows[chosen]
        features = {column.name: row.get(column.name) for column in self.problem.stored} | self.examples
        case = Case(place, features, row[self.problem.target.name], self.names[chosen])
        for attempt in range(TRIES):
            moved = self._move(features, WINDOW * (attempt + 1), rng)
            if self._identify(moved) not in self._known and self._is_accepted(moved):
                self._known.add(self._identify(moved))
                return replace(case, features=moved)
        return case

    def _move(self, features: Mapping[str, Any], window: float, rng: np.random.Generator) -> dict[str, Any]:
        moved = dict(features)
        for name, values in self.values.items():
            if moved[name] is not None:
                first, behind = (int(np.searchsorted(values, moved[name], side=side)) for side in ("left", "right"))
                reach = max(1, round(window * len(values)))
                rank = int(rng.integers(first, behind)) + int(rng.integers(-reach, reach + 1))
                moved[name] = values[_reflect(rank, len(values))].item()
        return moved

    def _identify(self, features: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(features.get(name) for name in self.inputs)

    def _is_accepted(self, features: Mapping[str, Any]) -> bool:
        try:
            self.problem.request.model_validate(dict(features))
        except ValidationError:
            return False
        return True


def _reflect(rank: int, count: int) -> int:
    """Return a rank within 0 to count - 1; one beyond an end is as far inside, so that no end is drawn more often."""
    rank = -rank - 1 if rank < 0 else 2 * count - 1 - rank if rank >= count else rank
    return min(max(rank, 0), count - 1)
