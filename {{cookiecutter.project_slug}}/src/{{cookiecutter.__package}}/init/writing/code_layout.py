"""Python source as `ruff format` leaves it: literals, calls and collections, on one line where they fit in."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

WIDTH = 120
EMOJI = "\ufe0f"  # makes the character before it a wide one
EXACT = 10**15  # floats below it are whole numbers exactly
LONG = 10_000  # whole numbers from here on have underscores
SHOWN = 60  # characters of a text of the table in comments and docstrings


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets; of a call or a subscript, with the name before them."""

    opening: str
    items: Sequence["Node"]
    closing: str

    @property
    def may_indent(self) -> bool:
        """Whether all items may share the line below the opening one: a formatter spreads collections at once."""
        return self.opening[-2:-1].isalnum()


Node = str | Group


def call(name: str, /, *items: Node, **named: Node) -> Group:
    """Return a call with positional and named arguments."""
    return Group(f"{name}(", [*items, *(prefixed(f"{key}=", node) for key, node in named.items())], ")")


def subscript(name: str, /, *items: Node) -> Group:
    """Return a subscript, as `Annotated[int, Field()]`."""
    return Group(f"{name}[", items, "]")


def several(items: Iterable[Any]) -> Group:
    """Return a tuple of literals."""
    found = [literal(item) for item in items]
    return Group("(", found, ",)" if len(found) == 1 else ")")


def mapping(items: Iterable[tuple[str, Node]]) -> Group:
    """Return a dictionary whose keys are texts."""
    return Group("{", [prefixed(f"{literal(key)}: ", node) for key, node in items], "}")


def prefixed(prefix: str, node: Node) -> Node:
    """Return a node with a text before it."""
    return prefix + node if isinstance(node, str) else replace(node, opening=prefix + node.opening)


def literal(value: Any) -> str:
    """Return the source of a text or a number, with the quotes that a formatter prefers."""
    if isinstance(value, str):
        quote = "'" if value.count('"') > value.count("'") else '"'
        # repr of a character that is no quote escapes what cannot be seen, and backslashes
        escaped = [f"\\{char}" if char == quote else char if char in "'\"" else repr(char)[1:-1] for char in value]
        return f"{quote}{''.join(escaped)}{quote}"
    if isinstance(value, float) and abs(value) < EXACT and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= LONG else str(value)
    return repr(value).replace("e+", "e")


def lay_out(node: Node, indent: int = 0, before: str = "", after: str = "") -> str:
    """Return source in lines of `indent` spaces or more; the first begins with `before`, the last ends with `after`."""
    line = f"{before}{_flat(node)}{after}"
    if isinstance(node, str) or indent + _width(line) <= WIDTH:
        return line
    inner, end = f"\n{' ' * (indent + 4)}", f"\n{' ' * indent}{node.closing[-1]}{after}"
    items = ", ".join(map(_flat, node.items))
    # a formatter would rather break after `= (` than in the annotation
    breaks_later = after == " = None" and indent + _width(line) - 3 <= WIDTH
    if node.may_indent and not breaks_later and indent + 4 + _width(items) <= WIDTH:
        return f"{before}{node.opening}{inner}{items}{end}"
    spread = "".join(f"{inner}{lay_out(item, indent + 4, after=',')}" for item in node.items)
    return f"{before}{node.opening}{spread}{end}"


def plain(text: str) -> str:
    """Return a text of the table for a comment or a docstring: in one line, without what could end it, not long."""
    found = "".join(char if char.isprintable() and char not in '"\\' else " " for char in text)
    found = " ".join(found.split())
    return found if len(found) <= SHOWN else f"{found[: SHOWN - 3].rstrip()}..."


def _flat(node: Node) -> str:
    return node if isinstance(node, str) else f"{node.opening}{', '.join(map(_flat, node.items))}{node.closing}"


def _width(text: str) -> int:
    """Return the columns that a text takes: two for wide characters, none for marks on the one before."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else int(char == EMOJI or not unicodedata.combining(char))
        for char in text
    )
