"""What `init` asks at a terminal, and what becomes of the answers."""

import pytest
import typer
from profiles import table

from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.init.questions import ask_about_findings, ask_descriptions
from {{ cookiecutter.__package }}.init.study import Study, describe
from {{ cookiecutter.__package }}.init.table import Finding, Options

FINDINGS = [
    Finding("protected", ("sex",), "looks protected", "asked"),
    Finding("leak", ("size",), "nearly gives the answer", "asked"),
    Finding("constant", ("one",), "always the same", "left out"),
    Finding("group", ("who",), "several rows each", "kept"),
]


@pytest.fixture
def studied():
    columns = table(id=[1, 2, 3], sex=["a", "b", "a"], size=[1, 2, 2], one=[1, 1, 1], late=["yes", "no", "no"])
    return Study(Source(), columns, FINDINGS, "id")


@pytest.fixture
def say(monkeypatch):
    """Return a function that sets what a person answers, and gives the list of what was asked."""

    def answer(*answers):
        left, asked = [{"y": True, "n": False}.get(given, given) for given in answers], []

        def take(question, *_):
            asked.append(question)
            return left.pop(0)

        monkeypatch.setattr(typer, "confirm", take)
        monkeypatch.setattr(typer, "prompt", take)
        return asked

    return answer


def test_columns_are_marked_or_left_out_as_a_person_says(studied, say):
    say("y", "n")
    found = ask_about_findings(studied, Options("late"))
    assert (found.protected, found.dropped) == (("sex",), ())
    say("n", "y")
    found = ask_about_findings(studied, Options("late"))
    assert (found.protected, found.dropped) == ((), ("size",))


def test_nothing_is_asked_about_columns_that_an_option_names(studied, say):
    asked = say()
    options = Options("late", protected=("sex",), kept=("size",))
    assert ask_about_findings(studied, options) == options
    assert asked == []


def test_descriptions_are_asked_for_of_the_columns_that_are_used(studied, say):
    asked = say("y", "Size, cm", "Is it late")
    found = ask_descriptions(studied, Options("late", dropped=("sex",)))
    assert found == {"size": "Size, cm", "late": "Is it late"}
    assert asked[1:] == ["size", "late"]
    described = {profile.name: profile.description for profile in describe(studied, found).profiles}
    assert described["size"] == "Size, cm"
    assert described["sex"] == "Sex"


def test_descriptions_can_wait(studied, say):
    asked = say("n")
    assert ask_descriptions(studied, Options("late")) == {}
    assert len(asked) == 1
