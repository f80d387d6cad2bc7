"""`init` turns a table of other people into a project that passes its own checks, with no edit of anything."""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from baking import commit, git, own_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
ROWS = 300


def deliveries() -> Iterator[list[str]]:
    """Yield rows as a German spreadsheet has them, with a header that no Python name could be."""
    rng = random.Random(0)  # noqa: S311
    yield ["Liefer-Nr.", "Gewicht (kg)", "class", "Land", "Preis €", "Termin", "Verspätet?"]
    for place in range(ROWS):
        weight, country = rng.uniform(0.1, 40), rng.choice(["Österreich", "Italien", "Norwegen"])
        late = rng.random() < (0.6 if country == "Norwegen" else 0.1)
        cells = [f"L-{place:05d}", f"{weight:.2f}".replace(".", ","), rng.choice("ABC"), country]
        cells += [
            f"{5 + weight * 0.7:.2f} €".replace(".", ","),
            f"{1 + place % 28:02d}.03.2024",
            "ja" if late else "nein",
        ]
        yield cells if rng.random() < 0.95 else [*cells[:2], "k. A.", *cells[3:]]


def run(project: Path, *words: str, code: int = 0) -> str:
    """Run a documented command, which has to end as expected."""
    done = subprocess.run(
        words, cwd=project, env=own_environment(), capture_output=True, text=True, timeout=1200, check=False
    )
    printed = done.stdout + done.stderr
    assert done.returncode == code, f"{' '.join(words)}\n{printed[-8000:]}"
    return printed


def test_project_of_a_table_passes_its_checks(baked: Callable[..., Path], tmp_path: Path) -> None:
    """`make init`, then `make check`, and the data wheel."""
    table = tmp_path / "deliveries.csv"
    with table.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(deliveries())
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)
    git(project, "init", "--quiet")
    commit(project, "Generated")
    run(project, "make", "init", f"CSV={table}", "TARGET=Verspätet?")
    commit(project, "Ours")
    run(project, "make", "check")
    run(project, "make", "data")
    assert git(project, "status", "--porcelain").splitlines() in ([], ["?? uv.lock"])
