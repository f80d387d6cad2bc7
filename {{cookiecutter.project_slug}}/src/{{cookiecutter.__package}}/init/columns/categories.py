"""Categories: which texts mean the same, and in what order a person would write them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from .names import words_of
from .scales import SCALES

NO_YES = ("no", "yes")
PAIRS = (  # what means no, and what yes, in lower case
    *(("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("0", "1"), ("0.0", "1.0"), ("off", "on")),
    *(("nein", "ja"), ("n", "j"), ("non", "oui"), ("n", "o"), ("no", "si"), ("no", "sí"), ("n", "s"), ("nee", "ja")),
    *(("nie", "tak"), ("ne", "ano"), ("ei", "kyllä"), ("нет", "да"), ("いいえ", "はい"), ("否", "是")),
    *(("falsch", "wahr"), ("faux", "vrai"), ("não", "sim"), ("nej", "ja"), ("false", "yes"), (".false.", ".true.")),
)
NOES = {no for no, _ in PAIRS if len(no) > 1}
TWO = 2
NEGATION = re.compile(r"(?:no|not|non|nicht|keine?|pas(?: de)?|sin|without|ohne|sans)[\s_-]+|un(?=[a-z]{4})")
SHORT = 4  # a hyphen in so few letters is a minus: A-
LETTER, GRADES = (
    re.compile("[A-Ga-g]"),
    {"grade", "grades", "rating", "rank", "level", "quality", "score", "class", "mark"},
)
# one of these makes a text with a number a band: 18-24, <1, 65+, under 18
RANGE = re.compile(
    r"[0-9]\s*(?:[-\u2013\u2014]|to|bis|until)\s*[$€£]?\s*[0-9]|[<>≤≥+]|\b(?:under|over|less|more|below|above|up)\b",
    re.IGNORECASE,
)
BELOW, ABOVE = (
    re.compile(r"[<≤]|\b(?:under|less|below|up to)\b", re.IGNORECASE),
    re.compile(r"[>≥+]|\b(?:over|more|above)\b", re.IGNORECASE),
)
BEGIN = re.compile(
    r"(?:[<>≤≥]=?|under|over|less than|more than|below|above|up to)?\s*[$€£(\[]?\s*"
    r"(-?[0-9][0-9,]*\.?[0-9]*)\s*([kKmM]\b)?",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"[0-9]+\s*[.):_ -]\s*(\D.*)")  # as 1. low, 2. high
WHOLE = re.compile(r"-?[0-9]+")
MULTIPLES = {"k": 1e3, "m": 1e6}


def find_no_yes(texts: Iterable[str]) -> dict[str, str]:
    """Return the meaning of each text, no or yes; empty if they are not two such words."""
    spelt = {text: text.lower() for text in texts}
    pair = next((pair for pair in PAIRS if {*pair} == {*spelt.values()}), None)
    return {text: NO_YES[pair.index(lower)] for text, lower in spelt.items()} if pair else {}


def find_denied(texts: Iterable[str]) -> str:
    """Return the one of two texts that denies the other, as `No Churn` or `no` beside `Churn`, -1 beside 1; or ""."""
    plain = {text: _plain(text) for text in texts}
    if {*plain.values()} in ({"-1", "1"}, {"-1", "+1"}):
        return next(text for text, spelt in plain.items() if spelt == "-1")
    if noes := [text for text, spelt in plain.items() if spelt in NOES]:
        return noes[0]
    denied = {text: NEGATION.sub("", spelt, count=1) for text, spelt in plain.items() if NEGATION.match(spelt)}
    return next((text for text, rest in denied.items() if rest in plain.values()), "")


def merge_spellings(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the most frequent spelling of each text that differs from it only in case and in spaces."""
    usual: dict[str, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        usual.setdefault(_plain(text), text)
    return {text: usual[_plain(text)] for text in counts if usual[_plain(text)] != text}


def order_categories(texts: Sequence[str], name: str = "") -> tuple[tuple[str, ...], bool]:
    """Return categories in a sensible order, and whether it means nothing; of two, any order is as good.

    Letters are grades only in a column whose name says so.
    """
    is_label = all(map(LETTER.fullmatch, texts)) and not words_of(name) & GRADES
    if ordered := [] if is_label else _order_by_scale(texts) or _order_by_number(texts):
        return tuple(ordered), False
    if all(map(NUMBERED.fullmatch, texts)):
        words = [NUMBERED.fullmatch(text)[1] for text in texts]  # type: ignore[index]  # all match
        return tuple(sorted(texts, key=_sort_key)), len(texts) > TWO and not _order_by_scale(words)
    if all(map(WHOLE.fullmatch, texts)):
        return tuple(sorted(texts, key=lambda text: (int(text), text))), len(texts) > TWO
    return tuple(sorted(texts, key=lambda text: (text.casefold(), text))), len(texts) > TWO


def _order_by_scale(texts: Sequence[str]) -> list[str]:
    plain = {" ".join(re.findall(r"[\w+-]+", text.lower().replace("_", " "))): text for text in texts}
    spaced = {key if len(key) < SHORT else key.replace("-", " "): text for key, text in plain.items()}
    scale = next((scale for scale in SCALES if spaced.keys() <= {*scale}), ())
    return [spaced[word] for word in scale if word in spaced] if len(spaced) == len(texts) > 1 else []


def _order_by_number(texts: Sequence[str]) -> list[str]:
    """Return texts that begin with a number, in its order, if they are bands, counts of one thing, or numbered."""
    if len(texts) <= 1 or not all(map(BEGIN.match, texts)) or all(map(WHOLE.fullmatch, texts)):
        return []
    templates = {re.sub(r"[0-9][0-9.,]*(?:st|nd|rd|th)?", "#", text) for text in texts}
    is_scale = any(map(RANGE.search, texts)) or len(templates) <= TWO
    keys = {text: _sort_key(text) for text in texts}
    return sorted(texts, key=lambda text: keys[text]) if is_scale and len({*keys.values()}) == len(texts) else []


def _sort_key(text: str) -> tuple[float, int]:
    number, multiple = BEGIN.match(text).groups()  # type: ignore[union-attr]  # callers have looked
    value = float(number.replace(",", "")) * MULTIPLES.get((multiple or "").lower(), 1)
    return value, bool(ABOVE.search(text)) - bool(BELOW.search(text))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
