"""Traces of a subject in files that are no databases: reports, which are removed, and others, which are named."""

import html
import json
import mmap
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

MINIMUM = 6  # characters: shorter texts are in every file by chance
DATABASES = re.compile(rb"SQLite format 3|.{8}DUCK", re.DOTALL)
REPORTS = (".html", ".md")  # directly in var/: they can be made again
TOUR = "tour"  # a demonstration that begins anew every time, with tables of the same source
# the tables and models of earlier problems, and copies of the project in which workflows ran
COPIES = ("replaced", "act")


def remove_traces(folder: Path, texts: Iterable[str]) -> list[str]:
    """Remove the tour, and the reports that have one of some texts; return their names."""
    removed = [folder / TOUR] if (folder / TOUR).is_dir() else []
    removed += [path for path in find_traces(folder, texts) if path.parent == folder and path.suffix in REPORTS]
    for path in removed:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in removed]


def find_traces(folder: Path, texts: Iterable[str]) -> list[Path]:
    """Return the files below a folder that have one of some texts as a word, as it is or as HTML or JSON escape it.

    Databases are left out: their rows have been deleted, and cells stand beside each other without a space.
    """
    forms = {form.encode() for text in texts if len(text) >= MINIMUM for form in _spell(text)}
    if not forms:
        return []
    pattern = re.compile(rb"(?<![A-Za-z0-9])(?:" + b"|".join(map(re.escape, sorted(forms))) + rb")(?![A-Za-z0-9])")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if path.stat().st_size and _has(path, pattern)]


def find_copies(folder: Path) -> list[str]:
    """Return the names of folders of copies, which are not searched."""
    return [name for name in COPIES if (folder / name).is_dir()]


def _spell(text: str) -> Iterator[str]:
    yield from (text, html.escape(text), json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])


def _has(path: Path, pattern: re.Pattern[bytes]) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return not DATABASES.match(content) and pattern.search(content) is not None
