"""Rows that repeat others: the same case in training and test makes a model look better than it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..table import Finding, Profile
from .arrays import to_codes
from .wording import percent, write_value

LEAST_ROWS = 20
LEAST_SHARE = 0.005  # of the rows; fewer change no result
SURPRISE = 20  # times as many equal pairs as independent columns would have
NEAR_COLUMNS = 6  # with fewer columns, rows that differ in one are no surprise
NEAR_SHARE = 0.05
NEAR_CELLS = 20_000_000
LABEL = 2**32  # the seed of the answers' numbers; those of columns are their places
ADVICE = "the same case may be in training and test; remove repeats, or expect too good results"


@dataclass(frozen=True, slots=True)
class Hashes:
    """One number for each of n rows: the sum of those of its cells, so that a column is taken out by subtraction."""

    total: NDArray[np.uint64]
    odds: float  # that two rows drawn at random are equal, if columns were independent


def find_repeats(profiles: Sequence[Profile], target: Profile) -> list[Finding]:
    """Return how many rows repeat another one in all columns, with the same answer and with another one."""
    rows = len(target.values)
    if rows < LEAST_ROWS or not profiles:
        return []
    inputs = _add_up(profiles)
    _, group, sizes = np.unique(inputs.total, return_inverse=True, return_counts=True)
    found = []
    if _is_surprising(sizes, rows, inputs.odds):
        labels = to_codes(target.values)
        found = [*_duplicates(inputs, labels), *_conflicts(group, labels, target)]
    return [*found, *([] if found else find_near_repeats(profiles, inputs))]


def find_near_repeats(profiles: Sequence[Profile], inputs: Hashes) -> list[Finding]:
    """Return how many rows differ from another one in a single column."""
    rows = len(inputs.total)
    if len(profiles) < NEAR_COLUMNS or rows * len(profiles) > NEAR_CELLS:
        return []
    near, surprising = np.zeros(rows, dtype=bool), 0
    for cells, odds in _hash_columns(profiles):
        _, group, sizes = np.unique(inputs.total - cells, return_inverse=True, return_counts=True)
        if _is_surprising(sizes, rows, inputs.odds / odds):
            near |= sizes[group] > 1
            surprising += 1
    if near.mean() < NEAR_SHARE:
        return []
    seen = f"{near.sum():,} of {rows:,} rows ({percent(near.mean())}) differ from another row in one column only"
    return [Finding("near duplicates", (), f"{seen}: {ADVICE}")]


def _duplicates(inputs: Hashes, labels: NDArray[np.int64]) -> Iterator[Finding]:
    whole, rows = inputs.total + _draw_numbers(LABEL, labels), len(labels)
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    repeats = np.flatnonzero(first[place] != np.arange(rows))
    if len(repeats) and len(repeats) >= LEAST_SHARE * rows:
        seen = f"{len(repeats):,} of {rows:,} rows ({percent(len(repeats) / rows)}) repeat another row"
        pair = f"rows {first[place[repeats[0]]] + 1:,} and {repeats[0] + 1:,}"
        yield Finding("duplicates", (), f"{seen} in every column but identifiers, as {pair}: {ADVICE}")


def _conflicts(group: NDArray[np.int64], labels: NDArray[np.int64], target: Profile) -> Iterator[Finding]:
    first = np.unique(group, return_index=True)[1]
    other = np.flatnonzero(labels != labels[first[group]])
    touched = int(np.isin(group, group[other]).sum())
    if touched and touched >= LEAST_SHARE * len(group):
        pair = [first[group[other[0]]], other[0]]
        answers = " and ".join(write_value(target.values[int(row)].as_py()) for row in pair)
        seen = f"{touched:,} of {len(group):,} rows ({percent(touched / len(group))}) equal a row with another answer"
        where = f"as rows {pair[0] + 1:,} and {pair[1] + 1:,}, with {answers}"
        yield Finding(
            "conflicts", (target.name,), f"{seen} in every column but identifiers, {where}: no model can give both"
        )


def _is_surprising(sizes: NDArray[np.int64], rows: int, odds: float) -> bool:
    """Return whether more pairs of rows are equal than the few values of the columns explain."""
    pairs = float((sizes * (sizes - 1.0)).sum() / 2)
    return pairs >= 1 and pairs > SURPRISE * odds * rows * (rows - 1) / 2


def _add_up(profiles: Sequence[Profile]) -> Hashes:
    total, odds = np.zeros(len(profiles[0].values), dtype=np.uint64), 1.0
    for cells, column_odds in _hash_columns(profiles):
        total += cells
        odds *= column_odds
    return Hashes(total, odds)


def _hash_columns(profiles: Sequence[Profile]) -> Iterator[tuple[NDArray[np.uint64], float]]:
    """Yield a random number for each cell, the same for the same value, and the odds that two cells are equal."""
    for place, profile in enumerate(profiles):
        codes = to_codes(profile.values)
        yield _draw_numbers(place, codes), float(((np.bincount(codes) / len(codes)) ** 2).sum())


def _draw_numbers(seed: int, codes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a random number for each of n codes, the same for the same code."""
    numbers = np.random.default_rng(seed).integers(0, 2**63, codes.max() + 1, dtype=np.uint64)
    return np.asarray(numbers[codes])
