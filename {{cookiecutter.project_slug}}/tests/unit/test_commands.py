"""What a person can put right is said in one line, and changes nothing."""

import shutil
import socket
import sys

import pytest

from {{ cookiecutter.__package }} import cli
from {{ cookiecutter.__package }}.product import predictor


def contents(workspace):
    """Return every file of the workspace, byte for byte."""
    return {path: path.read_bytes() for path in sorted(workspace.root.rglob("*")) if path.is_file()}


def assert_refused(outcome, said):
    code, out, error = outcome
    assert (code, out) == (2, "")
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert said in error


PLANS = {
    "an unknown key": (lambda text: text.replace("[speed]", "[sped]"), "the nearest known one is speed"),
    "a bad value": (lambda text: text.replace("folds = 5", "folds = 1"), "data.folds: Input should be greater"),
    "not TOML": (lambda text: text.replace("[speed]", "[speed"), "not valid TOML"),
    "an empty file": (lambda _: "", "Field required"),
}


@pytest.mark.parametrize("fault", PLANS)
def test_a_bad_plan(workspace, command, fault):
    change, said = PLANS[fault]
    path = workspace.root / "plan.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = contents(workspace)
    assert_refused(command("run", "--prepare", "--port", "0"), said)
    assert contents(workspace) == before


def test_no_plan(workspace, command):
    (workspace.root / "plan.toml").unlink()
    before = contents(workspace)
    assert_refused(command("run", "--prepare", "--port", "0"), "plan.toml: no such file")
    assert contents(workspace) == before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("APP_HOST", "0.0.0.0", "listening on 0.0.0.0 needs an API key"),  # noqa: S104 - it is to be refused
        ("APP_PORT", "many", "APP_PORT: Input should be a valid integer"),
        ("APP_MAX_BODY_BYTES", "1", "APP_MAX_BODY_BYTES: Input should be greater than or equal to 256"),
    ],
)
def test_a_bad_setting(workspace, command, monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    before = contents(workspace)
    assert_refused(command("run", "--prepare"), said)
    assert contents(workspace) == before


def test_a_port_in_use(workspace, command):
    """The port is taken first, so that a second product does not even begin to make data and models."""
    shutil.rmtree(workspace.settings.var, ignore_errors=True)
    before = contents(workspace)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_refused(command("run", "--prepare", "--port", str(port)), f"cannot listen on 127.0.0.1:{port}")
    assert contents(workspace) == before


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_no_machine_has(command, port):
    code, out, error = command("run", "--prepare", "--port", port)
    assert (code, out) == (2, "")
    assert "Invalid value for '--port'" in error


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a..b"])
def test_a_host_that_is_not_this_machine(workspace, command, monkeypatch, host):
    monkeypatch.setenv("APP_HOST", host)
    monkeypatch.setenv("APP_API_KEYS", "a-key-of-sixteen-or-more")
    before = contents(workspace)
    refused = command("run", "--prepare", "--port", "0")
    assert_refused(refused, f"cannot listen on {host}:0: ")
    assert "choose another with APP_HOST" in refused[2]
    assert contents(workspace) == before


@pytest.mark.parametrize("words", [(), ("--prepare",)])
@pytest.mark.parametrize("broken", ["the ledger is away", "the ledger is no database", "a model is not to be had"])
def test_nothing_is_promised_that_cannot_be_kept(workspace, command, monkeypatch, words, broken):
    said = "ledger: cannot open it"
    if broken == "the ledger is away":
        monkeypatch.setenv("APP_LEDGER_URL", "postgresql+psycopg://me@127.0.0.1:1/ledger")
    elif broken == "the ledger is no database":
        workspace.settings.var.mkdir(exist_ok=True)
        (workspace.settings.var / "ledger.db").write_text("no database", encoding="utf-8")
    else:
        said = "was made for another contract"
        monkeypatch.setattr(predictor, "fingerprint", lambda *_: "another")
    code, out, error = command("run", "--port", "0", *words)
    assert (code, "answers on" in out) == (2, False)
    assert error.startswith("error: ")
    assert said in error


def test_what_is_ready_is_left_as_it_is(workspace, command):
    before = workspace.registry().version("champion")
    assert command("run", "--prepare", "--port", "0")[0] == 0
    assert workspace.registry().version("champion") == before


def test_every_command_explains_itself(command):
    code, text, _ = command("--help")
    assert code == 0
    names = [made.name or made.callback.__name__ for made in cli.app().registered_commands]
    assert len(names) > 5
    for name in names:
        assert name in text
        assert command(name, "--help")[0] == 0


def test_what_was_made_is_removed_from_the_project_and_nowhere_else(workspace, command, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "var").mkdir(parents=True)
    (workspace.root / ".ruff_cache").mkdir()
    monkeypatch.chdir(elsewhere)
    code, out, error = command("clean")
    assert (code, out, error) == (0, f"Removed what was made in {workspace.root}.\n", "")
    assert (elsewhere / "var").is_dir()
    assert not {"var", ".ruff_cache"} & {path.name for path in workspace.root.iterdir()}


def test_nothing_is_removed_where_no_project_is(workspace, command):
    (workspace.root / "plan.toml").unlink()
    before = contents(workspace)
    assert_refused(command("clean"), f"{workspace.root} is not the project's folder, it has no plan.toml; go there")
    assert contents(workspace) == before


@pytest.mark.parametrize("task", ["lint", "types", "test", "check", "fix"])
def test_tasks_of_developers_run_in_the_project_only(workspace, command, monkeypatch, task):
    (workspace.root / "deep").mkdir()
    monkeypatch.chdir(workspace.root / "deep")
    assert_refused(command(task), "deep is not the project's folder, it has no plan.toml; go there")


RULES = {
    "not Python": ("RULES = []\nOTHERWISE = = 1\n", "edited_rules.py, line 2: SyntaxError: invalid syntax"),
    "an unknown name": ("RULES = []\nOTHERWISE = luck\n", "edited_rules.py, line 2: NameError: name 'luck'"),
    "a comma missing": ("RULES = [\n    (1, 2)\n    [3, 4],\n]\n", "edited_rules.py, line 2: TypeError: "),
    "a name missing": ("RULES = []\n", "edited_rules.py: ImportError: cannot import name 'OTHERWISE'"),
    "an error deep inside": ("import json\njson.loads('{')\n", "edited_rules.py, line 2: JSONDecodeError: "),
}


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("fault", RULES)
def test_rules_that_do_not_import_are_one_line(command, monkeypatch, tmp_path, fault):
    text, said = RULES[fault]
    (tmp_path / "edited_rules.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cli, "WRITTEN", [tmp_path / "edited_rules.py"])

    def asked():
        from edited_rules import OTHERWISE

        return OTHERWISE

    monkeypatch.setattr(cli, "app", lambda: asked)
    sys.modules.pop("edited_rules", None)
    assert_refused(command(), said)
    sys.modules.pop("edited_rules", None)


def test_any_other_error_keeps_its_trace(command, monkeypatch):
    def broken():
        raise LookupError

    monkeypatch.setattr(cli, "app", lambda: broken)
    with pytest.raises(LookupError):
        command()


def test_the_files_that_people_write_are_there():
    assert [path.is_file() for path in cli.WRITTEN] == [True, True]
