"""The page shows a live rollout in words, as the API does, and says nothing of one that has ended."""

import pytest
from actions import decide, expect, key, recorded
from pydantic import SecretStr
from serving import serving

from {{ cookiecutter.__package }}.stores.rollouts import begin, change, read_latest

pytestmark = pytest.mark.slow
KEY = "a-key-of-the-browser-tests"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
STEPS = [0.02, 0.25, 1.0]


@pytest.fixture
def rolling_out(make_workspace, tmp_path):
    """Yield the address of a product, its ledger, and the entry of a challenger that is the champion once more."""
    project = make_workspace(tmp_path / "project").project
    champion = project.models.entry("champion")
    project.models.add("2", project.models.content(champion["version"]))
    with serving(project, api_keys=(SecretStr(KEY),)) as (host, port), project.ledger() as ledger:
        yield f"http://{host}:{port}", ledger, champion, {**champion, "name": "again", "version": "2"}


def shown(page, address):
    """Return the rollout by the API."""
    return page.request.get(f"{address}/v1/model", headers={"X-API-Key": key(page)}).json()["rollout"]


def test_each_state_of_a_rollout_is_shown_in_words(visit, rolling_out):
    address, ledger, champion, challenger = rolling_out
    page = visit(address=address)
    line = page.locator("#model")
    expect(line).to_contain_text("Answering now")
    expect(line).not_to_contain_text("rollout")
    states = [
        ({}, "again:2 scores in the shadow (step 0 of 3)"),
        ({"state": "running", "step": 2, "share": 0.25}, "again:2 answers 25 % (step 2 of 3)"),
        ({"state": "paused"}, "again:2 answers 25 %, paused (step 2 of 3)"),
        ({"state": "running", "step": 3, "share": 1.0}, "again:2 answers 100 % (step 3 of 3)"),
    ]
    rollout = begin(ledger, champion, challenger, STEPS, "a test")
    for changes, words in states:
        rollout = change(ledger, rollout, why="a test", **changes) if changes else rollout
        expect(line).to_contain_text(f"; in a rollout, {words}")
        assert {name: shown(page, address)[name] for name in changes} == changes
    assert recorded(page, decide(page))["model"] == "again:2"
    expect(page.locator("#card")).to_contain_text("again:2")
    change(ledger, read_latest(ledger), why="a test", state="back")
    expect(line).not_to_contain_text("rollout")
    assert shown(page, address) is None


def test_line_fits_a_phone(visit, rolling_out):
    address, ledger, champion, challenger = rolling_out
    begin(ledger, champion, {**challenger, "name": "a_candidate_with_a_long_name"}, STEPS, "a test")
    page = visit(address=address, **PHONE)
    expect(page.locator("#model")).to_contain_text("a_candidate_with_a_long_name:2 scores in the shadow")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
