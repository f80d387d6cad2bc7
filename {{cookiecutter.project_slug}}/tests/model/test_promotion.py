"""`promote` and `rollout start` read again what the registry has of a version, and refuse what does not hold."""

import json
import re
import subprocess

import ibis
import pytest
from problems import USUAL
from training import training_table

from {{ cookiecutter.__package }}.cli.promotion import read_runs
from {{ cookiecutter.__package }}.core.result import GateResult
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.model.evaluate import split_columns
from {{ cookiecutter.__package }}.model.provenance import provenance
from {{ cookiecutter.__package }}.stores.evidence import EVIDENCE
from {{ cookiecutter.__package }}.stores.mlflow_client import NAME

PROBLEM = USUAL.problem()
PASSED = GateResult("cost", "pass", "cheaper")


def register(workspace, *results, score=0.2, alias="challenger"):
    """Register a constant as `train` does, with everything that it was made from; return its version."""
    project, table = workspace.project, training_table("usual")
    tags = provenance(table, split_columns(table, PROBLEM), PROBLEM, project.plan, workspace.root)
    champion = project.registry.label(project.registry.version("champion"))
    with project.lake() as lake:
        tags["data_run"] = read_runs(lake)[-1]
    tags["champion"] = json.dumps({"label": f"{champion} (champion)", "metrics": {}})
    model = RuleModel([], score).fit()
    given = {"inputs": PROBLEM.inputs, "metrics": {"cost": 0.1}, "tags": tags, "results": results or [PASSED]}
    version = project.registry.register(model, name="constant", **given)
    project.registry.set_alias(alias, version)
    return version


def objections(error):
    """Return what a command objected to."""
    [found] = re.findall(r"^error: .* may not answer: (.*); correct that and run `train`, or give the reason", error)
    return found.split("; ")


def git(folder, *words):
    identity = ("-c", "user.email=a@b", "-c", "user.name=a")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def edit_tag(workspace, version):
    workspace.project.registry.client.set_model_version_tag(NAME, version, "clean", "true")


def edit_result(workspace, version):
    client = workspace.project.registry.client
    run = client.get_model_version(NAME, version).run_id
    client.set_tag(run, "gate.cost", "pass: far cheaper")


def edit_metric(workspace, version):
    client = workspace.project.registry.client
    client.log_metric(client.get_model_version(NAME, version).run_id, "cost", 0.01)


def edit_file(workspace, version):
    [*_, latest] = sorted((workspace.root / "var").rglob(EVIDENCE), key=lambda path: path.stat().st_mtime_ns)
    latest.write_text(latest.read_text(encoding="utf-8").replace('"blocks": true', '"blocks": false'), encoding="utf-8")


def remove_file(workspace, version):
    [*_, latest] = sorted((workspace.root / "var").rglob(EVIDENCE), key=lambda path: path.stat().st_mtime_ns)
    latest.unlink()


def move_alias(workspace, version):
    client = workspace.project.registry.client
    client.set_registered_model_alias(NAME, "challenger", register(workspace, alias="trained"))


def change_plan(workspace, version):
    workspace.edit_plan("false_negative = 5", "false_negative = 6")


def replace_champion(workspace, version):
    register(workspace, score=0.3, alias="champion")


def make_lake_anew(workspace, version):
    with workspace.project.lake() as lake:
        runs = lake.read("statistics").mutate(time=ibis.literal("2020-01-01T00:00:00Z"))
        lake.publish({"statistics": runs})


FAULTS = {
    edit_tag: "tag clean was changed after registration",
    edit_result: "gate cost was changed after registration",
    edit_metric: "metric cost was changed after registration",
    edit_file: f"{EVIDENCE} was changed after registration",
    remove_file: f"{EVIDENCE} is missing after registration",
    move_alias: "an alias was pointed to it by hand, in MLflow",
    change_plan: "it was judged under another plan: costs, data, labels or gates of plan.toml have changed",
    replace_champion: "it was compared with rules:1, and constant:3 would be replaced",
    make_lake_anew: "its training table, of ",
}
SLOW = [pytest.param(one, marks=pytest.mark.slow) for one in FAULTS if one is not move_alias]


