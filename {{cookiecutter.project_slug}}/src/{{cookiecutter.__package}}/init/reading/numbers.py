"""Numbers in texts: their decimal sign, the sign between thousands, and units."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ...stores.convert import put_signs_first

CURRENCIES = (
    r"[$€£¥￥₹₩₽₺₫฿₴₦₱₪]|(?:US|R|A|C|CA|AU|NZ|HK|S|MX|NT)\$|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|BRL|MXN|SEK|NOK|DKK"
    r"|PLN|CZK|HUF|RUB|TRY|KRW|ZAR|SGD|HKD|Rs\.?|Fr\.|kr\.?|zł|Kč|Ft|円|元"
)
UNITS = (
    rf"{CURRENCIES}|%|‰|°C|°F|°|(?:[kcm]?m|in|ft|yd|mi)[²³23]?|miles?|[kmµ]?g|lbs?|oz|[mc]?l|k?cal|[kMG]?W|kWh|[kMG]?Hz"
    r"|[KMGT]i?B|cc|CC|hp|HP|bhp|PS|kmpl|km/h|kmh|mph|m/s|mm/h|hPa|bar|mmHg|mg/dl|mg/dL|mmol/l|mmol/L|bpm"
    r"|s|sec|min|mins|minutes|h|hrs?|hours?|days?|weeks?|months?|mos?|yrs?|years?|pts?"
)
COMMA_OR_POINT: tuple[Literal[".", ","], ...] = (",", ".")
LOOKED_AT = 2000  # different cells of a column
MOST_NUMERIC = 0.9  # of the cells of a column of numbers, at least so many are numbers
HAS_DIGIT = re.compile("[0-9]")


class NumberFormat(NamedTuple):
    """How numbers are written: the decimal sign, and the sign between groups of three digits."""

    decimal: Literal[".", ","] = "."
    thousands: str = ""

    @property
    def pattern(self) -> str:
        """The regular expression of a whole cell, whose groups of thousands are well formed."""
        point, group = re.escape(self.decimal), re.escape(self.thousands)
        whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[0-9]+)" if group else "[0-9]+"
        return rf"[-+]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][-+]?[0-9]+)?"


PLAIN = NumberFormat()
SPACES = [NumberFormat(decimal, sign) for sign in " \u00a0\u202f'\u2019" for decimal in COMMA_OR_POINT]
# of formats that explain as many columns, the first is taken: where commas separate cells, a comma within one
# is more often a sign of thousands
WITH_COMMAS = [PLAIN, NumberFormat(".", ","), NumberFormat(","), NumberFormat(",", "."), *SPACES]
WITH_OTHERS = [PLAIN, NumberFormat(","), NumberFormat(",", "."), NumberFormat(".", ","), *SPACES]


def choose_format(columns: Sequence[Sequence[str]], delimiter: str) -> tuple[NumberFormat, bool]:
    """Return the format in which most columns of cells are numbers, and whether no other decimal sign does as well.

    Units are no obstacle.
    """
    # the longest have most signs
    distinct = [sorted({cell for cell in column if HAS_DIGIT.search(cell)}, key=len)[-LOOKED_AT:] for column in columns]
    candidates = [column for column in distinct if column]
    formats = WITH_COMMAS if delimiter == "," else WITH_OTHERS
    counts = [sum(is_numeric(column, each) for column in candidates) for each in formats]
    best = formats[counts.index(max(counts))]
    rivals = {each.decimal for each, count in zip(formats, counts, strict=True) if count == max(counts)}
    return best, best == PLAIN or len(rivals) == 1


def is_numeric(cells: Sequence[str], number: NumberFormat) -> bool:
    """Return whether nearly all cells are numbers, with or without a unit."""
    pattern = re.compile(rf"-?(?:(?:{CURRENCIES})\s?)?(?:{number.pattern})(?:\s?(?:{UNITS}))?")
    plain = put_signs_first(pa.array(cells, pa.string())).to_pylist()
    return sum(bool(pattern.fullmatch(cell)) for cell in plain) >= MOST_NUMERIC * len(cells)


def find_unit(texts: pa.Array, number: NumberFormat) -> str:
    """Return the one unit that stands before or after the numbers of texts; empty if there is none, or several."""
    pattern = rf"^(?P<before>(?:{CURRENCIES})?)\s?(?:{number.pattern})\s?(?P<after>(?:{UNITS})?)$"
    parts = pc.extract_regex(texts, pattern).drop_null()
    units = {part for side in ("before", "after") for part in pc.unique(pc.struct_field(parts, side)).to_pylist()}
    [*others] = units - {""}
    return others[0] if len(others) == 1 else ""


def read_numbers(texts: pa.Array, number: NumberFormat, unit: str = "") -> pa.Array:
    """Return texts as numbers with a decimal point and without thousands or unit; null where they are none."""
    if unit:
        escaped = re.escape(unit)
        texts = pc.replace_substring_regex(texts, rf"^([-+]?){escaped}\s?|\s?{escaped}$", r"\1")
    plain = pc.if_else(pc.match_substring_regex(texts, f"^(?:{number.pattern})$"), texts, None)
    if number.thousands:
        plain = pc.replace_substring(plain, number.thousands, "")
    return plain if number.decimal == "." else pc.replace_substring(plain, number.decimal, ".")
