"""Spellings of a missing value, beside those that every table may have (`core/checks.py`)."""

from collections.abc import Iterable

from ...core.checks import MISSING

# in lower case; in no column of numbers, dates or categories do these mean anything else
SIGNS = {
    "-",
    "--",
    "---",
    "\u2013",
    "\u2014",
    "?",
    "??",
    ".",
    "..",
    "...",
    "\\n",
    "<na>",
    "nat",
    "na",
    "nan",
    "null",
    "(null)",
}
SIGNS |= {"n.a.", "n. a.", "k.a.", "k. a.", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#error!"}
# among numbers or dates alone: of a category, these are values
WORDS = {"none", "nil", "missing", "unknown", "unk", "undefined", "not available", "not applicable", "no data", "n/d"}
WORDS |= {
    "inf",
    "-inf",
    "+inf",
    "infinity",
    "-infinity",
    "nd",
    "tbd",
    "tba",
    "unbekannt",
    "inconnu",
    "desconocido",
    "0000-00-00",
    "0000-00-00 00:00:00",
}


def find_signs(texts: Iterable[str]) -> list[str]:
    """Return the texts that mean a missing value in any column; beside a plus, a minus is a value."""
    found = [text for text in texts if text.lower() in SIGNS and text not in MISSING]
    return [text for text in found if text not in "-\u2013\u2014"] if found and "+" in texts else found


def find_words(texts: Iterable[str]) -> list[str]:
    """Return the texts that mean a missing value among numbers or dates."""
    return [text for text in texts if text.lower() in SIGNS | WORDS]
