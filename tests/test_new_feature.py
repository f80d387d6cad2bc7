"""A new feature goes from the contract to a served decision, and nobody edits more than the contract and the table."""

from __future__ import annotations

import contextlib
import csv
import json
import random
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from baking import CHOICES, commit, git, own_environment, run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
SECONDS = 900
FIRST = CHOICES["problem"][0]  # it is there in every run of `make test`
NAME, DESCRIPTION = "quality_of_papers", "How complete the papers are"
FIELD = f'    {NAME}: Annotated[float, Field(ge=-9, le=9, examples=[0.5], description="{DESCRIPTION}")]\n'
WRITTEN = {"openapi.json", "docs/data-card.md", "docs/croissant.json"}  # by `make openapi` and `make data-card`


def add_feature(project: Path) -> set[str]:
    """Add a column to contract and table, and return the two files; it tells something about the answer."""
    contract = project / "src" / project.name.replace("-", "_") / "problem" / "contract.py"
    before, after = re.split(r"(?<=\n)\n(?=    \w+: Annotated)", contract.read_text(encoding="utf-8"), maxsplit=1)
    contract.write_text(f"{before}\n{FIELD}{after}", encoding="utf-8")
    [table] = (project / "data").glob("*.csv")
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    answers, chance = [row[-1] for row in rows], random.Random(0)  # noqa: S311
    order = ["no", "poor", "average", "yes", "excellent"]
    places = sorted(set(answers), key=lambda answer: order.index(answer) if answer in order else float(answer))
    share = {answer: place / (len(places) - 1) for place, answer in enumerate(places)}
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header[:-1], NAME, header[-1]])
        writer.writerows([*row[:-1], f"{share[row[-1]] + chance.gauss(0, 2):.3f}", row[-1]] for row in rows)
    return {str(path.relative_to(project)) for path in (contract, table)}


def make(project: Path, *words: str) -> str:
    """Run a documented command, which has to succeed."""
    done = run_command(project, "make", "--silent", *words, seconds=SECONDS)
    assert done.returncode == 0, f"make {' '.join(words)}\n{done.stdout[-6000:]}"
    return done.stdout


@contextlib.contextmanager
def serve(project: Path) -> Iterator[str]:
    """Run the product on a free port, and yield its address."""
    with subprocess.Popen(
        ["uv", "run", "--quiet", project.name, "run", "--port", "0"],
        cwd=project,
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            assert running.stdout
            lines = iter(running.stdout.readline, "")
            yield next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        finally:
            running.send_signal(signal.SIGINT)


def show(url: str, folder: Path) -> str:
    """Return a page as a browser has made it; the profile is in a folder."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    words += ["--virtual-time-budget=10000", "--dump-dom", url]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout


def call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the product answers."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answered: dict[str, Any] = json.load(answer)
        return answered


@pytest.mark.parametrize(
    "problem", [FIRST, *(pytest.param(problem, marks=pytest.mark.longest) for problem in CHOICES["problem"][1:])]
)
def test_new_feature_is_served_after_an_edit_of_contract_and_table(
    baked: Callable[..., Path], tmp_path: Path, problem: str
) -> None:
    """It is validated, recorded, shown on the page and used by the model; all other files are as they were."""
    project = tmp_path / baked(problem=problem).name
    shutil.copytree(baked(problem=problem), project)
    git(project, "init", "--quiet")
    make(project, "setup")
    commit(project, "As generated")
    edited = add_feature(project)
    commit(project, "A feature")  # what is promoted was trained from committed files
    for target in ("data", "train", "promote", "openapi", "data-card"):
        make(project, target)
    with serve(project) as url:
        example = call(f"{url}/openapi.json")["components"]["schemas"]["Features"]["examples"][0]
        low, high = (call(f"{url}/v1/decisions", example | {NAME: value}) for value in (-4, 5))
        assert not low["model"].startswith("rules:")
        assert low["score"] != high["score"], (low, high)
        assert call(f"{url}/v1/decisions/{high['id']}")["features"][NAME] == 5
        page = show(f"{url}/#{high['id']}", tmp_path)
        assert f'name="{NAME}"' in page
        assert DESCRIPTION in page
        del example[NAME]
        with pytest.raises(urllib.error.HTTPError, match="422"):
            call(f"{url}/v1/decisions", example)
    assert set(git(project, "diff", "--name-only", "HEAD~1").split()) == edited | WRITTEN
    assert git(project, "ls-files", "--others", "--exclude-standard") == ""
