"""Every watch of `monitor` and every guard of a rollout is on a page of the runbook."""

import re
from pathlib import Path

import pytest
from problems import USUAL
from watched import World

from {{ cookiecutter.__package }}.operations.monitoring.faults import KINDS, kind_of
from {{ cookiecutter.__package }}.operations.monitoring.monitor import run_watches
from {{ cookiecutter.__package }}.operations.rollouts.advance import run_guards, run_shadow_guards
from {{ cookiecutter.__package }}.operations.rollouts.observations import Arm, ShadowScores, Step
from {{ cookiecutter.__package }}.stores.rollouts import Rollout

PAGES = Path(__file__).parents[3] / "docs" / "runbook"
WATCHES = {"data": "watches_of_data", "model": "watches_of_the_model", "program": "watches_of_the_program"}


def named_on(page):
    """Return the first words of what stands between backticks."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return {code.split()[0] for code in re.findall(r"`([^`]+)`", text)}


def first_word(gate):
    return gate.replace(".", " ").split()[0]


@pytest.fixture(scope="module")
def watches():
    """Return the first words of the names of all watches."""
    return {first_word(result.gate) for result in run_watches(World("usual").watch(0))[0]} | {*KINDS}


@pytest.fixture(scope="module")
def guards():
    """Return the names of all guards."""
    plan, step = USUAL.parsed_plan, Step(4, 0.25, Arm(), Arm())
    entry = {"name": "a", "version": "1", "digest": "", "tags": {}}
    rollout = Rollout("r", "running", 4, 0.25, plan.rollout.steps, entry, entry, [], "", "", "", "", 1)
    found = [*run_guards([step], rollout, 1.0, plan), *run_shadow_guards(ShadowScores(), step, 1.0, plan)]
    return {result.gate.removeprefix("rollout.") for result in found}


def test_every_watch_is_on_the_page_of_its_kind_of_fault(watches):
    assert len(watches) > 15
    assert {name for name in watches if name not in named_on(WATCHES[kind_of(name)])} == set()


def test_every_guard_is_on_the_page_of_guards(guards):
    assert len(guards) > 8
    assert guards - named_on("guards_of_a_rollout") == set()


def test_sabotage_watch_and_guard_without_a_page_are_found():
    assert "humidity" not in named_on(WATCHES[kind_of("humidity")]) | named_on("guards_of_a_rollout")
