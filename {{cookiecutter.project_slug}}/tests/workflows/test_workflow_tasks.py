"""The tasks of the workflows: what they find, what they refuse, and what they say without a setting."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import audit
import changed
import cluster as kubernetes
import configured
import pytest
import release_check
import required

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / ".github" / "pipeline"
ALL = {"unit", "integration", "bias", "load"}
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "GH_"))}


def run(task: str, *words: str, folder: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a task as a workflow does."""
    command = [sys.executable, str(PIPELINE / f"{task}.py"), *words]
    return subprocess.run(command, cwd=folder, env=CLEAN | settings, capture_output=True, text=True, check=False)


def git(folder: Path, *words: str) -> str:
    author = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", *author, *words], cwd=folder, env=CLEAN, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit that can be released."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n', encoding="utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.0\n\nNew.\n", encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return folder


@pytest.mark.parametrize(
    ("paths", "jobs"),
    [
        (["README.md", "docs/pipelines.md"], set()),
        (["docs/runbook/NoDecisions.md"], {"unit"}),
        (["docs/data-card.md", "docs/croissant.json", "data/README.md"], {"unit"}),
        (["src/any/data/curate.py"], {"unit", "integration", "bias"}),
        (["src/any/product/app.py"], {"unit", "integration", "load"}),
        (["src/any/core/plan.py"], ALL),
        (["plan.toml"], ALL),
        (["README.md", "a_new_file.txt"], ALL),
        (["tests/load/run.py", "tests/bias/test_groups.py"], {"load", "bias"}),
    ],
)
def test_change_concerns_the_jobs_of_its_wheel(paths: list[str], jobs: set[str]) -> None:
    assert changed.concerned(paths) == jobs


