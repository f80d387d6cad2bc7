"""Words of column names, and figures as findings say them."""

import math
import re
import unicodedata
from collections.abc import Iterable

from ...core.checks import shorten

SHOWN = 5  # columns or values that a sentence lists


def split_words(name: str) -> list[str]:
    """Return the words of a column's name in lower case and without accents.

    >>> split_words("PassengerId"), split_words("geschäfts-nr. 2")
    (['passenger', 'id'], ['geschafts', 'nr', '2'])
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", plain)]


def has_words(name: str, phrases: str) -> bool:
    """Return whether a name has one of some phrases, as whole words: `zip code` is in `ZipCode`, `age` not in `page`.

    `phrases` are separated by `|`.
    """
    words = f" {' '.join(split_words(name))} "
    return any(f" {phrase} " in words for phrase in phrases.split("|"))


def write_value(value: object) -> str:
    """Return a value as a person writes it: a whole number without a decimal point."""
    return f"{value:.10g}" if isinstance(value, float) else shorten(value).strip("'")


def join(items: Iterable[object]) -> str:
    """Return a list in words, cut where it gets long."""
    words = [str(item) for item in items]
    more = len(words) - SHOWN
    return f"{', '.join(words[:SHOWN])} and {more} more" if more > 0 else ", ".join(words)


def in_sentence(words: str) -> str:
    """Return words as they stand in a sentence.

    >>> in_sentence("Age"), in_sentence("BMI"), in_sentence("Body Mass")
    ('age', 'BMI', 'Body Mass')
    """
    return words[:1].lower() + words[1:] if words[1:].islower() else words


def percent(share: float) -> str:
    """Return a share as a percentage, which is 100 % only if it is all.

    >>> percent(0.5), percent(0.99996), percent(1)
    ('50 %', '99.9 %', '100 %')
    """
    exact = f"{100 * share:.3g}"
    return f"{'99.9' if exact == '100' and share < 1 else exact} %"


def roundest(low: float, high: float) -> float:
    """Return the number from `low` to below `high` that has the fewest digits: 60 of 58.3 to 61.2."""
    for exponent in range(math.ceil(math.log10(max(abs(low), abs(high), high - low))) + 1, -20, -1):
        for factor in (5, 2, 1):
            # divided, because 3 * 0.1 is not 0.3
            step = factor * 10.0**exponent
            number = math.ceil(low / step) * factor / 10.0**-exponent
            if low <= number < high:
                return number
    return low
