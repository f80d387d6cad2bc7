"""Transform: the training table, in which every row knows the fold that holds it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

HEX = "0123456789abcdef"


def with_folds(table: ir.Table, *, key: str, folds: int) -> ir.Table:
    """Add the column `fold`, 0 to `folds` - 1, from a hash of the key.

    A row keeps its fold whatever rows come or go, on every backend and machine.
    """
    digest = table[key].hexdigest("md5")
    digits = [ibis.literal(HEX).find(digest.substr(place, 1)) * 16**place for place in range(4)]
    return table.mutate(fold=(sum(digits[1:], digits[0]) % folds).cast("int64"))
