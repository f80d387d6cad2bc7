"""A personal column all the way round: contract, table, product, reactions, training. It leaves no trace."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.plan import load_plan

SECRET = "Ada Lovelace"
PACKAGE = contract.__name__.partition(".")[0]
PROJECT = Path(__file__).parents[2]
COLUMN = '    caller: Annotated[str, {mark}Field(max_length=80, examples=["Ann"], description="Who called")]\n'


@pytest.fixture
def project(tmp_path):
    """Return a function that makes a project whose contract asks who called."""

    def make(mark):
        shutil.copytree(Path(contract.__file__).parent, tmp_path / "src" / PACKAGE)
        changed = tmp_path / "src" / PACKAGE / "contract.py"
        text = changed.read_text(encoding="utf-8").replace("from .schema import ", "from .schema import PERSONAL, ")
        head, docstring, rest = re.split(r'(class Features\(Strict\):\n    """[^"]+"""\n)', text)
        changed.write_text(head + docstring + COLUMN.format(mark=mark) + rest, encoding="utf-8")
        shutil.copy(PROJECT / "plan.toml", tmp_path)
        if (PROJECT / "data").is_dir():
            source = load_plan(PROJECT / "plan.toml").data.source
            (tmp_path / source).parent.mkdir(parents=True)
            with (PROJECT / source).open(newline="") as given, (tmp_path / source).open("w", newline="") as wanted:
                names, *rows = csv.reader(given)
                csv.writer(wanted).writerows([["caller", *names], *([SECRET, *row] for row in rows)])
        return tmp_path

    return make


def command(root, *words):
    """Start a command of the changed project; what it prints goes into `log`."""
    environment = os.environ | {"APP_ROOT": str(root), "PYTHONPATH": str(root / "src"), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-c", f"from {PACKAGE}.cli import main; main()", *words]
    with (root / "log").open("a") as log:
        return subprocess.Popen(words, env=environment, cwd=root, stdout=log, stderr=log)


def ask(url, body):
    """Return what the product answers."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())  # noqa: S310
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def served(root, features):
    """Start the product, use it as people do, stop it, and return all that it answered."""
    process = command(root, "run", "--port", "0")
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", (root / "log").read_text())):
            assert process.poll() is None, (root / "log").read_text()
        url = f"{found[0]}/v1/decisions"
        made = [ask(url, features | {"caller": f"{SECRET} {n}"}) for n in range(3)]
        said = [ask(f"{url}/{json.loads(one)['id']}/reaction", {"verdict": "accept"}) for one in made]
        wrong = [ask(url, features | {"caller": [SECRET]}), ask(url, {"caller": SECRET})]
        read = [ask(f"{url}?limit=10", None), ask(f"{found[0]}/metrics", None)]
        read += [ask(f"{url}/{json.loads(one)['id']}", None) for one in made]
        return made + said + wrong + read
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def traces(root):
    """Return the names of all files and tables that hold the secret."""
    found = [path.name for path in [*(root / "var").rglob("*"), root / "log"] if path.is_file() and _holds(path)]
    if (root / "var" / "lake.db").exists():
        from {{ cookiecutter.__package }}.lake import open_lake

        with open_lake(f"duckdb:///{root}/var/lake.db") as lake:  # its file is compressed
            names = [name for (name,) in lake.backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()]
            found += [name for name in names if any(word in lake.frame(name).to_csv() for word in (SECRET, "caller"))]
    return found


def _holds(path):
    parts = [path.read_bytes()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    return any(SECRET.encode() in part for part in parts)


@pytest.mark.slow
def test_what_is_personal_leaves_no_trace(project, features):
    root = project("PERSONAL, ")
    answers = served(root, features)
    if (root / "data").is_dir():
        watching = ["monitor"] if (PROJECT / "tests" / "operations" / "test_monitor.py").exists() else []
        for word in ["data", "train", *watching]:
            assert command(root, word).wait(120) in {0, 1}, (root / "log").read_text()
        assert "3 of them from reactions" in (root / "log").read_text()
    assert json.loads(answers[0])["model"].startswith("rules:")
    assert [answer for answer in answers if SECRET in answer] == []
    assert traces(root) == []


@pytest.mark.slow
def test_sabotage_a_column_that_nobody_marked_leaves_traces(project, features):
    root = project("")
    answers = served(root, features)
    assert [answer for answer in answers if SECRET in answer]
    assert any(name.startswith("ledger.db") for name in traces(root))
    if (root / "data").is_dir():
        assert {"training", "quarantine"} & set(traces(root))
