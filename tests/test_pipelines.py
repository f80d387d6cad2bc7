"""The workflows of a fresh project run under act, and a fault that is planted turns the right step red, and no other.

Each run is of the whole file, on a copy of the project, with the real commands.
"""

from __future__ import annotations

import csv
import re
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from baking import commit, git, own_environment, run_command
from foreign import BAKES, replace_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.alone]
SECONDS = 900
SETUP = ["check out", "set up"]
RESTORED = [*SETUP, "say what is not configured", "restore state"]
EXPIRED, PERSONAL = "delete what is older than the plan allows", "look for personal values in what is stored"
DATA = [*RESTORED, EXPIRED, "build the training table", "save state", PERSONAL]
TRAIN = [*RESTORED, "bring the training table up to date", "train", "write the model card", "keep the model card"]
TRAIN = [*TRAIN, "save state"]
PROPOSE = [*SETUP, "get the model card", "open an issue with it"]
EVALUATE = [*SETUP, "restore state", "evaluate it", "keep the page"]
WATCH, ADVANCE = "watch", "one step of the rollout, or back"
OPERATE = [*RESTORED, "make what is missing", WATCH, ADVANCE, "keep the report", "save state"]
CHECKED = "check version, change log and commit"
CANDIDATES = '''from sklearn.dummy import DummyClassifier

def candidates(columns, plan):
    """Return a candidate that has learned nothing."""
    return {"worse": DummyClassifier(strategy="uniform", random_state=0)}
'''


class Run(NamedTuple):
    """What a run of a workflow reported: the result of each step by job and name, and all that was printed."""

    results: dict[tuple[str, str], str]
    printed: str

    def of(self, *results: str) -> list[tuple[str, str]]:
        """Return the steps that ended so."""
        return [step for step, result in self.results.items() if result in results]


