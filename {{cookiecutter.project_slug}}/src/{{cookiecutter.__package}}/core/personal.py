"""Personal-looking values in a text: e-mail addresses, phone numbers, bank accounts, cards and national ids.

Numbers count only if their check digits are right, or if they are written as only such numbers are, so that ids in
hex, times and decimal numbers do not. What a pattern cannot know, such as a name, is not found.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

# not inside of a longer word or number, such as an id in hex, a decimal number or a version
START, END = r"(?<![\w.+/@%-])", r"(?![\w@%-]|[.,]\d)"
# the length of an IBAN in each country (registry of SWIFT, ISO 13616)
IBAN_LENGTHS = {
    country: length
    for length, countries in (
        (15, "NO"), (16, "BE"), (18, "DK FI FO GL NL SD"), (19, "MK SI"), (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH HR LI LV"), (22, "BG BH CR DE GB GE IE ME RS VA"), (23, "AE IL IQ TL SO"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"), (25, "LY PT"), (26, "IS TR"), (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"), (29, "BR EG PS QA UA"), (30, "JO KW MU"), (31, "MT SC"),
        (32, "LC"), (33, "RU"),
    )
    for country in countries.split()
}  # fmt: skip
# names that no mail reaches (RFC 2606, RFC 6761)
RESERVED = re.compile(r"(\.|^)(example(\.(com|net|org))?|test|invalid|localhost|local)$", re.IGNORECASE)
NOBODYS = {"git", "noreply", "no-reply"}  # mailboxes of programs


class Found(NamedTuple):
    """A kind of personal value, and how long the value is. The value itself is not kept, so that it is not shown."""

    kind: str
    length: int


def find_personal(text: str) -> Iterator[Found]:
    """Yield what looks personal in a text."""
    if not MAYBE.search(text):  # nearly all texts; the patterns take longer
        return
    for kind, (pattern, is_valid) in KINDS.items():
        for found in pattern.finditer(text):
            if is_valid(found.group()):
                yield Found(kind, len(found.group()))


def _is_address(text: str) -> bool:
    mailbox, _, host = text.rpartition("@")
    return mailbox.lower() not in NOBODYS and not RESERVED.search(host)


def _is_iban(text: str) -> bool:
    """Check length and check digits: modulo 97 (ISO 7064)."""
    plain = text.replace(" ", "")
    digits = "".join(str(int(each, 36)) for each in plain[4:] + plain[:4])
    return IBAN_LENGTHS.get(plain[:2]) == len(plain) and int(digits) % 97 == 1


def _is_card(text: str) -> bool:
    """Check the last digit by Luhn's formula (ISO/IEC 7812-1)."""
    digits = [int(each) for each in text if each.isdigit()][::-1]
    return (sum(digits[::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0


def _is_french(text: str) -> bool:
    """Check the key of a French number of social security: 97 less the rest of a division by 97."""
    plain = text.replace(" ", "")
    return int(plain[-2:]) == 97 - int(plain[:-2]) % 97


def _always(_: str) -> bool:
    return True


DIGITS_OF_PHONE = range(8, 16)  # E.164 has at most 15
MAYBE = re.compile(r"@|\d[\d .()-]{5,}\d|[A-Z]{2} ?\d\d")
CARD = (
    r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|35[2-8]\d)(?:([ -]?)\d{4}(?:\1\d{4}){2}|\d{12})"
    r"|3[47]\d\d([ -]?)\d{6}\2\d{5}"
)
KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "e-mail address": (
        re.compile(r"(?<![\w.%+/-])[\w.%+-]*\w@(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w@-])", re.IGNORECASE),
        _is_address,
    ),
    "IBAN": (re.compile(rf"{START}[A-Z]{{2}}\d\d(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,4}})?{END}"), _is_iban),
    "card number": (re.compile(rf"{START}(?:{CARD}){END}"), _is_card),
    "phone number": (
        re.compile(
            rf"{START}(?:\+[1-9]\d{{0,2}}[ -]?(?:\(0?\d{{1,5}}\)[ -]?)?\d{{1,5}}(?:[ -]?\d{{2,5}}){{1,4}}"
            rf"|\([2-9]\d\d\) ?[2-9]\d\d-\d{{4}}|[2-9]\d\d-[2-9]\d\d-\d{{4}}){END}"
        ),
        lambda text: sum(each.isdigit() for each in text) in DIGITS_OF_PHONE,
    ),
    "US social security number": (
        re.compile(rf"{START}(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}{END}"),
        _always,
    ),
    "UK national insurance number": (
        re.compile(rf"{START}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]{END}"),
        _always,
    ),
    "French social security number": (
        re.compile(rf"{START}[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?\d\d ?\d{{3}} ?\d{{3}} ?\d\d{END}"),
        _is_french,
    ),
}
