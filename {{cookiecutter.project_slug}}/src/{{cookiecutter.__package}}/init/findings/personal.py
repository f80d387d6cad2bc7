"""Values that identify a person, recognised by how they are written; numbers by their check digits."""

import re
from collections.abc import Callable
from typing import Any

from .vocabulary import FIRST_NAMES
from .wording import split_words

MEANINGFUL = 10  # values that have to be seen before a pattern counts
DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
TITLE = re.compile(r"\b(mr|mrs|miss|ms|dr|herr|frau|mme|mlle|monsieur|madame|sr|sra|senor|senora)\b\.?", re.IGNORECASE)
STREET = re.compile(
    r"\b(street|st|avenue|ave|road|rd|lane|boulevard|blvd|rue|chemin|calle|avenida|plaza|\w*stra(ss|ß)e|\w*str)\b",
    re.IGNORECASE,
)
MOST_WORDS = 8  # of a person's name with titles


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (Luhn, US patent 2,950,048)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_card_number(text: str) -> bool:
    """Return whether a text is a number of a payment card: 13 to 19 digits that begin with 2 to 6, and pass Luhn."""
    digits = re.sub(r"[ -]", "", text)
    return re.fullmatch(r"[2-6]\d{12,18}", digits) is not None and passes_luhn(digits)


def is_iban(text: str) -> bool:
    """Return whether a text is a bank account number (ISO 13616) with its check digits."""
    compact = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact):
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def is_national_number(text: str) -> bool:
    """Return whether a text is a US, British, French or Spanish number of a person, with its check digits."""
    compact = re.sub(r"[ .-]", "", text).upper()
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", text) and text[:3] not in ("000", "666") and text[0] != "9":
        return True
    if re.fullmatch(r"[A-CEGHJ-PR-TW-Z]{2}\d{6}[A-D]", compact):
        return True
    if re.fullmatch(r"[12]\d{14}", compact):
        return int(compact[13:]) == 97 - int(compact[:13]) % 97
    found = re.fullmatch(r"([XYZ]?\d{7,8})([A-Z])", compact)
    return found is not None and DNI_LETTERS[int(found[1].translate(str.maketrans("XYZ", "012"))) % 23] == found[2]


def is_phone_number(text: str) -> bool:
    """Return whether a text is written as a telephone number: 9 to 15 digits, in groups or after a plus, no date."""
    number = re.sub(r"\s?(x|ext\.?)\s?\d{1,5}$", "", text)
    shape = re.fullmatch(r"\+?[0-9(][0-9 ()./-]{7,22}[0-9]", number)
    is_grouped = number.startswith(("+", "(")) or len(re.findall(r"[ ()./-]+", number)) in range(2, 6)
    is_date = re.match(r"\d{4}[-./]\d\d?[-./]\d\d?\b|\d\d?[-./]\d\d?[-./]\d{4}\b", number)
    return shape is not None and is_grouped and not is_date and sum(map(str.isdigit, number)) in range(9, 16)


def is_address(text: str) -> bool:
    """Return whether a text has a house number and the word of a street."""
    return STREET.search(text) is not None and re.search(r"^\d|\d\w?\b", text) is not None


def is_person(text: str) -> bool:
    """Return whether a text of few words has a title or a frequent first name, and no digit."""
    words = set(split_words(text))
    is_named = TITLE.search(text) is not None or not words.isdisjoint(FIRST_NAMES.split("|"))
    return is_named and len(words) <= MOST_WORDS and not re.search(r"\d", text)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


# what a value is, how to recognise it, and the share of values that has to be recognised
PATTERNS: dict[str, tuple[Callable[[str], Any], float]] = {
    "email addresses": (_matches(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}"), 0.5),
    "bank account numbers": (is_iban, 0.8),
    "national numbers of persons": (is_national_number, 0.8),
    "card numbers": (is_card_number, 0.8),
    "telephone numbers": (is_phone_number, 0.7),
    "street addresses": (is_address, 0.5),
    "names of persons": (is_person, 0.3),
    "IP addresses": (_matches(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"), 0.8),
}


def recognise(values: list[str]) -> tuple[str, float]:
    """Return what most of the different values are, with their share; "" if they do not identify a person."""
    if len(values) < MEANINGFUL:
        return "", 0
    for what, (is_one, needed) in PATTERNS.items():
        share = sum(map(is_one, values)) / len(values)
        if share >= needed:
            return what, share
    return "", 0
