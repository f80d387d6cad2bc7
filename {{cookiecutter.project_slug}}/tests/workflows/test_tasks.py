"""Tasks run from make, from `uv run` and from commit hooks, wherever the project and uv are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from workflow_checks import make_targets, read

ROOT = Path(__file__).resolve().parents[2]
POE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["poe"]["tasks"]
STUB = '#!/bin/sh\nprintf "%s|" "$(basename "$0")" "$@" "port=$APP_PORT"\necho\n'
TOOLS = ("sh", "sed", "basename", "dirname", "git", "cat", "env", "make")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder, with a space in its name, of the few programs that a task needs; uv is a stub."""
    folder = tmp_path / "Jo Doe" / "bin"
    folder.mkdir(parents=True)
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))
    for name in ("uv", "python3"):
        (folder / name).write_text(STUB, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def make(tools: Path, tmp_path: Path) -> Run:
    """Return a function that runs make in a folder that has a space in its name."""
    project = tmp_path / "my project"
    project.mkdir()
    shutil.copy(ROOT / "Makefile", project)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(tools / "make"), *words]
        env = {"PATH": str(tools)}
        return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False, timeout=60)

    return run


def test_every_task_is_a_target_and_every_target_of_the_workflows_is_a_task() -> None:
    missing = set(POE) - make_targets(ROOT)
    assert missing == set()
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    assert {*re.findall(r"run: make ([\w-]+)\n", text)} - {"setup", "setup-ci"} - set(POE) == set()


def test_every_folder_of_tests_is_run_by_a_job_of_ci() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    targets = re.findall(r"run: make ([\w-]+)\n", text)
    commands = " ".join(POE[target].get("cmd", "") for target in targets if target in POE)
    files = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").glob("*/**/test_*.py")]
    # a runner need not have the browser
    assert {file.parts[0] for file in files if f"tests/{file.parts[0]}" not in commands} - {"browser"} == set()


def test_every_task_says_what_it_does() -> None:
    assert [name for name, task in POE.items() if not task.get("help", "").strip()] == []


def test_make_passes_a_task_on_to_the_task_runner(make: Run) -> None:
    done = make("data")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "uv|sync|--quiet|port=|\nuv|run|--quiet|poe|data|port=|\n"


def test_make_passes_the_port_on(make: Run) -> None:
    assert make("run", "PORT=8123").stdout.endswith("uv|run|--quiet|poe|run|port=8123|\n")


def test_workflows_install_what_is_locked(make: Run, tmp_path: Path) -> None:
    (tmp_path / "my project" / "uv.lock").touch()
    assert make("setup-ci").stdout == "uv|sync|--quiet|--locked|port=|\n"


def test_workflows_say_that_no_lock_is_committed(make: Run) -> None:
    done = make("setup-ci")
    notice, *commands = done.stdout.splitlines()
    assert (done.returncode, commands) == (0, ["uv|lock|--quiet|port=|", "uv|sync|--quiet|--locked|port=|"])
    assert notice.startswith("::notice title=uv.lock is not committed::")


def test_weekly_run_installs_the_newest_versions(make: Run, tmp_path: Path) -> None:
    (tmp_path / "my project" / "uv.lock").touch()
    assert make("newest").stdout == "uv|lock|--upgrade|port=|\nuv|sync|--quiet|port=|\n"
    assert make("setup-ci", "NEWEST=true").stdout == "uv|lock|--upgrade|port=|\nuv|sync|--quiet|--locked|port=|\n"
    assert "--upgrade" not in make("setup-ci", "NEWEST=false").stdout


def test_dependency_that_is_not_in_the_lock_fails_the_setup_of_ci(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    project = '[project]\nname = "{}"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = [{}]\n'
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text(project.format("other", ""), encoding="utf-8")
    env = os.environ | {"UV_OFFLINE": "1", "PATH": os.pathsep.join([os.environ["PATH"], str(ROOT / ".uv" / "bin")])}

    def setup(dependency: str) -> subprocess.CompletedProcess[str]:
        local = '[tool.uv.sources]\nother = { path = "other" }\n[tool.uv]\npackage = false\n'
        (tmp_path / "pyproject.toml").write_text(project.format("product", dependency) + local, encoding="utf-8")
        command = ["make", "setup-ci"]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)

    assert [setup("").returncode for _ in range(2)] == [0, 0]  # the first one writes the lock
    done = setup('"other"')
    assert done.returncode == 2
    assert "`uv.lock` needs to be updated" in done.stderr


def test_make_without_a_target_lists_the_tasks(make: Run, tools: Path) -> None:
    (tools / "uv").write_text('#!/bin/sh\n[ "$1" = sync ] || printf "usage\\n\\nConfigured tasks:\\n  a  b\\n"\n')
    assert make().stdout == "Configured tasks:\n  a  b\n"


@pytest.mark.parametrize("code", [1, 2, 130])
def test_make_fails_when_a_task_fails(make: Run, tools: Path, code: int) -> None:
    (tools / "uv").write_text(f'#!/bin/sh\n[ "$1" = sync ] || exit {code}\n')
    done = make("test")
    assert done.returncode == 2  # of make itself, whatever the task's is
    assert f"Error {code}" in done.stderr


def test_unknown_target_is_refused(make: Run) -> None:
    assert make("nonsense").returncode == 2


