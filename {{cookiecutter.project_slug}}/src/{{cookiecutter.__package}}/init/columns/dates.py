"""Dates in texts: the one format that all of them have, and the numbers that a model can use of them."""

import contextlib
import re
from datetime import datetime
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...core.source import Part

DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
NAMED = ("%d-%b-%Y", "%d %b %Y", "%d/%b/%Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%Y-%b-%d", "%b %Y", "%b-%Y")
NUMBERS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%Y-%m", "%m/%Y")
CERTAIN = (*NUMBERS, *NAMED, *(form.replace("%b", "%B") for form in NAMED))
COMPACT, CLOCKS = "%Y%m%d", ("%H:%M", "%H:%M:%S", "%I:%M %p")
ISO = "%Y-%m-%d %H:%M:%S"  # stands for every spelling of ISO 8601 that has a day
LIKE_A_DATE = re.compile(r"(?=(?:.*[0-9]){3})[A-Za-z0-9,./: +-]{4,35}")
LIKE_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9].*)?$"
LIKE_COMPACT = r"^(?:19|20)[0-9]{6}$"
LEAST_COMPACT = 3  # so many different numbers of eight digits are dates, if all of them can be
TIME = re.compile(r"([T ])[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)?( [AaPp][Mm])?(Z|[+-][0-9]{2}:?[0-9]{2})?$")
ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
SAMPLE = 20  # texts that formats are tried on first


class Dates(NamedTuple):
    """Texts as dates of one format."""

    format: str  # as `datetime.strptime` reads it
    moments: pa.Array  # timestamps in microseconds, of the place where they were written; null: no date
    is_ambiguous: bool = False  # day and month may have changed places

    @property
    def is_time(self) -> bool:
        """True for times of day without a date."""
        return self.format in CLOCKS


def find_dates(texts: pa.Array, *, day_first: bool) -> Dates | None:
    """Return texts as dates if all of them have one format; if two are possible, the one with the day first or not."""
    sample = texts.slice(0, SAMPLE).to_pylist()
    if not sample or not all(map(LIKE_A_DATE.fullmatch, sample)):
        return None
    time = _time_format(sample[0])
    usual, unusual = (DAY_FIRST, MONTH_FIRST) if day_first else (MONTH_FIRST, DAY_FIRST)
    formats = [form + time for form in (*CERTAIN, *usual, *unusual)]
    found = [dates for form in (*formats, *CLOCKS) if (dates := _read_all(texts, sample, form))]
    if not found and pc.all(pc.match_substring_regex(texts, LIKE_ISO)).as_py():
        moments = _parse(texts, "ISO8601")
        found = [] if moments.null_count else [Dates(ISO, moments)]
    swapped = [dates for dates in found if dates.format[: -len(time) or None] in (*usual, *unusual)]
    return found[0]._replace(is_ambiguous=len(swapped) > 1) if found else None


def find_compact_dates(texts: pa.Array) -> Dates | None:
    """Return numbers of eight digits as dates, if all of them can be: 20240131."""
    if len(texts) < LEAST_COMPACT or not pc.all(pc.match_substring_regex(texts, LIKE_COMPACT)).as_py():
        return None
    return _read_all(texts, texts.slice(0, SAMPLE).to_pylist(), COMPACT)


def take_part(moments: pa.Array, part: Part) -> pa.Array:
    """Return a part of each timestamp as a float; days are those since 1970-01-01, and weekday 1 is Monday."""
    parts = {"year": pc.year, "month": pc.month, "day": pc.day, "hour": pc.hour}
    if part == "days":
        return pc.cast(pc.cast(pc.floor_temporal(moments, unit="day").cast(pa.date32()), pa.int32()), pa.float64())
    found = pc.day_of_week(moments, count_from_zero=False) if part == "weekday" else parts[part](moments)
    return found.cast(pa.float64())


def _time_format(text: str) -> str:
    """Return the format of the time that follows a date; empty if none does."""
    if not (found := TIME.search(text)):
        return ""
    gap, seconds, fraction, half, zone = found.groups()
    words = ("%I:%M" if half else "%H:%M", seconds and ":%S", fraction and ".%f", half and " %p", zone and "%z")
    return gap + "".join(filter(None, words))


def _read_all(texts: pa.Array, sample: list[str], form: str) -> Dates | None:
    for text in sample:
        with contextlib.suppress(ValueError):
            datetime.strptime(text, form)  # noqa: DTZ007  # only whether it fits
            continue
        return None
    plain = pc.replace_substring_regex(texts, ZONE, "") if form.endswith("%z") else texts
    moments = _parse(plain, form.removesuffix("%z"))
    return None if moments.null_count else Dates(form, moments)


def _parse(texts: pa.Array, form: str) -> pa.Array:
    """Return timestamps of texts, null where one does not have the format."""
    moments = pd.to_datetime(texts.to_pandas(), format=form, errors="coerce")
    return pa.array(moments.to_numpy().astype("datetime64[us]"), pa.timestamp("us"))