@pytest.fixture(scope="module")
def fresh(baked: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh project in a repository of its own, set up."""
    project = tmp_path_factory.mktemp("pipelines") / baked().name
    shutil.copytree(baked(), project)
    git(project, "init", "--quiet")
    commit(project, "As generated")
    make(project, "setup")
    commit(project, "Lock")
    return project


@pytest.fixture
def project(fresh: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to plant a fault in."""
    copied = tmp_path / fresh.name
    shutil.copytree(fresh, copied, ignore=shutil.ignore_patterns("var", ".venv"), symlinks=True)
    return copied


def make(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a task as a person at a terminal would."""
    return run_command(project, "make", "--silent", *words, seconds=SECONDS)


def act(project: Path, workflow: str, event: str, **options: str) -> Run:
    """Run a workflow; the exit code has to agree with the steps."""
    done = make(project, "act", f"WORKFLOW={workflow}", f"EVENT={event}", *(f"{k}={v}" for k, v in options.items()))
    lines = re.findall(r"^(?!red)([\w /]+): (.+): (success|failure|skipped)$", done.stdout, re.MULTILINE)
    reported = Run({(job, step): result for job, step, result in lines}, done.stdout)
    assert bool(done.returncode) is bool(reported.of("failure")), done.stdout
    return reported


def steps(job: str, names: list[str]) -> list[tuple[str, str]]:
    """Return steps of a job as they are reported."""
    return [(job, name) for name in names]


def edit_table(project: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Change the rows of the example."""
    [path] = (project / "data").glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that has to be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def leak_target(rows: list[dict[str, str]]) -> None:
    """Make one input a copy of the answer."""
    for row in rows:
        row["debt_to_income"] = "0.9" if row["declined"] == "yes" else "0.1"


def drop_column(rows: list[dict[str, str]]) -> None:
    """Leave a column out."""
    for row in rows:
        del row["loan_to_value"]


def spoil_values(rows: list[dict[str, str]]) -> None:
    """Put a value that the contract refuses into one row of twenty."""
    for row in rows[::20]:
        row["loan_to_value"] = "-1"


def empty_target(rows: list[dict[str, str]]) -> None:
    """Leave every answer empty."""
    for row in rows:
        row["declined"] = ""


def test_data_hands_its_state_on_to_train_and_to_operate_which_calls_train(fresh: Path) -> None:
    """The four runs of a first week, with the state of each in the next."""
    data = act(fresh, "data", "schedule")
    assert data.of("success") == steps("data", DATA)
    train = act(fresh, "train", "workflow_dispatch")
    after = [*steps("propose", PROPOSE), *steps("evaluate", EVALUATE)]  # at the same time
    assert train.of("success")[: len(TRAIN)] == steps("train", TRAIN)
    assert sorted(train.of("success")[len(TRAIN) :]) == sorted(after)
    assert "restored state-" in (fresh / "var" / "act" / "train.log").read_text(encoding="utf-8")
    operate = act(fresh, "operate", "schedule")
    assert operate.of("success", "failure") == steps("operate", OPERATE)
    called = act(fresh, "operate", "workflow_dispatch", INPUTS="retrain=true")
    found = called.of("success")[len(OPERATE) :]
    assert found[: len(TRAIN)] == steps("train / train", TRAIN)
    assert sorted(found[len(TRAIN) :]) == sorted((f"train / {job}", step) for job, step in after)
    artifacts = fresh / "var" / "act" / "artifacts" / "operate"
    assert {path.name for path in artifacts.iterdir()} == {"monitor", "model-card", "evaluation"}
    summary = (fresh / "var" / "act" / "operate.summary.md").read_text(encoding="utf-8")
    assert all(f"### {title}" in summary for title in ("Watches", "Rollout", "Training table", "Training"))


def test_release_of_a_fresh_project_is_green_and_says_what_is_not_configured(fresh: Path) -> None:
    """All jobs run; what would publish is left out at a desk."""
    git(fresh, "tag", "v0.1.0")
    try:
        ended = act(fresh, "release", "push")
    finally:
        git(fresh, "tag", "--delete", "v0.1.0")
    assert ended.of("failure") == []
    jobs = [job for job, _ in ended.of("success")]
    assert list(dict.fromkeys(jobs)) == ["check", "image", "staging", "production"]
    assert ended.of("skipped") == steps("production", ["publish the image", "attest where it was built"])
    log = (fresh / "var" / "act" / "release.log").read_text(encoding="utf-8")
    for name in ("KUBECONFIG", "APP_LEDGER_URL", "allowed_signers", "no Docker engine"):
        assert re.search(rf"::notice::.*{name}", log), name


@pytest.mark.longest
def test_workflows_work_for_the_problem_of_another_team(baked: Callable[..., Path], tmp_path: Path) -> None:
    """The four of a first week and a release."""
    project = tmp_path / baked(**BAKES["churn"]).name
    shutil.copytree(baked(**BAKES["churn"]), project)
    replace_problem(project, "churn", test=True)
    git(project, "init", "--quiet")
    make(project, "setup")
    make(project, "openapi")
    commit(project, "Ours")
    for workflow, options in (("data", {}), ("train", {}), ("operate", {}), ("operate", {"INPUTS": "retrain=true"})):
        ended = act(project, workflow, "workflow_dispatch", **options)
        assert ended.of("failure") == [], ended.printed
    git(project, "tag", "v0.1.0")
    assert act(project, "release", "push").of("failure") == []


@pytest.mark.longest
def test_release_of_a_product_without_the_other_wheels_is_green(baked: Callable[..., Path], tmp_path: Path) -> None:
    """It serves its rules."""
    project = tmp_path / baked(scope="product first").name
    shutil.copytree(baked(scope="product first"), project)
    git(project, "init", "--quiet")
    make(project, "setup")
    commit(project, "As generated")
    git(project, "tag", "v0.1.0")
    assert act(project, "release", "push").of("failure") == []


def test_ci_of_a_pull_request_runs_what_the_change_concerns(project: Path, tmp_path: Path) -> None:
    """A change of documentation concerns no test."""
    base = git(project, "rev-parse", "HEAD").strip()
    (project / "README.md").write_text("new", encoding="utf-8")
    commit(project, "Docs")
    output = tmp_path / "output"
    env = own_environment() | {"BASE": base, "GITHUB_OUTPUT": str(output)}
    subprocess.run(["make", "--silent", "changes"], cwd=project, env=env, check=True, capture_output=True)
    assert set(output.read_text(encoding="utf-8").split()) == {
        *("unit=false", "integration=false", "bias=false", "load=false")
    }


@pytest.mark.longest
def test_faults_of_a_change_are_red_in_their_jobs_of_ci_and_nothing_is_loaded(project: Path) -> None:
    """An import out of order, a test that fails, and a cost that makes the rules unfit, in one run."""
    [rules] = project.glob("src/*/problem/rules.py")
    rules.write_text(rules.read_text(encoding="utf-8") + "import os\n", encoding="utf-8")
    [folder] = (project / "tests").glob("unit")
    failing = '"""A test that fails."""\n\n\ndef test_that_fails() -> None:\n    assert False\n'
    (folder / "test_that_fails.py").write_text(failing, encoding="utf-8")
    (project / "tests" / "bias" / "test_that_fails_too.py").write_text(failing, encoding="utf-8")
    commit(project, "Three faults")
    ended = act(project, "ci", "push")
    red = {("lint", "lint"), ("unit", "unit tests"), ("bias", "bias tests"), ("required", "no job failed")}
    assert set(ended.of("failure")) == red, ended.printed
    green = [*steps("changes", ["check out"]), *steps("integration", ["integration tests"])]
    assert set(green) <= set(ended.of("success"))
    assert "load: not started" in ended.printed


@pytest.mark.parametrize(
    "change",
    [
        spoil_values,
        leak_target,
        pytest.param(drop_column, marks=pytest.mark.longest),
        pytest.param(empty_target, marks=pytest.mark.longest),
    ],
)
def test_bad_data_stops_data_before_it_saves_its_state(project: Path, change: Callable[..., None]) -> None:
    """The state of the day before stays."""
    edit_table(project, change)
    ended = act(project, "data", "schedule")
    assert ended.of("failure") == steps("data", ["build the training table"]), ended.printed
    assert ended.of("skipped") == steps("data", ["save state", PERSONAL])


@pytest.mark.parametrize("fault", ["worse candidate", pytest.param("unfair candidate", marks=pytest.mark.longest)])
def test_candidate_that_may_not_serve_stops_train_and_is_not_proposed(project: Path, fault: str) -> None:
    """No card and no issue of a model that no gate has passed."""
    if fault == "unfair candidate":
        edit(project / "plan.toml", "false_positive_rate = 0.10", "false_positive_rate = 0.001")
    else:
        [path] = project.glob("src/*/problem/candidates.py")
        path.write_text(f'"""Candidates."""\n\n{CANDIDATES}', encoding="utf-8")
    ended = act(project, "train", "schedule")
    assert ended.of("failure") == steps("train", ["train"]), ended.printed
    assert ended.of("skipped") == steps("train", ["write the model card", "keep the model card"])
    assert not any(job == "propose" for job, _ in ended.results)
    assert "propose: not started" in ended.printed


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("change log", "CHANGELOG.md has no section 0.1.0"),
        ("not signed", "the commit is not signed"),
        ("dirty", "files differ from the commit"),
    ],
)
def test_commit_that_cannot_be_released_stops_release_at_once(project: Path, fault: str, says: str) -> None:
    """Nothing is built of it."""
    if fault == "change log":
        edit(project / "CHANGELOG.md", "## 0.1.0", "## Unreleased")
    elif fault == "not signed":
        (project / ".github" / "allowed_signers").write_text("a@example.com ssh-ed25519 AAAA\n", encoding="utf-8")
    elif fault == "dirty":
        edit(project / ".gitignore", "__pycache__/\n", "")
    commit(project, "A fault")
    ended = act(project, "release", "push")
    assert ended.of("failure") == steps("check", [CHECKED]), ended.printed
    assert says in ended.printed
    assert all(f"{job}: not started" in ended.printed for job in ("image", "staging", "production"))


