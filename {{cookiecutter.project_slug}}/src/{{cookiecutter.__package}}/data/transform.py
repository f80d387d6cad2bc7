"""Transform: add to each row the fold of cross-validation in which it is held out."""

import ibis
import ibis.expr.types as ir

from ..stores.lake import FOLD
from .collect import KEY

HEX = "0123456789abcdef"


def add_folds(table: ir.Table, folds: int) -> ir.Table:
    """Add the fold of each row, 0 to `folds` - 1, from a hash of its key.

    A row keeps its fold whatever rows come or go, on every backend and machine.
    """
    digest = table[KEY].hexdigest("md5")
    digits = [ibis.literal(HEX).find(digest.substr(position, 1)) * 16**position for position in range(4)]
    return table.mutate(**{FOLD: (sum(digits[1:], digits[0]) % folds).cast("int64")})
