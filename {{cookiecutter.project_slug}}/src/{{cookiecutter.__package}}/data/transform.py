"""Transform: add to each row its weight, and the fold of cross-validation in which it is held out."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from ..core.errors import UserError
from ..stores.engines import hex_digit, md5
from ..stores.lake import FOLD, KEY, ORIGIN, SUBJECT, WEIGHT


def add_weights(table: ir.Table, weights: Mapping[str, float]) -> ir.Table:
    """Add the weight of each row, given by its origin; rows of weight 0 stay, and models do not learn from them."""
    return table.mutate(**{WEIGHT: ibis.cases(*((table[ORIGIN] == name, weights[name]) for name in weights))})


def add_folds(table: ir.Table, folds: int, *, group: str = "", time: str = "") -> ir.Table:
    """Add the fold of each row, 0 to `folds` - 1.

    It follows from a hash of the row's key: a row keeps its fold whatever rows come or go, on every backend and
    machine. Where the source declares a subject, the hash is that of the subject, and given a `group`, that of this
    column, so that rows of one subject or group share a fold; rows without one have a fold of their own. Given a
    `time`, folds are consecutive blocks of the rows in the order of this column.

    Raises UserError: the table does not have the column.
    """
    for name, option in ((group, "group"), (time, "time")):
        if name and name not in table.columns:
            raise UserError(f"plan.toml: data.{option}: {name} is not a column of contract.py that is kept; remove it")
    if time:
        return table.mutate(**{FOLD: ibis.ntile(folds).over(order_by=[table[time], table[KEY]])})
    hashed = ibis.coalesce(table[group or SUBJECT].cast("string"), table[KEY])
    digest = md5(hashed)
    digits = [hex_digit(digest, position) * 16**position for position in range(4)]
    return table.mutate(**{FOLD: (sum(digits[1:], digits[0]) % folds).cast("int64")})
