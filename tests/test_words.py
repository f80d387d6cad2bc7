"""Words: no riddles in texts that people read, and one meaning for each name."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

import pytest

from baking import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
SUFFIXES = {".py", ".md", ".toml", ".js", ".html", ".css", ".yml", ".yaml", ".sh", ".json", ""}
# parts of sentences that have a plain form
PHRASES = {
    r"\bstrangers?\b": "a host, an origin, a client",
    r"\bpage elsewhere\b": "a cross-site request",
    r"\btells? nothing\b": "compare in constant time to prevent timing attacks",
    r"\bleft alone\b": "stopped after a timeout",
    r"\b(?:takes?|took) the stage\b": "is registered as the first champion",
    r"\bwho(?:ever)? knocks?\b": "connections that arrive",
    r"\bmakes? (?:itself )?ready\b": "starts",
    r"\bhas outgrown\b": "recorded before a required column was added",
    r"\b[Tt]urn(?:s|ed)? the (?:data|model|product|operations) wheel\b": "what the command does",
    r"\brows would tell\b": "rows are needed for a conclusive result",
}
# names that had two meanings, or none that a reader could guess
NAMES = {
    "raw": "predict",
    "alike": "comparable_scores",
    "claims": "calibration_pairs",
    "unsure": "needs_review",
    "said": "predictions",
    "told": "explain_errors",
    "judge": "run_gates",
    "judged": "results",
    "verdicts": "results; a verdict is a person's choice",
    "Verdict": "GateResult; a verdict is a person's choice",
    "MOST": "MAX_BATCH, or what is limited",
    "PARTS": "what the parts are",
    "SEEN": "what was seen",
    "MADE": "what was made",
}
# where a gate's result is made, `verdict` would mean that
GATES = ("core/result.py", "/model/", "/operations/monitoring/drift.py")


def texts() -> Iterator[tuple[str, str]]:
    """Yield name and content of every file of the project that people write, apart from licences and tables."""
    for path in sorted(PROJECT.rglob("*")):
        written = path.name.startswith(("LICENSE", "openapi_", "data-card_", "croissant_"))
        skipped = written or "__pycache__" in path.parts
        if path.is_file() and path.suffix in SUFFIXES and not skipped:
            yield path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8")


def phrase_faults(name: str, text: str) -> list[str]:
    """Return every phrase of the list, with its line and what to write."""
    joined = re.sub(r"\s*\n[ \t]*(?:# )?", " ", text)  # a sentence may be broken at the end of a line
    found = [(found[0], plain) for phrase, plain in PHRASES.items() for found in re.finditer(phrase, joined)]
    return [f"{name}: {phrase!r}; write: {plain}" for phrase, plain in found]


def name_faults(name: str, source: str) -> list[str]:
    """Return every name of the list in Python, with its line and what to use."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        plain = NAMES.get(token.string) if token.type == tokenize.NAME else None
        if token.type == tokenize.NAME and token.string == "verdict" and any(part in name for part in GATES):
            plain = "result; a verdict is a person's choice"
        if plain:
            found.append(f"{name}: line {token.start[0]}: {token.string}; use {plain}")
    return found


def test_texts_are_literal() -> None:
    """No file of the project has a phrase of the list."""
    assert [fault for name, text in texts() for fault in phrase_faults(name, text)] == []


def test_names_have_one_meaning() -> None:
    """No Python of the project has a name of the list."""
    assert [fault for name, text in texts() if name.endswith(".py") for fault in name_faults(name, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "the name that a stranger made",
        "from a page\n    elsewhere",
        "the time taken tells nothing",
        "and then left alone",
        "the rules take the stage",
        "# who\n# knocks",
        "while the product makes ready",
        "rows that the contract has outgrown",
        "Turn the data wheel",
        "about 40 rows would tell",
    ],
)
def test_planted_phrase_is_found(text: str) -> None:
    """Each phrase is found, also across lines and comments."""
    assert len(phrase_faults("a.py", text)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_planted_name_is_found(name: str) -> None:
    """Each name is found in code, and not in a text."""
    assert name_faults("a.py", f"x = 1\n{name} = 2\n") == [f"a.py: line 2: {name}; use {NAMES[name]}"]
    assert name_faults("a.py", f'x = "{name}"  # {name}\n') == []


@pytest.mark.parametrize(("path", "is_fault"), [("src/x/model/gates/cost.py", True), ("src/x/core/answers.py", False)])
def test_verdict_is_a_persons_choice(path: str, is_fault: bool) -> None:  # noqa: FBT001
    """The name is found where gates return their results, and nowhere else."""
    assert bool(name_faults(path, "verdict = 1\n")) == is_fault


def test_files_of_the_project_are_read() -> None:
    """The list of files has the source, the tests, the README and the plans."""
    names = {name for name, _ in texts()}
    assert {"README.md", "plan_binary.toml", "pyproject.toml", "tests/conftest.py"} <= names
    assert len(names) > 100
