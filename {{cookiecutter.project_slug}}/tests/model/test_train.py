"""Training registers what passes every gate, and nothing else."""

import dataclasses
import json
import re
import subprocess

import pandas as pd
import problems
import pytest
from problems import USUAL
from pydantic import Field
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from training import training_table

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.background import ATTRIBUTE, ROWS
from {{ cookiecutter.__package }}.core.encoder import encoder
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.provenance import provenance

PROBLEM = USUAL.problem()
# always the first answer with certainty, which is the most expensive of all; and a constant that costs little
ABSURD, CONSTANT = RuleModel([], 0.0), RuleModel([], 0.5)
WITHOUT_OTHER_LIMITS = "[gates]\nmax_calibration_error = 1.0\nmax_log_odds_shift = 1e9\n"

LABELS = "Labels: 400 from the file.\n"


@pytest.fixture
def train(workspace, run_command, monkeypatch):
    """Return a function that runs `train` with these candidates, under a plan that limits nothing but the cost."""
    workspace.edit_plan("[groups.limits]\nfalse_positive_rate = 0.5", "")
    workspace.edit_plan("[gates]\n", WITHOUT_OTHER_LIMITS)
    path = workspace.root / "plan.toml"
    path.write_text(path.read_text(encoding="utf-8") + "[slices]\nmax_cost_increase = 1e9\n", encoding="utf-8")

    def run(folder=workspace, *words, **candidates):
        monkeypatch.setattr(problems, "candidates", lambda *_: candidates)
        return run_command(folder, "train", *words)

    return run


def aliases(workspace):
    names = ("fallback", "champion", "challenger", "previous")
    return {alias: workspace.project.registry.version(alias) for alias in names}


def make_champion(workspace, model, name):
    registry = workspace.project.registry
    tags = {"contract": PROBLEM.fingerprint}
    version = registry.register(model, name=name, inputs=PROBLEM.inputs, metrics={}, tags=tags)
    registry.set_alias("champion", version)
    return version


def runs(workspace):
    client = workspace.project.registry.client
    return client.search_runs([client.get_experiment_by_name("decision").experiment_id])


def test_sabotage_worse_candidate_is_refused_by_cost_gate_alone(workspace, train):
    before = aliases(workspace)
    code, out, error = train(absurd=ABSURD)
    assert (code, error) == (1, "")
    assert "No candidate may serve" in out
    [message] = re.findall("(?m)^  FAIL  (not cheaper than the champion.+)", out)
    assert out.count("FAIL") == 1
    assert out.splitlines()[-1] == f"No candidate may serve; the champion stays. absurd: {message}."
    assert aliases(workspace) == before
    tags = next(run.data.tags for run in runs(workspace) if run.info.run_name == "absurd")
    assert tags.pop("gate.cost").startswith("fail: not cheaper")
    assert all(result.startswith("pass") for gate, result in tags.items() if gate.startswith("gate."))


def test_cheapest_that_passes_becomes_challenger_with_what_it_was_made_from(workspace, train):
    make_champion(workspace, ABSURD.fit(), "absurd")
    code, out, _ = train(constant=CONSTANT, absurd=ABSURD)
    assert code == 0, out
    assert aliases(workspace) == {"champion": "2", "challenger": "3", "fallback": "1", "previous": None}
    project = workspace.project
    tags = project.registry.tags("3")
    provenance = {"commit", "clean", "data", "data_run", "rows", "plan", "training_plan", "contract", "labels"}
    assert set(tags) == {"name", "digest", "evidence", "recipe", "packages", "champion", "trained"} | provenance
    assert (tags["name"], tags["plan"]) == ("constant", project.plan.fingerprint)
    challenger = project.registry.load("challenger")
    assert challenger.label == "constant:3"
    assert len(getattr(challenger.model, ATTRIBUTE)) == ROWS


@pytest.mark.slow
def test_reason_is_that_of_the_cheapest_candidate(train):
    code, out, _ = train(absurd=ABSURD, same=PROBLEM.rules)
    assert code == 1
    reason = "No candidate may serve; the champion stays. same: not cheaper than the champion: +0.000 a decision"
    assert out.splitlines()[-1].startswith(reason)


