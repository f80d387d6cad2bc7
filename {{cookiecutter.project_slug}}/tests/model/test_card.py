"""The model card of a version, and the summary and outputs that commands give to the job of a workflow."""

import problems
import pytest

from {{ cookiecutter.__package }}.core.markdown import make_table
from {{ cookiecutter.__package }}.core.rules import RuleModel


@pytest.fixture
def trained(workspace, run_command, monkeypatch):
    """Return a workspace whose challenger is a constant, which passed a plan without other limits than the cost."""
    workspace.edit_plan("[groups.limits]\nfalse_positive_rate = 0.5", "")
    workspace.edit_plan("[gates]\n", "[gates]\nmax_calibration_error = 1.0\nmax_log_odds_shift = 1e9\n")
    tags = {"contract": workspace.project.problem.fingerprint}
    registry, inputs = workspace.project.registry, workspace.project.problem.inputs
    absurd = registry.register(RuleModel([], 0.0).fit(), name="absurd", inputs=inputs, metrics={}, tags=tags)
    registry.set_alias("champion", absurd)
    monkeypatch.setattr(problems, "candidates", lambda *_: {"constant": RuleModel([], 0.5)})
    assert run_command(workspace, "train")[0] == 0
    return workspace


def test_card_has_the_figures_of_both_models_the_gates_the_columns_and_what_made_it(trained, run_command):
    path = trained.root / "cards" / "card.md"
    code, out, error = run_command(trained, "card", "--output", str(path))
    assert (code, out, error) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    tags = trained.project.registry.tags("3")
    assert text.startswith("# constant:3\n")
    assert trained.project.plan.product.question in text
    assert "| metric | constant:3 | absurd:2" in text
    assert "| cost | pass | cheaper than the champion" in text
    assert all(f"| {name} | {tags[name]} |" in text for name in ("data", "plan", "contract", "digest"))
    for column in trained.project.problem.columns:
        assert f"| {column.name} | {column.kind} | " in text


def test_card_of_a_version_that_was_not_trained_says_so(workspace, run_command):
    code, out, _ = run_command(workspace, "card", "fallback")
    assert code == 0
    assert "None: this version was not trained." in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["challenger"], "the registry has no challenger; `train` makes one"),
        (["77"], "card: the registry has no version '77'; its latest are 1"),
        (["nonsense"], "card: the registry has no version 'nonsense'; its latest are 1"),
        (["champion", "--output", "."], "--output: .: Is a directory; choose another file"),
    ],
)
@pytest.mark.slow
def test_card_that_cannot_be_written_is_an_error_in_one_line(workspace, run_command, words, says):
    code, _, error = run_command(workspace, "card", *words)
    assert code == 2
    assert says in error


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
