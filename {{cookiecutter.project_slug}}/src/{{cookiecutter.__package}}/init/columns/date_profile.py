"""Columns of dates and of times of day."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...core.source import Part, Source
from ..reading.missing import find_words
from ..table import Profile
from .cells import Cells
from .dates import Dates, find_compact_dates, find_dates, take_part
from .number_profile import describe_missing, describe_values

DECADE, ROOM = 10, 5  # years
LAST_YEAR = 9999
WORDS: dict[Part, str] = {"year": "year", "month": "month", "day": "day of the month", "weekday": "day of the week"}
BOUNDS: dict[Part, tuple[float, float]] = {"month": (1, 12), "day": (1, 31), "weekday": (1, 7), "hour": (0, 23)}


def profile_compact_date(empty: Profile, cells: Cells) -> Profile | None:
    """Return a column of dates that are written as one number."""
    dates = find_compact_dates(cells.texts)
    return _profile_dates(empty, cells, dates) if dates else None


def profile_date(empty: Profile, cells: Cells, source: Source) -> Profile | None:
    """Return a column of dates or times of day; None if its texts are not all of one format."""
    missing = find_words(cells.texts.slice(0, 1000).to_pylist())
    kept = cells.without(missing)
    dates = find_dates(kept.texts, day_first=source.decimal == ",")
    if not dates:
        return None
    notes = (*empty.notes, describe_missing(missing, cells)) if missing else empty.notes
    base = replace(empty, source=empty.source.model_copy(update={"missing": tuple(missing)}), notes=notes)
    return _profile_dates(base, kept, dates)


def date_part(profile: Profile, part: Part) -> Profile:
    """Return a part of a column of dates as a column of whole numbers: its year, month, day or weekday."""
    moments = profile.values.cast(pa.int32()).cast(pa.date32()).cast(pa.timestamp("us"))
    base = replace(
        profile,
        field=f"{profile.field}_{part}",
        source=profile.source.model_copy(update={"part": part}),
        description=f"{profile.description}: {WORDS[part]}",
        notes=(),
    )
    return _describe_part(base, take_part(moments, part), part)


def _profile_dates(base: Profile, cells: Cells, dates: Dates) -> Profile:
    part: Part = "hour" if dates.is_time else "days"
    order = "whether the day or the month comes first cannot be told"
    notes = [f"{order}: it is read as {dates.format}"] if dates.is_ambiguous else []
    notes += ["times of day are read as their hour"] if dates.is_time else []
    source = base.source.model_copy(update={"date": dates.format, "part": part})
    base = replace(base, source=source, notes=(*base.notes, *notes))
    values = cells.expand(take_part(dates.moments, part))
    if dates.is_time:
        return _describe_part(base, values, part)
    low, high = _round_to_decades(values)
    return replace(describe_values(base, values, whole=True, note=False), kind="date", low=low, high=high)


def _round_to_decades(values: pa.Array) -> tuple[float, float]:
    """Return the first days of the decades around all dates, with some years of room."""
    ends = pc.min_max(values).as_py()
    years = [np.datetime64(int(ends[side]), "D").astype("datetime64[Y]").astype(int) + 1970 for side in ("min", "max")]
    decades = (years[0] - ROOM) // DECADE * DECADE, -(-(years[1] + ROOM) // DECADE) * DECADE
    first, last = (np.datetime64(f"{min(max(year, 1), LAST_YEAR):04d}-01-01", "D").astype(int) for year in decades)
    return float(first), float(max(last, ends["max"]))


def _describe_part(base: Profile, values: pa.Array, part: Part) -> Profile:
    found = describe_values(base, values, whole=True, note=False)
    low, high = BOUNDS.get(part, (found.low, found.high))
    return replace(found, low=low, high=high)
