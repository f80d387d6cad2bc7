"""A column that says whom a row is about: no input of models, but its rows share a fold."""

from __future__ import annotations

import random

import pytest

from {{ cookiecutter.__package }}.init.proposal import propose
from {{ cookiecutter.__package }}.init.study import study
from {{ cookiecutter.__package }}.init.table import Options


@pytest.fixture
def make(tmp_path):
    rng = random.Random(0)
    path = tmp_path / "visits.csv"
    lines = ["patient_id,height,region,pulse,ill"]
    for patient in range(60):
        height, region = rng.randint(150, 195), rng.choice("NSW")
        for _ in range(4):
            pulse = rng.randint(50, 120)
            lines.append(f"P{patient:03d},{height},{region},{pulse},{'yes' if pulse + rng.gauss(0, 20) > 90 else 'no'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def propose_for(**given):
        options = Options("ill", **given)
        found = study(path, "", options)
        return propose(found.profiles, found.findings, found.source, options, found.key, "data/visits.csv")

    return propose_for


def test_identifier_of_a_subject_is_declared_as_such(make):
    proposal = make()
    assert (proposal.subject, proposal.source.subject) == ("patient_id", "patient_id")
    assert [field.profile.name for field in proposal.fields] == ["height", "region", "pulse"]
    assert "patient_id" not in proposal.ignored
    assert proposal.split == {}


@pytest.mark.parametrize("given", [{"dropped": ("patient_id",)}, {"personal": ("patient_id",)}])
def test_subject_that_a_person_leaves_out_or_marks_is_not_stored(make, given):
    proposal = make(**given)
    assert (proposal.subject, proposal.source.subject) == (None, "")


def test_subject_that_a_person_keeps_is_a_field_by_which_folds_are_made(make):
    proposal = make(kept=("patient_id",))
    assert proposal.subject is None
    assert proposal.split == {"group": "patient_id"}