@pytest.mark.parametrize("fault", [move_alias, *SLOW])
def test_sabotage_fault_is_the_only_objection_and_the_champion_stays(workspace, command, fault):
    result = GateResult("cost", "fail", "dearer") if fault is edit_file else PASSED
    version = register(workspace, result)
    fault(workspace, version)
    champion = workspace.project.registry.version("champion")
    for words in (("promote",), ("rollout", "start")):
        code, out, error = command(*words)
        assert (code, error.count("\n")) == (2, 1), out
        [found] = objections(error)
        assert found.startswith(FAULTS[fault])
        assert f'`{" ".join(words)} --force "REASON"`' in error
    assert workspace.project.registry.version("champion") == champion


def test_worse_challenger_is_refused_by_its_recorded_result(workspace, command):
    register(workspace, PASSED, GateResult("slices", "fail", "dearer where grade is 3"))
    assert objections(command("promote")[2]) == ["gate slices blocks it: dearer where grade is 3"]


@pytest.mark.slow
def test_inconclusive_result_blocks_as_the_plan_had_it_when_it_was_recorded(workspace, command):
    register(workspace, GateResult("cost", "inconclusive", "perhaps dearer", inconclusive_blocks=True))
    assert objections(command("promote")[2]) == ["gate cost blocks it: perhaps dearer"]


@pytest.mark.slow
def test_changes_of_the_plan_that_training_does_not_read_are_no_objection(workspace, command):
    version = register(workspace, PASSED, GateResult("slices", "inconclusive", "few rows"))
    path = workspace.root / "plan.toml"
    path.write_text(path.read_text(encoding="utf-8") + "[rollout]\nminimum_hours = 0\n", encoding="utf-8")
    assert command("promote")[0] == 0
    assert workspace.project.registry.version("champion") == version


@pytest.mark.slow
def test_forced_promotion_is_in_the_history_with_its_reason(workspace, command):
    version = workspace.project.registry.register(
        RuleModel([], 0.2).fit(), name="mine", inputs=PROBLEM.inputs, metrics={}, tags={"contract": PROBLEM.fingerprint}
    )
    workspace.project.registry.set_alias("challenger", version)
    assert objections(command("promote")[2]) == ["it has no results of gates"]
    assert command("promote", "--force", " ")[2] == "error: --force: give the reason, which `history` shows\n"
    code, out, _ = command("promote", "--force", "the old one is down")
    assert (code, "Forced, although it has no results of gates." in out) == (0, True)
    event = json.loads(command("history", "--json")[1])["events"][-1]
    assert (event["new"], event["why"]) == (f"mine:{version}", "promote --force the old one is down")


@pytest.mark.slow
def test_contract_of_another_version_cannot_be_forced(workspace, command):
    registry = workspace.project.registry
    model = RuleModel([], 0.2).fit()
    version = registry.register(model, name="m", inputs=PROBLEM.inputs, metrics={}, tags={"contract": "another"})
    registry.set_alias("challenger", version)
    for words in (("promote",), ("rollout", "start")):
        assert "was made for another contract" in command(*words, "--force", "a try")[2]


@pytest.mark.slow
def test_sabotage_commit_is_the_projects_own_clean_and_known(workspace, command):
    """Without a repository, with changes, as committed, and after the commit was lost, one after the other."""
    workspace.edit_plan("clean_commit = false\n", "")
    (workspace.root / ".gitignore").write_text("var/\n", encoding="utf-8")
    found = []

    def try_promotion():
        register(workspace)
        found.append(command("promote")[2])

    try_promotion()
    git(workspace.root, "init", "-q")
    git(workspace.root, "add", "--all")
    git(workspace.root, "commit", "-q", "-m", "ours")
    (workspace.root / "notes.txt").touch()
    try_promotion()
    (workspace.root / "notes.txt").unlink()
    version = register(workspace)
    (workspace.root / ".git").rename(workspace.root / "var" / "git")
    git(workspace.root, "init", "-q")
    git(workspace.root, "add", "--all")
    found.append(command("promote")[2])
    for error, reason in zip(found, ("files that no commit", "changes that are not", "not in this"), strict=True):
        [objection] = objections(error)
        assert reason in objection
    (workspace.root / ".git").rename(workspace.root / "var" / "other")
    (workspace.root / "var" / "git").rename(workspace.root / ".git")
    assert command("promote")[0] == 0
    assert workspace.project.registry.version("champion") == version