def test_every_job_runs_when_there_is_nothing_to_compare_with(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    (repository / "README.md").write_text("new\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "two")
    assert changed.changed_files(repository, base) == ["README.md"]
    for unknown in ("", "0" * 40, "1" * 40):
        assert changed.changed_files(repository, unknown) is None
    output = repository / "output"
    done = run("changed", folder=repository, BASE=base, GITHUB_OUTPUT=str(output))
    assert done.returncode == 0, done.stderr
    assert set(output.read_text(encoding="utf-8").split()) == {f"{job}=false" for job in ALL}


@pytest.mark.parametrize(
    ("result", "is_fault"), [("success", False), ("skipped", False), ("failure", True), ("cancelled", True)]
)
def test_required_status_fails_with_any_job_that_did_not_pass(result: str, *, is_fault: bool) -> None:
    needs = {"lint": {"result": "success"}, "unit": {"result": result}}
    assert required.find_faults(needs) == ([f"unit: {result}"] if is_fault else [])
    done = run("required", NEEDS=json.dumps(needs))
    assert done.returncode == int(is_fault)


def test_setting_that_a_job_passes_on_and_nobody_gave_has_a_notice() -> None:
    given = {"APP_LEDGER_URL": "", "MLFLOW_TRACKING_URI": "http://registry", "PATH": ""}
    assert [setting.name for setting in configured.missing(given)] == ["APP_LEDGER_URL"]
    printed = run("configured", APP_LEDGER_URL=" ", GITHUB_ACTIONS="true").stdout
    assert printed.startswith("::notice::APP_LEDGER_URL is not set")


def test_commit_can_be_released(repository: Path) -> None:
    done = run("release_check", folder=repository, GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v1.2.0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "signature is not checked" in done.stdout


@pytest.mark.parametrize(
    ("file", "content", "tag", "says"),
    [
        ("pyproject.toml", '[project]\nversion = "1.3.0"\n', "v1.2.0", "the tag is v1.2.0, and pyproject.toml has"),
        ("CHANGELOG.md", "# Changelog\n\n## 1.2.01\n", "v1.2.0", "CHANGELOG.md has no section 1.2.0"),
        ("new.txt", "not committed", "v1.2.0", "files differ from the commit (new.txt)"),
    ],
)
def test_sabotage_of_a_release_is_refused(repository: Path, file: str, content: str, tag: str, says: str) -> None:
    (repository / file).write_text(content, encoding="utf-8")
    if file != "new.txt":
        git(repository, "commit", "-qam", "two")
    done = run("release_check", folder=repository, GITHUB_REF_TYPE="tag", GITHUB_REF_NAME=tag)
    assert done.returncode == 1
    assert says in done.stderr


def test_commit_has_to_be_signed_by_somebody_in_the_list(repository: Path) -> None:
    key, signers = repository.parent / "key", repository / release_check.SIGNERS
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers.parent.mkdir()
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    signers.write_text(f"t@example.com {public}", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "not signed")
    done = run("release_check", folder=repository)
    assert (done.returncode, "the commit is not signed" in done.stderr) == (1, True)
    with_key = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"]
    git(repository, *with_key, "commit", "-q", "-S", "--allow-empty", "-m", "signed")
    done = run("release_check", folder=repository)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("found", "code"), [("[]", 1), ('[{"databaseId": 1}]', 0)])
def test_commit_needs_a_run_of_ci_that_has_passed(repository: Path, found: str, code: int) -> None:
    folder = repository.parent / "bin"
    folder.mkdir()
    (folder / "gh").write_text(f"#!/bin/sh\necho \"$@\" > {folder}/asked\necho '{found}'\n", encoding="utf-8")
    (folder / "gh").chmod(0o755)
    settings = {"GH_TOKEN": "t", "GITHUB_SHA": "abc", "GITHUB_REPOSITORY": "acme/r"}
    done = run("release_check", folder=repository, PATH=f"{folder}:{os.environ['PATH']}", **settings)
    assert done.returncode == code, done.stderr
    assert ("ci has not passed on this commit" in done.stderr) is bool(code)
    assert "--commit abc" in (folder / "asked").read_text(encoding="utf-8")


def test_known_weakness_is_named_and_what_was_not_scanned_is_too() -> None:
    vulnerability = {"id": "CVE-1", "fix_versions": ["2.1"]}
    found = {
        "dependencies": [
            {"name": "a", "version": "2.0", "vulns": [vulnerability]},
            {"name": "b", "version": "1.0", "vulns": []},
            {"name": "c", "skip_reason": "not on the index"},
        ]
    }
    assert audit.describe(found) == (["a 2.0: CVE-1, repaired in 2.1"], ["c"])


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("begin", ["a-program-that-is-not-there"]),
        ("compare_card", ["a-program-that-is-not-there"]),
        ("cluster", ["production"]),
        ("release_image", ["build"]),
        ("release_image", ["load"]),
    ],
)
def test_step_without_its_setting_or_engine_says_so_and_does_nothing(
    tmp_path: Path, task: str, words: list[str]
) -> None:
    if words == ["load"]:  # then the program itself is loaded
        (tmp_path / "tests" / "load").mkdir(parents=True)
        (tmp_path / "tests" / "load" / "run.py").write_text("print('LOADED')", encoding="utf-8")
    done = run(task, *words, folder=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("notice: ")
    assert ("LOADED" in done.stdout) is (words == ["load"])


@pytest.mark.parametrize(("printed", "code"), [("docs/model-card.md is not up to date", 1), ("The champion is", 0)])
def test_stale_model_card_is_red_and_a_card_that_is_not_compared_has_a_notice(
    tmp_path: Path, printed: str, code: int
) -> None:
    (tmp_path / "src" / "any" / "cli").mkdir(parents=True)
    (tmp_path / "src" / "any" / "cli" / "model_card.py").touch()
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{printed}' $@\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    done = run("compare_card", str(program), folder=tmp_path)
    assert done.returncode == code
    start = "notice: " if code == 0 else ""
    assert done.stdout == f"{start}{printed} card champion --check docs/model-card.md\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Return a project of manifests, and a kubectl that writes down what it is asked and builds what it would apply."""
    shutil.copytree(ROOT / "deploy" / "kubernetes", tmp_path / "deploy" / "kubernetes")
    real = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    script = f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n[ "$1" = apply ] || exit 0\n'
    script += f'cat "$KUBECONFIG" > "{tmp_path}/config"\n"{real}" kustomize "$3" > "{tmp_path}/applied"\n'
    (tmp_path / "kubectl").write_text(script, encoding="utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    return tmp_path


def test_image_is_deployed_by_its_digest_after_the_old_migration_is_gone(cluster: Path) -> None:
    digest = f"sha256:{'a' * 64}"
    settings = {"PATH": f"{cluster}:{os.environ['PATH']}", "KUBECONFIG_CONTENT": "secret"}
    done = run("cluster", "production", folder=cluster, IMAGE=f"ghcr.io/acme/r@{digest}", **settings)
    assert done.returncode == 0, done.stderr
    asked = (cluster / "asked").read_text(encoding="utf-8").splitlines()
    verbs = ["delete", "apply", "rollout"]
    assert [verb for line in asked for verb in verbs if verb in line.split()] == verbs
    applied = (cluster / "applied").read_text(encoding="utf-8")
    assert {line.strip() for line in applied.splitlines() if "image:" in line} == {f"image: ghcr.io/acme/r@{digest}"}
    assert (cluster / "config").read_text(encoding="utf-8") == "secret"
    assert "secret" not in done.stdout + done.stderr
    assert sorted(path.name for path in (cluster / kubernetes.OVERLAYS).iterdir()) == ["production", "staging"]


def test_deployment_that_fails_is_red(cluster: Path) -> None:
    (cluster / "kubectl").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    settings = {"PATH": f"{cluster}:{os.environ['PATH']}", "KUBECONFIG_CONTENT": "secret"}
    done = run("cluster", "production", folder=cluster, IMAGE="ghcr.io/acme/r@sha256:0", **settings)
    assert (done.returncode, "kubectl ended with 3" in done.stderr) == (1, True)
    assert "IMAGE is empty" in run("cluster", "production", folder=cluster, IMAGE="@", **settings).stderr
