"""Columns that seem to identify a person, or to say which group that law protects a person belongs to."""

import pyarrow as pa
import pyarrow.compute as pc

from ..table import Finding, Profile
from .arrays import is_category
from .personal import MEANINGFUL, recognise
from .vocabulary import OPEN_VALUES, PERSONAL_NAMES, PROTECTED_NAMES, PROTECTED_VALUES, SEX_LETTERS
from .wording import has_words, join, percent, split_words, write_value

LOOKED_AT = 1000  # different values
OLDEST = 125


def find_personal(profile: Profile) -> Finding | None:
    """Return what in a column identifies a person, by its values or by its name."""
    values = _different_texts(profile)
    what, share = recognise(values)
    if what:
        evidence = f"{percent(share)} of {len(values):,} different values are written like {what}"
    elif what := _named(profile.name, PERSONAL_NAMES):
        if not _may_identify(profile, what):
            return None
        evidence = f"its name stands for {what}, and it has {profile.distinct:,} different values"
    else:
        return None
    return Finding("personal", (profile.name,), f"{evidence}: it identifies a person", "left out")


def find_protected(profile: Profile) -> Finding | None:
    """Return which protected group a column seems to tell, by its name or by its categories."""
    bounds = " to ".join(map(write_value, pc.min_max(profile.values).as_py().values()))
    seen = join(profile.categories) if profile.categories else bounds
    if (what := _named(profile.name, PROTECTED_NAMES)) and _may_protect(profile, what):
        evidence = f"its name stands for {what} ({seen})"
    elif what := _valued(profile.categories):
        evidence = f"its values stand for {what} ({seen})"
    else:
        return None
    advice = "if it is protected, name it with --protected: it is recorded to audit fairness, and no input of models"
    return Finding("protected", (profile.name,), f"{evidence}; {advice}", "asked")


def _named(name: str, phrases: dict[str, str]) -> str:
    return next((what for what, words in phrases.items() if has_words(name, words)), "")


def _different_texts(profile: Profile) -> list[str]:
    """Return up to 1,000 different values, whole numbers as their digits."""
    values = pc.unique(profile.values.slice(0, 20 * LOOKED_AT)).drop_null()[:LOOKED_AT]
    if not is_category(profile):
        values = values.cast(pa.decimal128(38)).cast(pa.string()) if profile.kind == "integer" else values[:0]
    return [str(value).strip() for value in values.to_pylist()]


def _may_identify(profile: Profile, what: str) -> bool:
    """Return whether the values of a column with a telling name can belong to single persons."""
    written_as_text = what in ("names of persons", "email addresses", "addresses")
    return profile.distinct >= MEANINGFUL and (is_category(profile) or not written_as_text)


def _may_protect(profile: Profile, what: str) -> bool:
    if what == "age":
        return profile.kind != "text" and (
            profile.high is None or profile.high <= OLDEST or "birth" in profile.name.lower()
        )
    if what.startswith("a place"):
        return profile.kind != "number"
    return bool(profile.categories) or profile.distinct <= MEANINGFUL or what.startswith("nationality")


def _valued(categories: tuple[str, ...]) -> str:
    """Return what the categories stand for if each of them, but open ones, is a word of it."""
    if {category.lower() for category in categories} in SEX_LETTERS:
        return "sex or gender"
    words = [set(split_words(category)) - OPEN_VALUES for category in categories]
    if sum(map(bool, words)) < 2:  # noqa: PLR2004  # one word is no list of groups
        return ""
    found = (what for what, known in PROTECTED_VALUES.items() if all(each <= set(known.split("|")) for each in words))
    return next(found, "")