def test_product_that_is_slower_than_its_plan_stops_release_before_production(project: Path) -> None:
    """It is loaded on staging, and nothing is published."""
    plan = project / "plan.toml"
    plan.write_text(re.sub(r"(?m)^p99_ms = .*$", "p99_ms = 0.2", plan.read_text(encoding="utf-8")), encoding="utf-8")
    plan.write_text(re.sub(r"(?m)^p95_ms = .*$", "p95_ms = 0.1", plan.read_text(encoding="utf-8")), encoding="utf-8")
    commit(project, "A plan that no product keeps")
    ended = act(project, "release", "push")
    assert ended.of("failure") == steps("staging", ["load it"]), ended.printed
    assert "production: not started" in ended.printed


@pytest.fixture(scope="module")
def used(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a live rollout of a harmful challenger, whose product had drifted traffic."""
    project = tmp_path_factory.mktemp("used") / fresh.name
    shutil.copytree(fresh, project, ignore=shutil.ignore_patterns("var", ".venv"), symlinks=True)
    for words in (["prepare"], ["train"], ["promote"]):
        done = make(project, *words)
        assert done.returncode == 0, done.stdout
    program = ["uv", "run", "--quiet", project.name]
    subprocess.run([*program, "faulty-challenger", "worse"], cwd=project, env=own_environment(), check=True)
    subprocess.run([*program, "rollout", "start", "--force", "a test"], cwd=project, env=own_environment(), check=True)
    with subprocess.Popen(
        [*program, "run", "--port", "0"], cwd=project, env=own_environment(), stdout=subprocess.PIPE, text=True
    ) as product:
        try:
            assert product.stdout is not None
            url = next(found[0] for line in product.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            traffic = ["simulate", "--url", url, "--count", "600", "--delay", "0", "--fault", "drift"]
            subprocess.run([*program, *traffic], cwd=project, env=own_environment(), check=True)
        finally:
            product.send_signal(signal.SIGINT)
            product.wait(60)
    state = project / "var" / "act" / "state" / "state-1-1-planted" / "var"
    shutil.copytree(project / "var", state, ignore=shutil.ignore_patterns("act"))
    return project


def test_harmful_challenger_is_rolled_back_and_failing_watches_are_red_while_the_state_is_saved(used: Path) -> None:
    """The rollback does not wait for the watches, nor they for it."""
    ended = act(used, "operate", "schedule")
    assert ended.of("failure") == steps("operate", [WATCH, ADVANCE]), ended.printed
    assert ended.results["operate", "save state"] == "success"
    assert "Rolled back: shadow cost" in ended.printed
    assert not any(job.startswith("train") for job, _ in ended.of("success", "failure"))
    # the rollback is in the state: the next hour finds no live rollout
    again = act(used, "operate", "schedule")
    assert again.results["operate", ADVANCE] == "success"


def test_model_that_was_changed_on_disk_fails_the_watch_alone(used: Path, tmp_path: Path) -> None:
    """A fault of the program, which no data explains."""
    project = tmp_path / used.name
    shutil.copytree(used, project, ignore=shutil.ignore_patterns(".venv"), symlinks=True)
    newest = max((project / "var" / "act" / "state").iterdir(), key=lambda path: path.stat().st_mtime)
    for path in newest.rglob("*.skops"):
        path.write_bytes(b"changed")
    ended = act(project, "operate", "schedule")
    assert ended.of("failure") == steps("operate", [WATCH]), ended.printed
