"""Columns of categories and of free text."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...core.checks import shorten
from ..reading.missing import find_signs
from ..table import Profile
from .categories import find_no_yes, merge_spellings, order_categories
from .cells import Cells
from .names import words_of
from .number_profile import describe_missing

MOST_CATEGORIES = 254  # trees take no more
OTHER = "other"
CODED = {"sex", "gender", "race", "ethnicity", "class", "type", "kind", "group", "category", "cluster", "species"}
LEAST_ROWS = 2  # per category, on average
FEWEST, FEW = 5, 20  # so many categories may be long, or rare
LONGEST = 40  # characters, on average
MOST_SINGLE = 0.5  # share of the categories that have one row
LEAST_COVERED = 0.6  # share of the rows whose category is one of the most frequent
LOOKED_AT = 5000  # different texts, of which spellings are compared
SHOWN, LONGEST_EXAMPLE = 3, 80


def profile_no_yes(empty: Profile, cells: Cells) -> Profile | None:
    """Return a column of two words that mean no and yes; None if it has others.

    By the name of a column, 0 and 1 may be two codes, neither of which is a yes: its sex, its type.
    """
    if len(cells.texts) > MOST_CATEGORIES:
        return None
    signs = find_signs(cells.texts.to_pylist())
    values = find_no_yes(cells.without(signs).texts.to_pylist())
    if words_of(empty.name) & CODED and all(text[0].isdigit() for text in values):
        return profile_category(empty, cells, is_forced=True) if values else None
    return profile_category(empty, cells, values=values) if values else None


def profile_category(
    empty: Profile, cells: Cells, *, values: Mapping[str, str] | None = None, is_forced: bool = False
) -> Profile | None:
    """Return a column of categories, whose texts may have other meanings; None if too many of them are there once."""
    signs = find_signs(cells.texts.to_pylist()) if len(cells.texts) <= LOOKED_AT else []
    kept = cells.without(signs)
    if not len(kept.texts) or not (values or is_forced or _is_category(kept)):
        return None
    counts = dict(zip(kept.texts.to_pylist(), kept.counts.tolist(), strict=True))
    values = values or _merge(counts, is_forced=is_forced)
    totals: dict[str, int] = {}
    for text, count in counts.items():
        name = values.get(text, text)
        totals[name] = totals.get(name, 0) + count
    other = _name_other(totals)
    categories, is_nominal = _order(totals, other, empty.name)
    names = [name if name in categories else other for name in (values.get(text, text) for text in counts)]
    notes = [describe_missing(signs, cells)] if signs else []
    notes += _describe_values(values) if values else []
    notes += [f"of {len(totals)} categories, all but the most frequent are {other!r}"] if other else []
    spelt = {text: name for text, name in values.items() if name in categories and text != name}
    column = kept.expand(pa.array(names, pa.string()))
    return replace(
        empty,
        kind="category",
        source=empty.source.model_copy(update={"missing": tuple(signs), "values": spelt, "other": other}),
        values=column,
        missing=column.null_count,
        distinct=len({*names}),
        categories=categories,
        is_nominal=is_nominal,
        example=max(categories, key=lambda name: totals.get(name, 0)),
        notes=(*empty.notes, *notes),
    )


def profile_text(empty: Profile, cells: Cells) -> Profile:
    """Return a column of free text, which models do not see."""
    values = cells.expand(cells.texts)
    example = cells.texts[int(np.argmax(cells.counts))].as_py()
    note = f"{len(cells.texts)} different texts in {len(values) - values.null_count} rows: too many for categories"
    return replace(
        empty,
        kind="text",
        values=values,
        missing=values.null_count,
        distinct=len(cells.texts),
        example=example[:LONGEST_EXAMPLE].strip(),
        notes=(*empty.notes, note),
    )


def _is_category(cells: Cells) -> bool:
    """Return whether texts repeat often enough to be categories, and are not remarks."""
    counts, rows = cells.counts, int(cells.counts.sum())
    if len(counts) <= 1 or rows < LEAST_ROWS * len(counts):
        return len(counts) == 1
    if len(counts) > FEWEST and pc.mean(pc.utf8_length(cells.texts)).as_py() > LONGEST:
        return False
    if len(counts) <= FEW:
        return True
    if np.mean(counts == 1) > MOST_SINGLE:
        return False
    return bool(np.sort(counts)[-MOST_CATEGORIES:].sum() >= LEAST_COVERED * rows)


def _merge(counts: Mapping[str, int], *, is_forced: bool) -> dict[str, str]:
    """Return which texts mean the same as others: by case, or as `1.0` and `1`."""
    values = merge_spellings(counts) if len(counts) <= LOOKED_AT else {}
    return values | {text: text[:-2] for text in counts if is_forced and text[-2:] == ".0" and text[:-2].isdigit()}


def _name_other(totals: Mapping[str, int]) -> str:
    """Return the category for all that is not among the most frequent, one of that name if there is; or nothing."""
    if len(totals) <= MOST_CATEGORIES:
        return ""
    return next((name for name in totals if name.lower() == OTHER), OTHER)


def _order(totals: Mapping[str, int], other: str, name: str) -> tuple[tuple[str, ...], bool]:
    """Return the categories in order, the one for all others last."""
    frequent = sorted(totals, key=lambda text: (-totals[text], text))[: MOST_CATEGORIES - bool(other)]
    ordered, is_nominal = order_categories([text for text in frequent if text != other], name)
    return (*ordered, *([other] if other else [])), is_nominal or bool(other)


def _describe_values(values: Mapping[str, str]) -> list[str]:
    changed = [f"{shorten(text)} is {name!r}" for text, name in values.items() if text != name]
    more = ["..."] if len(changed) > SHOWN else []
    return [", ".join([*changed[:SHOWN], *more])] if changed else []
