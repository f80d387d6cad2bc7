"""An error that a person can correct is printed as one line, and changes nothing."""

import errno
import importlib
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from {{ cookiecutter.__package }}.cli import composition, main, server
from {{ cookiecutter.__package }}.cli.preparation import is_prepared
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores.models import SERVED

PACKAGE = Path(main.__file__).parents[1]


def read_files(folder):
    """Return every file of a folder, byte for byte."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_refused(outcome, expected):
    code, out, error = outcome
    assert (code, out) == (2, "")
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert expected in error


PLANS = {
    "an unknown key": (lambda text: text.replace("[gates]", "[gatse]"), "the nearest known one is gates"),
    "a bad value": (lambda text: text.replace("rounds = 200", "rounds = 1"), "gates.bootstrap_rounds: Input should be"),
    "not TOML": (lambda text: text.replace("[gates]", "[gates"), "not valid TOML"),
    "an empty file": (lambda _: "", "product: Field required"),
    "costs of another kind of answer": (
        lambda text: text.replace("false_negative", "too_low").replace("false_positive =", "too_high ="),
        "plan.toml: costs: give false_negative and false_positive",
    ),
}


@pytest.mark.parametrize("fault", PLANS)
def test_bad_plan_is_refused(workspace, command, fault):
    change, expected = PLANS[fault]
    path = workspace.root / "plan.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = read_files(workspace.root)
    assert_refused(command("run", "--prepare", "--port", "0"), expected)
    assert read_files(workspace.root) == before


@pytest.mark.parametrize("what", ["no file", "a folder"])
def test_missing_plan_is_refused(workspace, command, what):
    (workspace.root / "plan.toml").unlink()
    if what == "a folder":
        (workspace.root / "plan.toml").mkdir()
    before = read_files(workspace.root)
    assert_refused(command("run", "--prepare", "--port", "0"), "plan.toml: cannot be read: ")
    assert read_files(workspace.root) == before


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("APP_HOST", "0.0.0.0", "listening on 0.0.0.0 needs an API key"),  # noqa: S104  # it is to be refused
        ("APP_PORT", "many", "APP_PORT: Input should be a valid integer"),
        ("APP_MAX_BODY_BYTES", "1", "APP_MAX_BODY_BYTES: Input should be greater than or equal to 256"),
    ],
)
def test_bad_setting_is_refused(workspace, command, monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    before = read_files(workspace.root)
    assert_refused(command("run", "--prepare"), expected)
    assert read_files(workspace.root) == before


def test_port_in_use_is_refused_before_anything_is_made(workspace, command):
    shutil.rmtree(workspace.root / "var")
    before = read_files(workspace.root)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_refused(command("run", "--port", str(port)), f"cannot listen on 127.0.0.1:{port}")
    assert read_files(workspace.root) == before


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_port_that_no_machine_has_is_refused(command, port):
    code, out, error = command("run", "--prepare", "--port", port)
    assert (code, out) == (2, "")
    assert "Invalid value for '--port'" in error


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a..b"])
def test_host_that_is_not_this_machine_is_refused(workspace, command, monkeypatch, host):
    monkeypatch.setenv("APP_HOST", host)
    monkeypatch.setenv("APP_API_KEYS", "a-key-of-sixteen-or-more")
    before = read_files(workspace.root)
    refused = command("run", "--port", "0")
    assert_refused(refused, f"cannot listen on {host}:0: ")
    assert "choose another with APP_HOST" in refused[2]
    assert read_files(workspace.root) == before


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("--prepare",)])
@pytest.mark.parametrize("broken", ["ledger out of reach", "ledger no database"])
def test_no_address_is_printed_when_the_ledger_cannot_be_opened(workspace, command, monkeypatch, words, broken):
    if broken == "ledger out of reach":
        monkeypatch.setenv("APP_LEDGER_URL", "postgresql+psycopg://me@127.0.0.1:1/ledger")
    else:
        for file in (workspace.root / "var").glob("ledger.db*"):
            file.unlink()
        (workspace.root / "var" / "ledger.db").write_text("no database", encoding="utf-8")
    assert_refused(command("run", "--port", "0", *words), "ledger: cannot open it")


def test_no_address_is_printed_when_no_model_can_be_loaded(workspace, command, monkeypatch):
    for model in (workspace.root / "var" / "models" / "versions").glob("*"):
        model.write_bytes(b"another file")
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("the product was started"))
    assert_refused(command("run", "--port", "0"), "does not load")


def test_prepared_project_is_left_as_it_is(workspace, command):
    before = {path: content for path, content in read_files(workspace.root).items() if "models" in path.parts}
    assert command("run", "--prepare", "--port", "0")[0] == 0
    assert {path: path.read_bytes() for path in before} == before
    assert is_prepared(workspace.project)


def test_folder_that_cannot_be_written_is_refused(workspace, command):
    """A file of its name stands for a folder that cannot be made."""
    shutil.rmtree(workspace.root / "var")
    (workspace.root / "var").touch()
    before = read_files(workspace.root)
    code, _, error = command("run", "--prepare", "--port", "0")
    assert (code, error.count("\n")) == (2, 1), error
    assert read_files(workspace.root) == before


@pytest.mark.slow
def test_stores_elsewhere_need_no_folder_in_the_project(workspace, command, monkeypatch, tmp_path):
    shutil.rmtree(workspace.root / "var")
    (workspace.root / "var").touch()
    before = read_files(workspace.root)
    monkeypatch.setenv("APP_LAKE_URL", f"duckdb:///{tmp_path}/v/lake.db")
    monkeypatch.setenv("APP_MODELS_URL", f"{tmp_path}/v/models")
    for name in ("registry", "ledger"):
        monkeypatch.setenv(f"APP_{name.upper()}_URL", f"sqlite:///{tmp_path}/v/{name}.db")
    code, _, error = command("run", "--prepare", "--port", "0")
    assert (code, error) == (0, "")
    assert read_files(workspace.root) == before


def test_every_command_has_a_help_text(command):
    code, text, _ = command("--help")
    assert code == 0
    names = list(get_command(main.app()).commands)
    assert len(names) >= 3
    for name in names:
        assert name in text
        code, details, _ = command(name, "--help")
        assert code == 0
        assert "Usage:" in details


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["score", "--help"]])
def test_help_imports_no_library_that_takes_long(words):
    program = (
        f"import sys; sys.argv = ['project', *{words!r}]\n"
        f"from {main.__name__} import main\n"
        "try: main()\n"
        "finally: print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "Usage:" in done.stdout
    slow = ["alembic", "duckdb", "fastapi", "ibis", "mlflow", "numpy", "pandas", "pyarrow", "sklearn", "sqlalchemy"]
    slow += ["uvicorn"] if len(words) > 1 else ["uvicorn", "pydantic"]  # Typer takes pydantic for options
    assert [name for name in slow if f"'{name}'" in done.stderr] == []


CONTRACT = '''"""What the product asks, and what a model answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..core.schema import PROTECTED, Strict