@pytest.mark.slow
def test_training_table_that_blocks_is_the_reason(workspace, train):
    make_champion(workspace, ABSURD.fit(), "absurd")
    workspace.edit_plan("[gates]\n", "[gates]\nminimum_answers = 399\n")
    code, out, error = train(constant=CONSTANT)
    assert (code, error, aliases(workspace)["challenger"]) == (1, "", None)
    assert re.search(r"(?m)^constant  \(", out), "the candidate itself passes"
    reason = "No candidate may serve; the champion stays. training table: answers: refused is "
    assert out.splitlines()[-1].startswith(reason)


@pytest.fixture
def train_as_json(train, monkeypatch):
    """Return a function that runs `train --json`: exit code, what is printed, parsed, and what is printed as error."""
    monkeypatch.setattr(composition.out, "quiet", False)  # is restored for the tests that follow

    def run(workspace, **candidates):
        code, out, error = train(workspace, "--json", **candidates)
        return code, json.loads(out, parse_constant=pytest.fail) if out else None, error

    return run


@pytest.mark.slow
def test_json_is_alone_on_stdout_with_the_evidence_of_every_gate(workspace, train_as_json):
    make_champion(workspace, ABSURD.fit(), "absurd")
    broken = DummyClassifier(strategy="no such strategy")
    code, found, error = train_as_json(workspace, constant=CONSTANT, absurd=ABSURD, broken=broken)
    assert (code, error, found["challenger"]) == (0, "", aliases(workspace)["challenger"])
    trials = {trial["name"]: trial for trial in found["trials"]}
    assert list(trials) == ["absurd:2 (champion)", "training table", "constant", "absurd", "broken"]
    assert [trial["refused"] for trial in trials.values()] == [False, False, False, True, True]
    gates = {name: [result["gate"] for result in trial["results"]] for name, trial in trials.items()}
    assert gates["training table"] == ["answers", "copies", "labels"]
    assert gates["absurd"] == ["cost", "slices", "calibration", "calibration by group", "leak"]
    behaviour = [f"behaviour.{name}" for name in ("limits", "stored", "alone", "rising.risk")]
    assert gates["constant"] == [*gates["absurd"], *behaviour]  # this one was fitted to all rows
    assert gates["broken"] == ["usable"]
    for trial in trials.values():
        for result in trial["results"]:
            assert {*result} == {"gate", "status", "message", "evidence"}
            assert result["evidence"] or result["gate"] == "usable"
    assert {"difference", "low", "high", "limit", "rows"} <= {*trials["constant"]["results"][0]["evidence"]}


@pytest.mark.slow
def test_json_of_refused_candidates_ends_with_1_and_of_a_fault_with_2(workspace, train_as_json):
    code, found, error = train_as_json(workspace, absurd=ABSURD)
    assert (code, error, found["challenger"]) == (1, "", None)
    (workspace.project.settings.var / "lake.db").unlink()
    code, found, error = train_as_json(workspace, absurd=ABSURD)
    assert (code, found, error.count("\n")) == (2, None, 1)


@pytest.mark.slow
def test_challenger_stays_when_every_new_candidate_is_refused(workspace, train):
    workspace.project.registry.set_alias("challenger", "1")
    assert train(absurd=ABSURD)[0] == 1
    assert aliases(workspace)["challenger"] == "1"


def test_training_before_there_is_data_is_one_line(workspace, command):
    (workspace.project.settings.var / "lake.db").unlink()
    before = aliases(workspace)
    code, _, error = command("train")
    assert (code, error.count("\n")) == (2, 1)
    assert "the lake has no table 'training'; run the `data` command first" in error
    assert aliases(workspace) == before


