"""Near-duplicates: rows under different keys with equal inputs, as the gate `copies` of `train` counts them."""

from collections.abc import Iterator, Sequence

import ibis.expr.types as ir

from ..core.copies import are_copies
from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.lake import SUBJECT, WEIGHT

ROWS = "_rows"


def count_copies(training: ir.Table, problem: Problem, plan: Plan) -> int:
    """Return how many rows repeat the inputs of another subject's, or 0 if rows are equal by chance.

    Rows of one subject or group may be equal, because a case may come again; rows of weight 0 do not count.
    """
    rows, unit = training.filter(training[WEIGHT] > 0), plan.data.group or SUBJECT
    # numbers first: of them, few columns show that rows are not equal by chance
    names = [column.name for column in sorted(problem.inputs, key=lambda column: not column.is_numeric)]
    total, different = _count(rows), _count(rows.select(*names).distinct())
    if different == total:
        return 0
    known = rows.filter(rows[unit].notnull())
    cases = total - _count(known) + _count(known.select(*dict.fromkeys([*names, unit])).distinct())
    repeated = cases - different
    return repeated if repeated and are_copies(total, _chances(rows, names, total)) else 0


def _count(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def _chances(rows: ir.Table, names: Sequence[str], total: int) -> Iterator[float]:
    """Yield of each column the chance that two rows have the same value."""
    for name in names:
        counted = rows.group_by(name).aggregate(**{ROWS: rows.count()})
        share = counted[ROWS].cast("float64") / total
        yield (share * share).sum().to_pyarrow().as_py()
