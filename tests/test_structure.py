"""The size of the package: small modules, short functions, little code (`STYLE.md` of the project's issues)."""

from __future__ import annotations

import ast
import functools
import re
import statistics
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1]
[PACKAGE] = TEMPLATE.glob("{{*/src/{{*")
VARIANT = re.compile(r"_(multi|number)\.py$")  # a default bake keeps the files that end in _binary
# the totals are ratchets: whoever removes lines lowers the number. `init` is used once, and nothing else imports it
MAX_LINES, MAX_INIT_LINES = 23_370, 4_630
MAX_MODULE, MAX_FUNCTION, MAX_CHECKING = 200, 25, 1 / 3


def modules() -> dict[str, str]:
    """Return the text of every module of a default bake by path."""
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if not VARIANT.search(path.name)]
    return {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in files}


def count_lines(text: str) -> int:
    """Return how many lines a module has."""
    return len(text.splitlines())


@functools.cache
def function_lengths(text: str) -> list[int]:
    """Return how many lines each function of a module has."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes]


def find_faults(found: dict[str, str]) -> list[str]:
    """Return every limit that modules exceed."""
    faults = [f"{name}: {count_lines(text)} lines" for name, text in found.items() if count_lines(text) > MAX_MODULE]
    init = sum(count_lines(text) for name, text in found.items() if name.startswith("init/"))
    total = sum(map(count_lines, found.values())) - init
    faults += [f"total: {total} lines"] if total > MAX_LINES else []
    faults += [f"init: {init} lines"] if init > MAX_INIT_LINES else []
    lengths = [length for text in found.values() for length in function_lengths(text)]
    longest = statistics.quantiles(lengths, n=10)[-1]
    faults += [f"functions: {longest:g} lines at the 90th percentile"] if longest > MAX_FUNCTION else []
    checking = sum("if TYPE_CHECKING:" in text for text in found.values()) / len(found)
    return faults + ([f"TYPE_CHECKING: in {checking:.0%} of the modules"] if checking > MAX_CHECKING else [])


def test_package_is_within_every_limit() -> None:
    """No limit is exceeded."""
    assert find_faults(modules()) == []


FUNCTION = "def f():\n" + "    x = 1\n" * 40
SABOTAGE = {
    "long.py: ": {"long.py": "x = 1\n" * 201},
    "total: ": {f"m{place}.py": "x = 1\n" * 190 for place in range(5)},
    "init: ": {f"init/m{place}.py": "x = 1\n" * 190 for place in range(5)},
    "functions: ": {f"m{place}.py": FUNCTION * 4 for place in range(120)},
    "TYPE_CHECKING: ": {f"m{place}.py": "if TYPE_CHECKING:\n    pass\n" for place in range(200)},
}


@pytest.mark.parametrize("fault", SABOTAGE)
def test_sabotage_every_limit_is_seen_to_fail(fault: str) -> None:
    """Each limit is exceeded by planted modules, and named."""
    assert any(found.startswith(fault) for found in find_faults(modules() | SABOTAGE[fault]))
