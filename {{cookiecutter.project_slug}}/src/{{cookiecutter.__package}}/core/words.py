"""Words: how many things there are, with their noun in the singular or the plural."""


def count_nouns(number: int, noun: str) -> str:
    """Return a number and its noun: "1 row", "2 rows", "1,234 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
