"""The model card of a version, and the summary and outputs that commands give to the job of a workflow."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import problems
import pytest
import yaml
from workspaces import Workspace

from {{ cookiecutter.__package }}.core.markdown import make_table
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.model.card import DATA_CARD, write_card

PROPOSE = Path(__file__).parents[2] / ".github" / "pipeline" / "propose.py"
SECTIONS = [  # Mitchell et al., "Model Cards for Model Reporting", FAT* 2019
    *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data"),
    *("Quantitative analyses", "Ethical considerations", "Caveats and recommendations"),
]
TAGS = {"rows": "400", "data": "abc", "labels": '{"all rows": {"no": 0.6, "yes": 0.4}}'}
GAP = {"rows": {"a": 300, "b": 60, "c": 9}, "small": ["b", "c"], "by_group": {"a": 0.1, "b": 0.2}, "gap": 0.1}
GAP |= {"bounds": {"a": [0.05, 0.15], "b": [0.11, 0.31]}, "low": 0.02, "high": 0.19, "limit": 0.3}
SLICES = [
    {"slice": f"risk {place}", "increase": place / 100, "low": -0.2, "high": place / 50, "rows": 60}
    for place in range(30)
]
FOUND = {
    "label": "learned:2",
    "tags": TAGS | {"champion": '{"label": "rules:1 (champion)", "metrics": {"cost": 0.75, "accuracy": 0.5}}'},
    "metrics": {"cost": 0.5, "accuracy": 0.9, "log_loss": float("nan")},
    "gates": {"cost": "pass: cheaper: by far", "group.false_positive_rate": "inconclusive: perhaps"},
    "details": {"group.false_positive_rate": GAP, "slices": {"slices": SLICES}, "cost": {"status": "pass"}},
}
OLDER = {"label": "learned:1", "tags": {}, "metrics": {}, "gates": {}, "details": {}}


def split_card(text):
    """Return the metadata of a card, and its sections by title."""
    _, metadata, body = text.split("---\n", 2)
    return yaml.safe_load(metadata), dict(part.split("\n", 1) for part in body.split("\n## ")[1:])


def describe(found, shape=problems.USUAL, **given):
    return split_card(write_card(found, shape.problem(), shape.parsed_plan, **given))


@pytest.fixture
def trained(once, make_workspace, run_command, monkeypatch, tmp_path):
    """Return a workspace whose challenger is a constant, which passed a plan without other limits than the cost."""
    monkeypatch.setattr(problems, "candidates", lambda *_: {"constant": RuleModel([], 0.5)})
    folder = once("trained", lambda root: train(make_workspace(root / "project"), run_command))
    shutil.copytree(folder / "project", tmp_path / "project")
    return Workspace(tmp_path / "project")


def train(workspace, run_command):
    workspace.edit_plan("[groups.limits]\nfalse_positive_rate = 0.5", "")
    workspace.edit_plan("[gates]\n", "[gates]\nmax_calibration_error = 1.0\nmax_log_odds_shift = 1e9\n")
    tags = {"contract": workspace.project.problem.fingerprint}
    registry, inputs = workspace.project.registry, workspace.project.problem.inputs
    absurd = registry.register(RuleModel([], 0.0).fit(), name="absurd", inputs=inputs, metrics={}, tags=tags)
    registry.set_alias("champion", absurd)
    assert run_command(workspace, "train")[0] == 0


def test_card_has_the_figures_of_both_models_the_gates_the_columns_and_what_made_it(trained, run_command):
    path = trained.root / "cards" / "card.md"
    code, out, error = run_command(trained, "card", "--output", str(path))
    assert (code, out, error) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    tags = trained.project.registry.tags("3")
    metadata, sections = split_card(text)
    assert [*sections] == SECTIONS
    assert metadata["model-index"][0]["name"] == "constant:3"
    assert "\n# constant:3\n" in text
    assert "### By slice" in sections["Quantitative analyses"]
    assert "not recorded" not in text
    assert trained.project.plan.product.question in text
    assert "| metric | constant:3 | absurd:2" in text
    assert "| cost | pass | cheaper than the champion" in text
    assert all(f"| {name} | {tags[name]} |" in text for name in ("data", "plan", "contract", "digest"))
    for column in trained.project.problem.columns:
        assert f"| {column.name} | {column.description} | {column.kind} | {column.use} |" in text
    moved = trained.root.with_name("moved")
    shutil.move(trained.root, moved)
    assert dataclasses.replace(trained, root=moved).project.registry.evidence("3")["details"]["slices"]["slices"]


def test_card_of_a_version_that_was_not_trained_says_so(workspace, run_command):
    code, out, _ = run_command(workspace, "card", "fallback")
    assert code == 0
    assert "None: this version was not trained." in out
    assert "model-index" not in split_card(out)[0]


@pytest.mark.parametrize("name", problems.SHAPES)
@pytest.mark.parametrize("found", [FOUND, OLDER], ids=["new", "older"])
def test_every_kind_of_version_and_problem_has_a_whole_card(found, name):
    metadata, sections = describe(found, problems.SHAPES[name])
    assert [*sections] == SECTIONS
    kind = "classification" if problems.SHAPES[name].problem().target.categories else "regression"
    assert metadata["pipeline_tag"] == f"tabular-{kind}"
    assert ("model-index" in metadata) == (found is FOUND)
    assert all(section.strip() for section in sections.values())


def test_metadata_has_what_hugging_face_requires_of_results_and_no_figure_that_is_no_number():
    metadata, _ = describe(FOUND, licence="Apache-2.0")
    [model] = metadata["model-index"]
    [result] = model["results"]
    assert (model["name"], metadata["license"], metadata["library_name"]) == ("learned:2", "apache-2.0", "sklearn")
    assert {"type", "name"} <= result["dataset"].keys() & result["task"].keys()
    assert {one["type"]: one["value"] for one in result["metrics"]} == {"accuracy": 0.9, "cost": 0.5}
    assert "language" not in metadata


def test_card_of_300_columns_is_short_enough_for_an_issue():
    features = {f"a_column_of_a_wide_table_{place:03d}": (float | None, None) for place in range(300)}
    wide = dataclasses.replace(problems.USUAL, features=features, rules=[])
    text = write_card(FOUND, wide.problem(), wide.parsed_plan)
    assert f"200 more columns are in `{DATA_CARD}`." in text
    assert len(text) < 65_536


def test_licence_that_hugging_face_does_not_know_is_in_the_file():
    metadata, _ = describe(FOUND, licence="LicenseRef-Proprietary")
    assert (metadata["license"], metadata["license_name"]) == ("other", "proprietary")
    assert "license" not in describe(FOUND)[0]


def test_groups_and_slices_have_intervals_and_the_worst_slices_come_first():
    text = describe(FOUND)[1]["Quantitative analyses"]
    assert "| group | b | false_positive_rate | 0.2 | 0.11 to 0.31 | 60 |" in text
    assert "| group | false_positive_rate | 0.1 | 0.02 to 0.19 | 0.3 |" in text
    lines = [line for line in text.splitlines() if line.startswith("| risk ")]
    assert (lines[0], len(lines)) == ("| risk 29 | +29% | -20% to +58% | 60 |", 20)
    assert "Of 30 slices, those with the largest upper bounds." in text
    assert "| cost | 0.5 | 0.75 |" in text


def test_statements_of_the_plan_are_repeated_and_missing_ones_are_named():
    stated = {"decision": "It is\nrefused | closed.", "intended_uses": ("loans",), "excluded_uses": ("rents",)}
    plan = problems.USUAL.parsed_plan
    product = plan.product.model_copy(update=stated | {"metrics": ("accuracy",)})
    plan = plan.model_copy(update={"product": product})
    sections = split_card(write_card(FOUND, problems.USUAL.problem(), plan))[1]
    assert r"| decision | It is refused \| closed. |" in sections["Intended use"]
    assert "| intended uses | loans |\n| uses out of scope | rents |" in sections["Intended use"]
    assert "log_loss" not in sections["Quantitative analyses"]
    assert "does not say" not in sections["Caveats and recommendations"]
    caveats = describe(FOUND)[1]["Caveats and recommendations"]
    assert "plan.toml does not say of the product: decision, intended_uses, excluded_uses." in caveats


def test_caveats_are_what_the_evidence_leaves_open():
    caveats = describe(FOUND)[1]["Caveats and recommendations"]
    assert "It was made for another contract" in caveats
    assert "Gates that did not pass, and did not refuse it: group.false_positive_rate (inconclusive)." in caveats
    assert "Groups of too few rows to be shown equal: group b, group c; bring rows of them." in caveats
    assert "No data card describes the table." in caveats
    tags = TAGS | {"contract": problems.USUAL.problem().fingerprint}
    settled = FOUND | {"tags": tags, "gates": {"cost": "pass: cheaper"}, "details": {}}
    caveats = describe(settled, data_card="1234")[1]["Caveats and recommendations"].strip().splitlines()
    assert [line.split(" ", 3)[:3] for line in caveats] == [["-", "plan.toml", "does"], ["-", "The", "figures"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["challenger"], "the registry has no challenger; `train` makes one"),
        (["77"], "card: the registry has no version '77'; its latest are 1"),
        (["nonsense"], "card: the registry has no version 'nonsense'; its latest are 1"),
        (["champion", "--output", "."], "--output: .: Is a directory; choose another file"),
        (["champion", "--output", "a.md", "--check", "a.md"], "--output and --check: one writes the card"),
    ],
)
@pytest.mark.slow
def test_card_that_cannot_be_written_is_an_error_in_one_line(workspace, run_command, words, says):
    code, _, error = run_command(workspace, "card", *words)
    assert code == 2
    assert says in error


@pytest.fixture
def committed(trained, run_command):
    """Return a function that compares the committed card of a learned champion: exit code, and what was printed."""
    trained.project.registry.set_alias("champion", "3")
    path = trained.root / "docs" / "model-card.md"
    assert run_command(trained, "card", "champion", "--output", str(path))[0] == 0

    def check():
        code, printed, error = run_command(trained, "card", "champion", "--check", str(path))
        assert error == ""
        return code, printed

    return trained, path, check


def test_sabotage_committed_card_that_is_stale_is_named_with_the_lines_that_differ(committed):
    workspace, path, check = committed
    fresh = path.read_text(encoding="utf-8")
    assert check() == (0, f"{path} is up to date.\n")
    workspace.edit_plan("[gates]", "[speed]\np95_ms = 99\n[gates]")  # no card has it
    assert check()[0] == 0
    path.write_text(fresh.replace("| cost | ", "| cost | 0.1", 1), encoding="utf-8")
    code, printed = check()
    assert code == 1
    assert f"{path} is not up to date with the champion, constant:3: run `make model-card`, and commit it." in printed
    assert "-| cost | 0.1" in printed
    path.write_text(fresh, encoding="utf-8")
    (workspace.root / DATA_CARD).write_text("# Data card\n", encoding="utf-8")
    assert "+The [data card](data-card.md), digest" in check()[1]
    (workspace.root / DATA_CARD).unlink()
    workspace.edit_plan("Will it be refused?", "Is it refused?")
    code, printed = check()
    assert (code, "+| question | Is it refused? |" in printed) == (1, True)
    workspace.edit_plan("Is it refused?", "Will it be refused?")
    workspace.project.registry.set_alias("champion", "2")
    code, printed = check()
    assert (code, f"{path} is not up to date with the champion, absurd:2" in printed) == (1, True)


@pytest.mark.slow
def test_card_is_not_compared_where_there_is_nothing_to_compare(committed, run_command):
    workspace, path, check = committed
    path.unlink()
    assert check() == (
        0,
        f"{path} is not there, so that nothing is compared; to have a card, run `make model-card`, and commit it.\n",
    )
    workspace.project.registry.set_alias("champion", "1")
    assert check() == (0, f"The champion is the rules, which need no card: {path} is not compared.\n")
    workspace.project.registry.drop_alias("challenger")
    code, printed, _ = run_command(workspace, "card", "challenger", "--check", str(path))
    assert (code, printed) == (0, f"The registry has no challenger: {path} is not compared.\n")
    workspace.project.registry.set_alias("champion", "3")
    path.mkdir()
    code, _, error = run_command(workspace, "card", "champion", "--check", str(path))
    assert (code, "Is a directory; name the file of a card" in error) == (2, True)


def test_issue_has_the_card_without_its_metadata(tmp_path):
    (tmp_path / "var").mkdir()
    text = write_card(FOUND, problems.USUAL.problem(), problems.USUAL.parsed_plan)
    (tmp_path / "var" / "card.md").write_text(text, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GH_", "GITHUB_"))}
    env["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    done = subprocess.run([sys.executable, PROPOSE], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert (tmp_path / "summary").read_text(encoding="utf-8") == text.partition("---\n\n")[2] + "\n"
    assert "\n# learned:2\n" in done.stdout
    assert "library_name" not in done.stdout


def test_cells_of_a_table_keep_to_their_line_and_column():
    assert make_table(["a", "b"], [["x|y", "one\ntwo"]]).splitlines()[-1] == r"| x\|y | one two |"


@pytest.mark.slow
def test_commands_write_the_summary_of_a_job_and_its_outputs(workspace, run_command, monkeypatch):
    summary, output = workspace.root / "summary", workspace.root / "output"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    for words, code in ((["data"], 0), (["train"], 1), (["monitor"], 0), (["rollout", "advance", "--unattended"], 0)):
        assert run_command(workspace, *words)[0] == code
    text = summary.read_text(encoding="utf-8")
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert titles == ["### Training table", "### Training", "### Watches", "### Rollout"]
    assert "No candidate may serve" in text
    assert "| learned |" in text
    assert output.read_text(encoding="utf-8") == "retrain=false\n"


def test_scheduler_may_advance_when_nothing_is_live_and_a_person_gets_an_error(workspace, run_command):
    code, out, _ = run_command(workspace, "rollout", "advance", "--unattended")
    assert (code, out) == (0, "No rollout is live.\n")
    code, _, error = run_command(workspace, "rollout", "advance")
    assert code == 2
    assert "no rollout is live" in error
