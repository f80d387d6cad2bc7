"""The stand-ins for caches and artefacts do with folders what the actions do on GitHub."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
STORE = Path(__file__).resolve().parents[2] / ".github" / "act" / "standins" / "store.py"


class Job:
    """A job with a workspace of its own; the store is that of all jobs."""

    def __init__(self, folder: Path, name: str = "job") -> None:
        self.store, self.workspace = folder, folder / name
        self.workspace.mkdir()

    def write(self, *names: str, text: str = "") -> None:
        for name in names:
            (self.workspace / name).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / name).write_text(text, encoding="utf-8")

    def step(self, command: str, **given: str) -> tuple[int, str]:
        """Return the exit code of a step, and what it printed and set as outputs."""
        env = {"ACT_STATE": str(self.store / "state"), "ACT_ARTIFACTS": str(self.store / "artifacts")}
        env |= {"GITHUB_OUTPUT": str(self.workspace / ".output"), "INCLUDE_HIDDEN_FILES": "false", "RESTORE_KEYS": ""}
        env |= {"IF_NO_FILES_FOUND": "warn", "NAME": "", "INTO": "."} | given
        words = [sys.executable, str(STORE), command]
        done = subprocess.run(words, cwd=self.workspace, env=env, check=False, capture_output=True, text=True)
        output = self.workspace / ".output"
        outputs = output.read_text(encoding="utf-8") if output.exists() else ""
        return done.returncode, done.stdout + done.stderr + outputs

    def files(self) -> list[str]:
        paths = (path.relative_to(self.workspace).as_posix() for path in self.workspace.rglob("*") if path.is_file())
        return sorted(path for path in paths if path != ".output")


def save(folder: Path, key: str) -> None:
    job = Job(folder, f"saves {key}".replace("/", "-"))
    job.write("var/key", text=key)
    assert job.step("save", KEY=key, FILES="var") == (0, "")
    time.sleep(0.01)


@pytest.mark.parametrize(
    ("key", "restore_keys", "matched"),
    [
        ("state-1", "state-", "state-1"),  # the exact one, though others are newer
        ("state-9", "state-", "state-2/b"),  # the newest that begins so
        ("state", "", "state-2/b"),  # the key itself is a prefix as well
        ("x", "none-\nother-\nstate-", "other-1"),  # the first line that finds one
        ("x", "none-", None),
    ],
)
def test_restore_takes_the_exact_entry_or_the_newest_that_begins_as_asked(
    tmp_path: Path, key: str, restore_keys: str, matched: str | None
) -> None:
    for saved in ("state-1", "other-1", "state-2/b"):
        save(tmp_path, saved)
    job = Job(tmp_path)
    code, printed = job.step("restore", KEY=key, RESTORE_KEYS=restore_keys)
    assert code == 0
    assert f"cache-matched-key={matched}" in printed or matched is None
    assert ("cache-hit=true" in printed) == (matched == key)
    assert job.files() == (["var/key"] if matched else [])
    assert not matched or (job.workspace / "var" / "key").read_text(encoding="utf-8") == matched


def test_entry_of_a_cache_never_changes(tmp_path: Path) -> None:
    save(tmp_path, "a")
    job = Job(tmp_path)
    job.write("var/other")
    assert job.step("save", KEY="a", FILES="var") == (0, "::warning::a: there is such an entry already\n")
    assert job.step("save", KEY="b", FILES="none") == (0, "::warning::b: there is nothing to save\n")
    assert [path.name for path in (tmp_path / "state").rglob("*") if path.is_file()] == ["key"]


def test_old_entries_of_a_cache_are_removed(tmp_path: Path) -> None:
    for number in range(7):
        save(tmp_path, f"state-{number}")
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == [f"state-{number}" for number in range(2, 7)]


FILES = ("a.txt", "var/b.txt", "var/in/c.txt", "var/in/d.csv", "var/.hidden")


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ("a.txt", ["a.txt"]),
        ("var/in/c.txt", ["c.txt"]),
        ("var", ["b.txt", "in/c.txt", "in/d.csv"]),
        ("./var/", ["b.txt", "in/c.txt", "in/d.csv"]),
        ("var/**/*.txt", ["b.txt", "in/c.txt"]),
        ("var/in/*.csv\na.txt", ["a.txt", "var/in/d.csv"]),
        ("var\n!var/in/*.csv", ["b.txt", "in/c.txt"]),
    ],
)
def test_artefact_has_the_files_relative_to_their_common_folder(tmp_path: Path, paths: str, kept: list[str]) -> None:
    job, other = Job(tmp_path), Job(tmp_path, "other")
    job.write(*FILES)
    assert job.step("upload", NAME="report", FILES=paths)[0] == 0
    assert other.step("download", NAME="report", INTO=".")[0] == 0
    assert other.files() == kept


def test_every_artefact_is_downloaded_to_a_folder_of_its_own(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.write(*FILES)
    assert job.step("upload", NAME="one", FILES="a.txt")[0] == job.step("upload", NAME="two", FILES="var/in")[0] == 0
    other = Job(tmp_path, "other")
    assert other.step("download", INTO="all")[0] == 0
    assert other.files() == ["all/one/a.txt", "all/two/c.txt", "all/two/d.csv"]


def test_hidden_files_are_uploaded_on_demand(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.write(*FILES)
    assert job.step("upload", NAME="one", FILES="var/.hidden", IF_NO_FILES_FOUND="error")[0] == 1
    assert job.step("upload", NAME="one", FILES="var/.hidden", INCLUDE_HIDDEN_FILES="true")[0] == 0


@pytest.mark.parametrize(
    ("level", "code", "says"), [("warn", 0, "warning"), ("error", 1, "error"), ("ignore", 0, "notice")]
)
def test_missing_files_are_an_error_on_demand(tmp_path: Path, level: str, code: int, says: str) -> None:
    done = Job(tmp_path).step("upload", NAME="report", FILES="none/*", IF_NO_FILES_FOUND=level)
    assert done == (code, f"::{says}::no files found: ['none/*']\n")


def test_artefact_that_is_there_already_or_not_at_all_is_an_error(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.write("a.txt")
    assert job.step("upload", NAME="report", FILES="a.txt")[0] == 0
    assert job.step("upload", NAME="report", FILES="a.txt") == (1, "::error::there is an artefact report already\n")
    assert job.step("download", NAME="other") == (1, "::error::there is no artefact other\n")
