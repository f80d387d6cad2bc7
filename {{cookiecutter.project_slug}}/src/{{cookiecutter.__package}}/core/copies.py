"""Copies: rows of different subjects whose inputs are equal, although that is unlikely."""

from collections.abc import Iterable

CHANCE = 0.01  # expected number of rows that equal a row by chance, up to which equal rows are copies


def are_copies(rows: int, chances: Iterable[float]) -> bool:
    """Return whether equal rows are copies, as fewer than CHANCE rows equal a row if columns were independent.

    `chances`: of each column, that two rows have the same value. No more of them are asked for than needed.
    """
    expected = float(rows)
    return expected <= CHANCE or any((expected := expected * chance) <= CHANCE for chance in chances)
