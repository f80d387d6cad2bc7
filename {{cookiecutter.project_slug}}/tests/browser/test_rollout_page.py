"""A live rollout on the desk: who is being tried, how far it is, and which model answered a case."""

from pathlib import Path

import pytest
from actions import decide, expect, key, recorded
from pydantic import SecretStr
from serving import serving

from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model
from {{ cookiecutter.__package }}.stores.rollouts import begin, change, read_current

pytestmark = pytest.mark.slow

SHOTS = Path(__file__).parents[2] / "var" / "screenshots"
STEPS = [0.025, 0.5, 1.0]
NAME = "other"
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 320, "height": 740}}


@pytest.fixture(scope="module")
def served(make_workspace, tmp_path_factory, api_key):
    """Serve a product of its own, and return its workspace and its address."""
    workspace = make_workspace(tmp_path_factory.mktemp("rollout") / "project")
    with serving(workspace.project, api_keys=(SecretStr(api_key),)) as (host, port):
        yield workspace, f"http://{host}:{port}"


@pytest.fixture
def ledger(served):
    """Return the ledger of the product; a rollout that is live at the end is rolled back."""
    with served[0].project.ledger() as opened:
        yield opened
        if rollout := read_current(opened):
            change(opened, rollout, why="the test is over", state="back")


@pytest.fixture
def start(served, ledger):
    """Return a function that begins a rollout, of a model with a name, at a step."""

    def begin_at(step=0, name=NAME):
        project = served[0].project
        content = dump_model(RuleModel([], 0.77).fit())
        project.models.add("7", content)
        tags = {"contract": project.problem.fingerprint}
        challenger = {"name": name, "version": "7", "digest": digest_of(content), "tags": tags}
        rollout = begin(ledger, project.models.entry("champion"), challenger, STEPS, "a test")
        return go_to(ledger, rollout, step) if step else rollout

    return begin_at


@pytest.fixture
def look(visit, served):
    """Return a function that opens the desk of this product on a screen."""
    return lambda screen="desktop": visit(address=served[1], viewport=SCREENS[screen])


def go_to(ledger, rollout, step):
    return change(ledger, rollout, why="a test", state="running", step=step, share=STEPS[step - 1])


def line(page):
    return page.locator("#model")


def of_the_api(page):
    address = f"{page.url.partition('#')[0]}v1/model"
    return page.request.get(address, headers={"X-API-Key": key(page)}).json()


def expect_line(page, does, state, step):
    """The page says what the challenger does, and the API says the same."""
    shown = of_the_api(page)
    rollout = shown["rollout"]
    assert (rollout["state"], rollout["step"], rollout["steps"]) == (state, step, STEPS)
    assert rollout["share"] == (STEPS[step - 1] if step else 0)
    text = f"{shown['model']}; in a rollout, {rollout['challenger']} {does} (step {step} of {len(STEPS)})"
    expect(line(page)).to_have_text(f"Champion: {text}")


def save(page, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_page_without_a_rollout_names_the_champion_only(look):
    page = look()
    shown = of_the_api(page)
    assert shown["rollout"] is None
    expect(line(page)).to_have_text(f"Answering now: {shown['model']}")


def test_page_follows_a_rollout_to_its_end_without_a_reload(look, start, ledger):
    page = look()
    expect(line(page)).not_to_contain_text("rollout")
    rollout = start()
    expect(line(page)).to_contain_text("shadow")
    expect_line(page, "scores every case in the shadow and answers nothing", "shadow", 0)
    rollout = go_to(ledger, rollout, 1)
    expect(line(page)).to_contain_text("step 1")
    expect_line(page, "answers 2.5 % of the cases", "running", 1)
    rollout = change(ledger, go_to(ledger, rollout, 2), why="a test", state="paused")
    expect(line(page)).to_contain_text("paused")
    expect_line(page, "is paused and answers 50 % of the cases", "paused", 2)
    change(ledger, rollout, why="a test", state="back")
    expect(line(page)).not_to_contain_text("rollout")
    expect(line(page)).to_have_text(f"Answering now: {of_the_api(page)['model']}")


def test_challenger_that_is_paused_in_the_shadow_scores_nothing(look, start, ledger):
    change(ledger, start(), why="a test", state="paused")
    page = look()
    expect(line(page)).to_contain_text("rollout")
    expect_line(page, "is paused in the shadow and answers nothing", "paused", 0)


@pytest.mark.parametrize(("step", "model"), [(0, "rules"), (3, NAME)])
def test_card_names_the_model_that_answered_during_a_rollout(look, start, step, model):
    start(step)
    page = look()
    expect(line(page)).to_contain_text(f"step {step}")
    decision_id = decide(page)
    label = recorded(page, decision_id)["model"]
    assert label.startswith(f"{model}:")
    expect(page.locator("#card .origin")).to_contain_text(label)
    expect(page.locator("#card")).not_to_contain_text("no longer in use")
    save(page, f"rollout-step-{step}")


@pytest.mark.parametrize("screen", SCREENS)
def test_name_of_a_model_fits_the_screen_however_long_it_is(look, start, screen):
    start(3, "gradient_boosting_with_calibration_and_monotone_constraints_on_all_columns")
    page = look(screen)
    expect(line(page)).to_contain_text("answers 100 % of the cases")
    decide(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollTo(0, 0)")
    save(page, f"rollout-{screen}")
