"""Python names and descriptions of columns, from their names in a table."""

import keyword
import re
import unicodedata
from collections.abc import Sequence

from pydantic import BaseModel

LONGEST = 60  # characters of a name
# names that a contract's class cannot have, or in which its annotations need another meaning
TAKEN = {*keyword.kwlist, *keyword.softkwlist, "int", "float", "str", "bool", "key", "l"}
RESERVED = ("model_validate", "model_dump")  # pydantic keeps names that begin so
WORDS = {"%": " percent ", "&": " and ", "#": " number ", "€": " euro ", "$": " dollar ", "£": " pound ", "ß": "ss"}
WORDS |= {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l"}
WORDS |= {"+": " plus ", "<": " under ", ">": " over ", "µ": "u", "°": " deg "}
# where a new word begins: debtToIncome, HTTPStatus
NEW_WORD = re.compile(r"(?<=[A-Za-z0-9][a-z0-9])(?=[A-Z][A-Za-z])|(?<=[A-Z])(?=[A-Z][a-z])")


def python_names(names: Sequence[str]) -> list[str]:
    """Return a name for each column that Python, pydantic and a contract accept, each another one."""
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        plain = _make_name(name) or f"column_{place}"
        numbered, number = plain, 2
        while numbered in found:
            suffix = f"_{number}"
            numbered, number = plain[: LONGEST - len(suffix)].rstrip("_") + suffix, number + 1
        found.append(numbered)
    return found


def describe_name(name: str) -> str:
    """Return a name as the words of a description: `debtToIncome` is `Debt to income`."""
    text = " ".join(name.split())
    if " " not in text:
        parts = re.split(r"[_\-/]+|\.(?![0-9])", NEW_WORD.sub("_", text))
        text = " ".join(part if part.isupper() and len(parts) > 1 else part.lower() for part in parts if part) or text
    return text[:1].upper() + text[1:]


def words_of(name: str) -> set[str]:
    """Return the words of a name, in lower case."""
    return {*_make_name(name).split("_")}


def _make_name(name: str) -> str:
    spelt = "".join(WORDS.get(letter, letter) for letter in name)
    ascii_only = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", NEW_WORD.sub("_", ascii_only))
    plain = "_".join(words).lower()[:LONGEST].rstrip("_")
    if plain[:1].isdigit():
        plain = f"n_{plain}"[:LONGEST].rstrip("_")
    plain = f"the_{plain}"[:LONGEST] if plain.startswith(RESERVED) else plain
    return f"{plain}_" if plain in TAKEN or hasattr(BaseModel, plain) else plain
