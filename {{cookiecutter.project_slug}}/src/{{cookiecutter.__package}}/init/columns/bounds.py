"""Bounds of a column of numbers: with room for what was not seen yet, and as a person would choose them."""

import math
from collections.abc import Callable

from .names import words_of

# by a word in the name: bounds of what it counts, if all values are within
KNOWN = {
    "age": (0, 120),
    "alter": (0, 120),
    "month": (1, 12),
    "hour": (0, 23),
    "hr": (0, 23),
    "minute": (0, 59),
    "weekday": (0, 7),
    "latitude": (-90, 90),
    "lat": (-90, 90),
    "longitude": (-180, 180),
    "lon": (-180, 180),
    "lng": (-180, 180),
    "long": (-180, 180),
    "day": (1, 31),
    "percent": (0, 100),
    "percentage": (0, 100),
    "pct": (0, 100),
}
SHARE, PERCENT = (0, 1), (0, 100)
LEAST_OF_SHARES = 0.2  # a column whose largest value is smaller has shares of nothing
YEARS = (1850, 2100)
ROOM_OF_YEARS = 5
ROOM = 0.5  # of the range, on either side
LEAST_PART = 0.2  # of the range, that a side of zero is taken to have
SMALLEST_PART, TINY = 1e-9, 1e-290  # what bounds with few digits can tell apart
LONGEST_SCALE = 10  # grades, as 1 to 5
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # first digits of a bound


def choose_bounds(
    name: str, low: float, high: float, distinct: int, *, whole: bool, unit: str = ""
) -> tuple[float, float]:
    """Return bounds that hold all values from `low` to `high`, in the column's own unit."""
    known = [SHARE] if not whole and high > LEAST_OF_SHARES else []
    known += [KNOWN[word] for word in sorted(words_of(name)) if word in KNOWN]
    known += [PERCENT] if unit == "%" or high == PERCENT[1] else []
    if found := next((each for each in known if each[0] <= low and high <= each[1]), None):
        return found
    if whole and YEARS[0] <= low and high <= YEARS[1]:
        return math.floor((low - ROOM_OF_YEARS) / 10) * 10, math.ceil((high + ROOM_OF_YEARS) / 10) * 10
    if whole and low == 1 < distinct == high <= LONGEST_SCALE:
        return low, high
    below, above = _make_room(low, high)
    return (math.floor(below), math.ceil(above)) if whole else (below, above)


def _make_room(low: float, high: float) -> tuple[float, float]:
    """Return rounded bounds: values of one sign keep it, unless they are near to zero and far from each other."""
    if high <= 0 and low < 0:
        below, above = _make_room(-high, -low)
        return -above, -below
    width = max(high - low or abs(high) or 1, abs(high) * SMALLEST_PART, TINY)
    if low > ROOM * width:
        return _round(low - ROOM * width, width, math.floor), _round(high + ROOM * width, width, math.ceil)
    above = _round_up(high + ROOM * max(high, LEAST_PART * width))
    return (0 if low >= 0 else -_round_up(-low + ROOM * max(-low, LEAST_PART * width))), above


def _round_up(value: float) -> float:
    """Return the next number above a positive one that has few digits."""
    power = 10.0 ** math.floor(math.log10(max(value, TINY)))
    return _tidy(next(step * power for step in STEPS if step * power >= value * (1 - 1e-9)))


def _round(value: float, width: float, direction: Callable[[float], int]) -> float:
    """Return a bound as a multiple of a power of ten that is small beside the range."""
    unit = 10.0 ** math.floor(math.log10(ROOM * width))
    return _tidy(direction(value / unit) * unit)


def _tidy(value: float) -> float:
    """Return a number without the last digits that calculations leave."""
    return float(f"{value:.12g}")
