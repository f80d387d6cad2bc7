"""Write the owner's files: all of them or none, never over an edit, and with a copy of everything that goes."""

import difflib
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

NOTES = "data/README.md"  # made to be filled in by hand: an edit of it is no reason to refuse anything
RECORD = "data/init.json"  # what `init` wrote, by digest, and what it was asked
STAGED = ".init-new"  # the end of the names of files that are not in their place yet
# files of the example that a project begins with, and that belong to no other problem
EXAMPLE = (
    *(f"data/{name}.csv" for name in ("mortgage_applications", "elder_health", "medical_expenses")),
    *(f"tests/problem/learned/test_{name}.py" for name in ("behaviour", "bias")),
)


def read_record(root: Path) -> dict[str, Any]:
    """Return what the last `init` recorded; empty before the first."""
    path = root / RECORD
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def read_descriptions(root: Path, table: str, target: str) -> dict[str, str]:
    """Return the descriptions of columns that a person typed for this table and this target."""
    record = read_record(root)
    is_same = (record.get("table"), record.get("target")) == (table, target)
    found: dict[str, str] = record.get("descriptions", {}) if is_same else {}
    return found


def make_record(files: Mapping[str, str], record: Mapping[str, Any], **asked: Any) -> str:
    """Return the record of what is written now, and of what was written before and stays."""
    digests = record.get("files", {}) | {path: digest(text) for path, text in files.items()}
    return json.dumps({**asked, "files": digests}, indent=2, ensure_ascii=False) + "\n"


def digest(text: str) -> str:
    """Return the SHA-256 of a text, whatever its line endings are."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


def find_edits(root: Path, files: Mapping[str, str], record: Mapping[str, Any]) -> list[str]:
    """Return the paths that would be replaced though somebody edited them since the last `init`."""
    written = record.get("files", {})
    return [
        path
        for path, text in files.items()
        if path in written
        and (root / path).exists()
        and digest(_read(root / path)) not in (written[path], digest(text))
    ]


def find_changes(root: Path, files: Mapping[str, str]) -> list[str]:
    """Return the paths whose text would change, or that are new."""
    return [path for path, text in files.items() if not (root / path).exists() or _read(root / path) != text]


def compare(root: Path, files: Mapping[str, str], paths: Collection[str]) -> Iterator[str]:
    """Yield the lines of a unified diff from the files as they are to the files as proposed."""
    for path in paths:
        old = _read(root / path).splitlines() if (root / path).exists() else []
        yield from difflib.unified_diff(old, files[path].splitlines(), path, f"{path} (proposed)", lineterm="")


def find_stale(root: Path, kept: Collection[str]) -> list[str]:
    """Return the files of the example that are still here."""
    return [path for path in EXAMPLE if (root / path).exists() and path not in kept]


def find_stores(var: Path) -> list[Path]:
    """Return what commands made for the problem so far: tables, models, decisions."""
    ours = ("replaced", "init-report.html")
    return [path for path in sorted(var.iterdir()) if path.name not in ours] if var.is_dir() else []


def write(
    root: Path,
    files: Mapping[str, str | Path],
    stale: Sequence[str],
    stores: Sequence[Path],
    backup: Path,
) -> None:
    """Write texts, and copies of files given as a path; whatever they replace is in the folder `backup` afterwards.

    An error or Ctrl-C on the way leaves the project as it was.
    """
    with ExitStack() as undo:
        for path, content in files.items():
            staged = _staged(root / path)
            staged.parent.mkdir(parents=True, exist_ok=True)
            undo.callback(staged.unlink, missing_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, staged)
            else:
                staged.write_text(content, encoding="utf-8", newline="\n")
        for path in [*files, *stale]:
            _keep_copy(root / path, backup / path, undo)
        for store in stores:
            _move(store, backup / "var" / store.name)
            undo.callback(_move, backup / "var" / store.name, store)
        for path in files:
            _staged(root / path).replace(root / path)
        for path in stale:
            (root / path).unlink()
        undo.pop_all()


def _keep_copy(path: Path, copy: Path, undo: ExitStack) -> None:
    """Copy a file that will be replaced or removed, to be brought back if something fails."""
    if not path.exists():
        undo.callback(path.unlink, missing_ok=True)
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, copy)
    undo.callback(copy.replace, path)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)


def _staged(path: Path) -> Path:
    return path.with_name(f".{path.name}{STAGED}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
