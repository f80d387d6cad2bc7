"""Moments: dates and times of tables as whole numbers, which every engine compares and subtracts in the same way."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TIMES = "a date or time as ISO 8601 writes them"
DAY = 86_400_000_000  # microseconds


def read_moments(cells: pa.Array) -> pa.Array:
    """Return dates and times in microseconds since 1970 in UTC, of 64 bits; null where there is none.

    Texts are those of ISO 8601. A time without an offset is one in UTC, and a date is its first moment.
    """
    if pa.types.is_date(cells.type):
        cells = cells.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(cells.type):
        return cells.cast(pa.timestamp("us", cells.type.tz), safe=False).cast(pa.int64())
    coded = cells.cast(pa.string()).dictionary_encode()  # many rows have the same date
    return pa.array(map(_read, coded.dictionary.to_pylist()), pa.int64()).take(coded.indices)


def _read(text: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