KEY = "case"


class Features(Strict):
    """A case."""

    size: Annotated[float, Field(ge=0)]
    colour: Literal["red", "blue"] | None = None
    group: Annotated[Literal["a", "b"] | None, PROTECTED] = None


class Label(Strict):
    """What is true."""

    refused: Literal["no", "yes"]
'''
RULES = """RULES = [
    ("size", ">", 2.0, 0.9, "large"),
    ("colour", "==", "red", 0.3, "red"),
]
OTHERWISE = 0.1
"""
CANDIDATES = """from sklearn.linear_model import LogisticRegression


def candidates(columns, plan):
    return {"learned": LogisticRegression(C=1.0)}
"""
FILES = {"contract.py": CONTRACT, "rules.py": RULES, "candidates.py": CANDIDATES}
FAULTS = [
    ("contract.py", "class Label(Strict):", "class Label(Strict)", ", line 22: SyntaxError: "),
    ("contract.py", "Annotated[float, ", "Annotated[flaot, ", ", line 14: PydanticUndefinedAnnotation: name 'flaot'"),
    ("contract.py", "PROTECTED, Strict", "PROTECTD, Strict", ", line 9: ImportError: cannot import name 'PROTECTD'"),
    ("contract.py", "from pydantic", "from pydantik", ", line 7: ModuleNotFoundError: No module named 'pydantik'"),
    ("contract.py", "class Label", "class Lable", ": ImportError: cannot import name 'Label'"),
    ("contract.py", "KEY = ", "KEI = ", ": ImportError: cannot import name 'KEY'"),
    ("contract.py", "Annotated[float, Field(ge=0)]", "list[float]", ": size is "),
    ("contract.py", "    refused:", "    other: float\n    refused:", ": Label has 2 fields; it needs exactly one"),
    ("rules.py", "OTHERWISE = 0.1", "OTHERWISE = = 1", ", line 5: SyntaxError: invalid syntax"),
    ("rules.py", "OTHERWISE = 0.1", "OTHERWISE = luck", ", line 5: NameError: name 'luck' is not defined"),
    ("rules.py", "OTHERWISE", "OTHERWIZE", ": ImportError: cannot import name 'OTHERWISE'"),
    ("rules.py", '"large"),', '"large")', ", line 2: TypeError: 'tuple' object is not callable"),
    ("rules.py", "RULES = [", "import json\njson.loads('{')\nRULES = [", ", line 2: JSONDecodeError: "),
    ("rules.py", '("size"', '("seize"', ": rule 1: seize is not a column that models see"),
    ("candidates.py", "def candidates(", "def candidates(:", ", line 4: SyntaxError: "),
    ("candidates.py", "from sklearn", "from skleran", ", line 1: ModuleNotFoundError: No module named 'skleran'"),
    ("candidates.py", "LogisticRegression(C", "LogisticRegresion(C", ", line 5: NameError: name 'LogisticRegresion'"),
    ("candidates.py", "(C=1.0)", "(D=1.0)", ", line 5: TypeError: "),
    ("candidates.py", "def candidates(", "def models(", ": ImportError: cannot import name 'candidates'"),
]


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Return a function that imports a copy of this package whose `problem/` is another; imports are relative."""
    shutil.copytree(PACKAGE, tmp_path / "edited", ignore=shutil.ignore_patterns("__pycache__", "problem"))
    monkeypatch.syspath_prepend(tmp_path)

    def load(**files):
        folder = tmp_path / "edited" / "problem"
        folder.mkdir()
        for name, text in {"__init__.py": "", **files}.items():
            (folder / name).write_text(text, encoding="utf-8")
        return importlib.import_module("edited.cli.main")

    yield load
    for name in [name for name in sys.modules if name.partition(".")[0] == "edited"]:
        del sys.modules[name]


@pytest.fixture
def run_edited(edited, workspace, monkeypatch, capsys):
    """Return a function that reads the problem, as every command does first, and returns what was printed."""

    def run(**files):
        copied = edited(**files)

        def read_problem():
            project = importlib.import_module("edited.cli.composition").load_project()
            print(list(project.problem.candidates()))

        monkeypatch.setattr(copied, "app", lambda: read_problem)
        monkeypatch.setenv("APP_ROOT", str(workspace.root))
        capsys.readouterr()
        try:
            copied.main()
        except SystemExit as done:
            return (done.code, *capsys.readouterr())
        return (0, *capsys.readouterr())

    return run


def test_problem_of_another_owner_is_read(run_edited):
    assert run_edited(**FILES) == (0, "['learned']\n", "")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_error_in_a_file_of_the_owner_is_one_line_with_file_and_line(run_edited, file, old, new, expected):
    assert old in FILES[file]
    faulty = FILES[file].replace(old, new, 1)
    assert_refused(run_edited(**FILES | {file: faulty}), f"error: {file}{expected}")


def test_errors_of_other_code_keep_their_traceback(command, monkeypatch):
    def fail():
        raise LookupError

    monkeypatch.setattr(main, "app", lambda: fail)
    with pytest.raises(LookupError):
        command()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EFBIG, errno.EISDIR])
def test_file_that_cannot_be_read_or_written_is_one_line(command, monkeypatch, code):
    def fail():
        raise OSError(code, "the reason", "a/file")

    monkeypatch.setattr(main, "app", lambda: fail)
    assert_refused(command(), "a/file: the reason; make room or give access, then try again")


def test_file_is_not_scored_with_rules_of_another_contract(workspace, command, tmp_path):
    models = workspace.project.models
    for alias in SERVED:
        entry = models.entry(alias)
        models.publish(alias, **entry | {"tags": entry["tags"] | {"contract": "another"}})
    file = tmp_path / "rows.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    assert_refused(command("score", str(file)), "was made for another contract; run `run --prepare` first")


def test_message_of_several_lines_is_printed_as_one(command, monkeypatch):
    def fail():
        raise UserError("one\n  and [bold]two[/]")

    monkeypatch.setattr(main, "app", lambda: fail)
    assert_refused(command(), "error: one and [bold]two[/]\n")


def test_files_of_the_owner_are_where_errors_are_looked_for():
    names = {path.name for path in main.OWNED.iterdir()}
    assert {"contract.py", "rules.py"} <= names
    assert composition.KEY