def test_missing_uv_is_fetched_into_the_project(make: Run, tools: Path, tmp_path: Path) -> None:
    fetched = tmp_path / "my project" / ".uv" / "bin"
    stub = ["#!/bin/sh", 'echo "$*"', f'mkdir -p "{fetched}"', f'cat > "{fetched}/uv" <<"END"', "#!/bin/sh"]
    stub += ['echo "fetched uv $*"', "END", f'chmod +x "{fetched}/uv"']
    (tools / "uv").unlink()
    (tools / "python3").write_text("\n".join(stub), encoding="utf-8")
    for name in ("mkdir", "chmod"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = make("data")
    lines = ["-m pip install --quiet --target .uv uv", "fetched uv sync --quiet", "fetched uv run --quiet poe data"]
    assert (done.stdout.splitlines(), done.stderr) == (lines, "")


HOOKS = ["end-of-file", "trailing-space", "large-files", "merge-conflict", "private-key", "lint", "types"]
HOOKS += ["architecture"]


def git(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    author = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | env
    command = ["git", *author, *words]
    return subprocess.run(command, cwd=folder, env=plain, capture_output=True, text=True, check=False, timeout=300)


PLACES = [".", "my services/50% \u00fc"]
BELOW = pytest.mark.parametrize("project", [PLACES[1]], indirect=True)


@pytest.fixture(params=PLACES)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of what hooks read of this project: a repository of its own, or a folder of a larger one."""
    project: Path = tmp_path / "all" / request.param
    left_out = shutil.ignore_patterns(".git", ".venv", ".uv", "var", ".*_cache", "__marimo__", "__pycache__", "tests")
    shutil.copytree(ROOT, project, ignore=left_out)
    (project / ".venv").symlink_to(sys.prefix)
    (tmp_path / "all" / ".gitignore").write_text(".venv\n", encoding="utf-8")
    git(tmp_path / "all", "init", "-q")
    git(tmp_path / "all", "add", "-A")
    return project


def environment(project: Path) -> dict[str, str]:
    """Return an environment in which Python and mypy find the copy's package, not the one that is installed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "UV_PROJECT"))}
    return env | {"PYTHONPATH": str(project / "src"), "MYPYPATH": str(project / "src")}


def run_hook(project: Path, *words: str, tool: str = "pre-commit") -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(tool)), "run", *words]
    return subprocess.run(
        command, cwd=project, env=environment(project), capture_output=True, text=True, check=False, timeout=300
    )


def test_hooks_run_the_tasks_of_the_lint_job_of_ci() -> None:
    configured = read(ROOT / ".pre-commit-config.yaml")["repos"]
    hooks = [hook["args"] for repository in configured for hook in repository["hooks"] if "poe" in hook.get("args", ())]
    steps = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["lint"]["steps"]
    assert [f"make {task}" for _, task in hooks] == [step["run"] for step in steps if "run" in step]


@pytest.mark.slow
@pytest.mark.parametrize(("project", "tool"), zip(PLACES, ["pre-commit", "prek"], strict=True), indirect=["project"])
def test_all_hooks_run_in_a_project_wherever_it_is_in_its_repository(project: Path, tool: str) -> None:
    done = run_hook(project, "--all-files", tool=tool)
    assert done.returncode == 0, done.stdout
    # the two hooks about the configuration apply only where it lies at the top of the repository
    ran = re.findall(r"^(.+?)\.{3,}.*(Passed|Skipped)$", done.stdout, re.MULTILINE)
    assert len(ran) == len(HOOKS) + 2
    assert all(result == "Passed" for name, result in ran if not name.startswith("Check "))


@pytest.mark.slow
@BELOW
@pytest.mark.parametrize(
    ("hook", "file", "text"),
    [
        ("trailing-space", "notes.txt", "a line \n"),
        ("end-of-file", "notes.txt", "a line"),
        ("merge-conflict", "notes.txt", "<<<<<<< HEAD\n"),
        ("private-key", "notes.txt", "-----BEGIN RSA " + "PRIVATE KEY-----\n"),
        ("lint", "bad.py", "import os\n"),
        ("types", "src/{package}/core/bad.py", 'number: int = "text"\n'),
        ("architecture", "src/{package}/core/bad.py", "from .. import problem\n"),
    ],
)
def test_hook_refuses_what_it_is_for(project: Path, hook: str, file: str, text: str) -> None:
    [package] = [path.parent.name for path in project.glob("src/*/py.typed")]
    (project / file.format(package=package)).write_text(text, encoding="utf-8")
    git(project, "add", "-A")
    if hook == "merge-conflict":  # it looks for marks during a merge only
        folder = Path(git(project, "rev-parse", "--absolute-git-dir").stdout.strip())
        (folder / "MERGE_MSG").write_text("Merge\n\nConflicts:\n", encoding="utf-8")
        (folder / "MERGE_HEAD").write_text("0" * 40, encoding="utf-8")
    done = run_hook(project, hook, "--all-files")
    assert done.returncode == 1, done.stdout
    assert "Failed" in done.stdout
    assert "not found" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_installed_hook_stops_a_commit_from_any_folder(project: Path, tool: str) -> None:
    install = [str(Path(sys.executable).with_name(tool)), "install"]
    subprocess.run(install, cwd=project, check=True, capture_output=True, timeout=60)
    (project / "notes.txt").write_text("a line \n", encoding="utf-8")
    git(project, "add", "-A")
    skip = {"SKIP": "lint,types,architecture"}
    refused = git(project / "src", "commit", "-qm", "A change", **skip)
    assert refused.returncode == 1
    assert "notes.txt" in refused.stdout + refused.stderr
    git(project, "add", "-A")  # the hook has corrected the file
    assert git(project / "src", "commit", "-qm", "A change", **skip).returncode == 0


@pytest.mark.slow
@BELOW
@pytest.mark.parametrize("folder", [".", "src", ".github/workflows"])
def test_task_runs_from_every_folder_of_the_project(project: Path, folder: str) -> None:
    command, env = ["uv", "run", "--no-sync", "poe", "architecture"], environment(project)
    env["PATH"] += os.pathsep + str(ROOT / ".uv" / "bin")
    done = subprocess.run(
        command, cwd=project / folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
