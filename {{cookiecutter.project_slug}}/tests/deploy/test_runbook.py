"""The runbook has a page for every alert, and each command on its pages exists."""

import re

import pytest
from alerts import read_alerts
from processes import PROJECT
from runbook import find_dead_links, find_unknown_commands, read_pages, read_program

from {{ cookiecutter.__package }}.core.plan import Privacy

PAGES = read_pages()
NO_ALERT = re.compile(r"README|guards_\w+|watches_\w+")


def test_every_alert_has_a_page_and_every_other_page_is_of_guards_or_watches():
    assert {page for page in PAGES if not NO_ALERT.fullmatch(page)} == {*read_alerts()}


@pytest.mark.parametrize("page", [page for page in PAGES if page != "README"])
def test_page_says_what_to_look_at_what_to_do_and_how_to_roll_back(page):
    assert re.findall(r"(?m)^## (.+)$", PAGES[page]) == ["Look", "Do", "Roll back"]
    assert (NO_ALERT.fullmatch(page) is None) == PAGES[page].startswith(f"# {page}: ")


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_linked_pages_exist(page):
    assert find_unknown_commands(PAGES[page]) == []
    assert find_dead_links(PAGES[page]) == []


def test_commands_and_settings_of_the_page_on_privacy_exist():
    text = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert find_unknown_commands(text) == []
    assert {*re.findall(r"`privacy\.(\w+)`", text)} == {*Privacy.model_fields}


@pytest.mark.parametrize(
    "command",
    [
        "make everything",
        "uv run poe everything",
        "uv run pytest-of-another-project",
        f"uv run {read_program()} everything",
        f"{read_program()} migrate --everything",
        f"uv run {read_program()}",
    ],
)
def test_sabotage_command_that_does_not_exist_is_found(command):
    assert find_unknown_commands(f"Look at `{command}`\nand `make run`.") == [command]


def test_sabotage_link_to_a_page_that_does_not_exist_is_found():
    assert find_dead_links("[one](ProductDown.md) and [another](ProductUp.md)") == ["ProductUp.md"]