@pytest.mark.parametrize("rows", ["one row", "one answer", "one yes in 300"])
@pytest.mark.slow
def test_too_few_rows_to_learn_are_one_line(workspace, command, rows):
    table = training_table("usual").drop(columns="_fold").iloc[: 1 if rows == "one row" else 300].copy()
    no, yes = PROBLEM.target.categories
    table[PROBLEM.target.name] = no
    if rows == "one yes in 300":
        table.loc[0, PROBLEM.target.name] = yes
    table.to_csv(workspace.root / "few.csv", index=False)
    (workspace.project.settings.var / "lake.db").unlink()  # no other table was there before
    assert command("data", "--csv", str(workspace.root / "few.csv"))[0] == 0
    code, _, error = command("train")
    assert (code, error.count("\n")) == (2, 1)
    assert "bring more" in error


@pytest.mark.slow
def test_deleted_experiment_is_one_line_before_anything_is_fitted(workspace, train):
    client = workspace.project.registry.client
    client.delete_experiment(client.get_experiment_by_name("decision").experiment_id)
    code, out, error = train(never=pytest)  # fitting that would be refused, and printed
    assert (code, out, error.count("\n")) == (2, LABELS, 1)
    assert "experiment 'decision' was deleted in MLflow; restore it: " in error


@pytest.mark.slow
def test_training_says_what_mistakes_cost_and_what_a_broken_candidate_raised(workspace, train):
    code, out, error = train(broken=DummyClassifier(strategy="[/no] such strategy"), constant=CONSTANT)
    assert (code, error) == (0, "")
    assert "a missed yes costs 5, a false yes 1 (plan.toml)." in out
    assert "models do not read remark: the contract's encoder leaves text out." in out
    assert re.search(r"(?m)^broken refused  \(\d+\.\d s\)\n  FAIL  it cannot be judged: .*\[/no\] such strategy", out)
    assert "The challenger is version " not in out or workspace.project.registry.load("challenger").name == "constant"


@pytest.mark.slow
def test_rules_are_registered_before_anything_is_trained(workspace, train):
    (workspace.project.settings.var / "registry.db").unlink()
    code, out, error = train(absurd=ABSURD)
    assert (code, error) == (1, "")
    assert out.index("The rules are in the registry, version 1.") < out.index("rules:1 (champion)")
    assert aliases(workspace) == {"champion": "1", "challenger": None, "fallback": "1", "previous": None}


def test_table_from_before_a_column_was_added_is_one_line(workspace, command):
    column = PROBLEM.inputs[0].name
    with workspace.project.lake() as lake:
        lake.publish({"training": lake.read("training").drop(column)})
    code, out, error = command("train")
    assert (code, out, error.count("\n")) == (2, LABELS, 1)
    assert f"the training table lacks {column}; run `data`" in error


@pytest.mark.slow
def test_rules_stand_in_for_a_champion_that_does_not_load(workspace, train):
    """The message of such a champion says to train and promote another, and that has to work."""
    version = make_champion(workspace, ABSURD.fit(), "absurd")
    for file in (workspace.root / "var").rglob("*.skops"):
        if file.read_bytes() == workspace.project.models.content(version):
            file.write_bytes(b"damaged")
    code, out, error = train(absurd=ABSURD)
    assert (code, error) == (1, "")
    assert f"rules:1 (in place of the champion: the champion, version {version}, does not load: " in out


@pytest.mark.slow
@pytest.mark.parametrize("change", ["one column more", "one column less"])
def test_after_a_change_of_the_contract_candidates_are_compared_with_the_rules(workspace, train, run_command, change):
    rows = split_columns(training_table("usual"), PROBLEM)
    # as good as the candidate, so that it could never be beaten
    old = CONSTANT if change == "one column more" else make_pipeline(encoder(PROBLEM.inputs), DummyClassifier())
    version = make_champion(workspace, fit(old, rows), "old")
    if change == "one column more":
        features = USUAL.features | {"pets": (int, Field(ge=0, le=9))}
    else:
        features = {name: field for name, field in USUAL.features.items() if name != "grade"}
    changed = dataclasses.replace(
        workspace, shape=dataclasses.replace(USUAL, features=features, rules=[], otherwise=0.0)
    )
    path = workspace.root / workspace.project.plan.data.source
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.assign(pets="1") if change == "one column more" else table.drop(columns="grade")
    table.to_csv(path, index=False)

    assert run_command(changed, "data")[0] == 0
    code, out, error = train(changed, constant=CONSTANT)
    assert (code, error) == (0, ""), out
    assert f"rules:3 (in place of the champion: old:{version} was made for another contract)" in out
    code, out, _ = run_command(changed, "promote")
    assert code == 0
    assert "contract.py has changed: a product that was started before the change does not follow" in out
    assert changed.project.registry.load("champion").name == "constant"
    _, out, _ = train(changed, constant=CONSTANT)
    assert "constant:4 (champion)" in out


