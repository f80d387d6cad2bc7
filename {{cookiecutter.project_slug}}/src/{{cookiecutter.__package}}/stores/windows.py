"""Windows: the statistics and results of every run of the monitor, kept so that slow drift can be seen."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from .ledger import Ledger, now


def record_window(ledger: Ledger, window: Mapping[str, Any]) -> None:
    """Record a window: first_decision, last_decision, rows, statistics and results."""
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(ledger.tables.windows), {"at": now(), **window})


def read_windows(ledger: Ledger, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the latest windows, oldest first."""
    windows = ledger.tables.windows
    query = sa.select(windows).order_by(windows.c.id.desc()).limit(limit)
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()][::-1]