@pytest.mark.slow
def test_promotion_says_that_the_contract_changed_also_when_the_rules_were_champion(workspace, train, run_command):
    features = USUAL.features | {"pets": (int | None, None)}
    changed = dataclasses.replace(
        workspace, shape=dataclasses.replace(USUAL, features=features, rules=[], otherwise=0.0)
    )
    path = workspace.root / workspace.project.plan.data.source
    pd.read_csv(path, dtype=str, keep_default_na=False).assign(pets="1").to_csv(path, index=False)
    assert run_command(changed, "data")[0] == 0
    for words in ("a product that was started before the change does not follow", "a running product follows within"):
        assert train(changed, constant=CONSTANT)[0] in (0, 1)
        registry = changed.project.registry
        registry.set_alias("challenger", registry.version("challenger") or registry.version("champion"))
        code, out, _ = run_command(changed, "promote", "--force", "a test")
        assert code == 0
        assert words in out


@pytest.mark.slow
def test_second_promotion_after_a_change_of_the_contract_names_none(workspace, command):
    old = make_champion(workspace, CONSTANT.fit(), "old")
    registry = workspace.project.registry
    registry.client.set_model_version_tag("decision", old, "contract", "another")
    for name, has_changed in (("first", True), ("second", False)):
        tags = {"contract": PROBLEM.fingerprint}
        version = registry.register(CONSTANT.fit(), name=name, inputs=PROBLEM.inputs, metrics={}, tags=tags)
        registry.set_alias("challenger", version)
        code, out, _ = command("promote", "--force", "a test")
        assert (code, "contract.py has changed" in out) == (0, has_changed)


def test_digest_of_the_data_changes_with_one_cell(workspace):
    project, table = workspace.project, training_table("usual").copy()
    rows = split_columns(table, PROBLEM)
    first = provenance(table, rows, PROBLEM, project.plan, workspace.root)
    again = provenance(table.copy(), rows, PROBLEM, project.plan, workspace.root)
    table.loc[0, PROBLEM.inputs[0].name] = 1.25
    changed = provenance(table, split_columns(table, PROBLEM), PROBLEM, project.plan, workspace.root)
    same_time = {"trained": first["trained"]}
    assert again | same_time == first
    assert {name for name in first if first[name] != (changed | same_time)[name]} == {"data"}


def git(folder, *words):
    identity = ("-c", "user.email=a@b", "-c", "user.name=a")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit_of(workspace):
    table = training_table("usual")
    found = provenance(table, split_columns(table, PROBLEM), PROBLEM, workspace.project.plan, workspace.root)
    return found["commit"], found["clean"]


def test_repository_around_the_project_that_does_not_track_it_is_not_recorded(workspace):
    around = workspace.root.parent
    git(around, "init", "-q")
    git(around, "commit", "-q", "--allow-empty", "-m", "another project")
    assert commit_of(workspace) == ("none", "false")


def test_larger_repository_that_tracks_the_project_is_recorded(workspace):
    """`clean` is about the project alone."""
    around = workspace.root.parent
    git(around, "init", "-q")
    git(around, "add", "project/plan.toml", "project/data")
    git(around, "commit", "-q", "-m", "all")
    (workspace.root / ".gitignore").write_text("var/\n.gitignore\n", encoding="utf-8")
    (around / "elsewhere.txt").touch()
    commit = git(around, "rev-parse", "HEAD").strip()
    assert commit_of(workspace) == (commit, "true")
    (workspace.root / "notes.txt").touch()
    assert commit_of(workspace) == (commit, "false")


def test_project_outside_any_repository_records_none(workspace, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit_of(workspace) == ("none", "false")
