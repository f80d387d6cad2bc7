"""Rows of a forgotten subject leave the lake, every byte of it, and do not come back with the next training table."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from problems import SHAPES, USUAL, Shape

from {{ cookiecutter.__package }}.cli import lake_rows
from {{ cookiecutter.__package }}.cli.composition import Project
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.plan import Plan
from {{ cookiecutter.__package }}.core.problem import with_source
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.core.source import Source
from {{ cookiecutter.__package }}.data import pipeline
from {{ cookiecutter.__package }}.stores.events import read_events
from {{ cookiecutter.__package }}.stores.forgotten import NOBODY
from {{ cookiecutter.__package }}.stores.lake import KEY, SUBJECT
from {{ cookiecutter.__package }}.stores.ledger import new_id, now

SECRET = "subject-7f3a91-secret"
COLUMN = "who"
EACH_SHAPE = [name if name == "usual" else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]


@dataclass(frozen=True, eq=False)
class WithSubjects(Shape):
    """A shape whose table has a column with the subject of each row."""

    def project(self, settings: Settings, plan: Plan) -> Project:
        return Project(settings, plan, with_source(self.problem(plan), Source(subject=COLUMN)))

    def table(self, rows: int = 200, seed: int = 0) -> list[dict[str, str]]:
        subjects = [SECRET if place in {3, 50, 199} else f"somebody {place}" for place in range(rows)]
        return [row | {COLUMN: subject} for row, subject in zip(super().table(rows, seed), subjects, strict=True)]


@pytest.fixture(params=EACH_SHAPE)
def filled(request: pytest.FixtureRequest, new_workspace: Any, run_command: Any, tmp_path: Path) -> Any:
    """Return a project of every shape whose table and ledger have the subject, and with a training table of both."""
    workspace = new_workspace(tmp_path / "project", WithSubjects(**vars_of(SHAPES[request.param])))
    # a row in quarantine has a subject as well
    rows = workspace.shape.table()
    rows[50] |= dict.fromkeys([workspace.project.problem.target.name], "")
    write(workspace, rows)
    workspace.edit_plan("[data]", "[data]\nmax_quarantined_share = 0.1")
    react(workspace, SECRET, None)
    react(workspace, None, f"{SECRET} case")
    react(workspace, "somebody else", None)
    build(workspace, run_command)
    return workspace


def vars_of(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in Shape.__dataclass_fields__}


def write(workspace: Any, rows: list[dict[str, str]]) -> None:
    with (workspace.root / "data" / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def react(workspace: Any, subject: str | None, reference: str | None) -> None:
    problem = workspace.project.problem
    features = {column.name: column.example for column in problem.stored}
    answer = problem.target.categories[0] if problem.target.categories else 1.0
    row = {"id": new_id(), "decided_at": now(), "features": features, "answer": answer, "score": 0.5}
    row |= {"model": "rules:1", "needs_review": True, "fallback": False, "subject": subject, "reference": reference}
    with workspace.project.ledger() as ledger:
        ledger.record([row])
        ledger.react(row["id"], {"verdict": "accept", "answer": None, "note": ""})


def build(workspace: Any, run_command: Any, *words: str) -> str:
    code, out, error = run_command(workspace, "data", *words)
    assert (code, error) == (0, "")
    return str(out)


def rows_about(workspace: Any, text: str = SECRET) -> dict[str, int]:
    with workspace.project.lake() as lake:
        frames = {name: lake.frame(name) for name in ("training", "quarantine")}
    return {name: int(frame[SUBJECT].fillna("").str.contains(text).sum()) for name, frame in frames.items()}


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_forgotten_subject_leaves_the_lake_and_does_not_come_back(filled: Any, run_command: Any) -> None:
    assert rows_about(filled) == {"training": 4, "quarantine": 1}
    others = rows_about(filled, "somebody")
    assert run_command(filled, "forget", "--reference", f"{SECRET} case")[0] == 0
    code, out, error = run_command(filled, "forget", SECRET)
    assert (code, error) == (0, "")
    source = filled.root / "data" / "table.csv"
    assert f"{source} still has it, in 3 rows" in out
    for _ in range(2):  # before `data`, and after it
        assert rows_about(filled) == {"training": 0, "quarantine": 0}
        assert rows_about(filled, "somebody") == others
        assert SECRET.encode() not in bytes_of(filled.root / "var")
        printed = build(filled, run_command)
    assert "; 3 left out, whose subjects were forgotten." in printed
    assert SECRET.encode() in source.read_bytes()  # the owner's file is the owner's
    with filled.project.ledger() as ledger:
        events = [event["old"] for event in read_events(ledger, kind="forget")]
    assert events == ["1 quarantine, 3 training", "1 reactions, 1 decisions", "1 training", "1 reactions, 1 decisions"]


@pytest.mark.slow
def test_sabotage_subject_comes_back_if_the_list_is_not_read(filled: Any, run_command: Any, monkeypatch: Any) -> None:
    run_command(filled, "forget", SECRET)
    build_tables = pipeline.build_tables
    monkeypatch.setattr(
        pipeline, "build_tables", lambda *given: build_tables(*given[:-1], replace(given[-1], forgotten=NOBODY))
    )
    build(filled, run_command)
    assert rows_about(filled)["training"] > 1


@pytest.mark.slow
def test_sabotage_subject_stays_in_what_was_read_if_that_is_not_deleted(
    filled: Any, run_command: Any, monkeypatch: Any
) -> None:
    def subjects() -> set[str]:
        files = [*(filled.root / "var" / "deliveries").glob("*.parquet")]
        return {text for file in files for text in pq.read_table(file)[SUBJECT].to_pylist()}

    monkeypatch.setattr(lake_rows.shutil, "rmtree", lambda *_, **__: None)
    run_command(filled, "forget", SECRET)
    assert SECRET in subjects()
    build(filled, run_command)
    assert SECRET not in subjects()


@pytest.mark.slow
def test_later_reaction_about_a_forgotten_subject_is_not_learned_from(filled: Any, run_command: Any) -> None:
    run_command(filled, "forget", SECRET)
    react(filled, SECRET, None)
    assert "4 left out, whose subjects were forgotten" in build(filled, run_command)
    assert rows_about(filled)["training"] == 1  # of the other case, which has no subject


@pytest.mark.slow
@pytest.mark.parametrize("filled", ["usual"], indirect=True)
def test_row_of_the_file_whose_key_is_a_forgotten_case_is_left_out(filled: Any, run_command: Any) -> None:
    react(filled, "another", "c000009")
    code, out, _ = run_command(filled, "forget", "another")
    assert code == 0
    assert "in 1 rows" in out
    with filled.project.lake() as lake:
        assert "c000009" not in lake.frame("training")[KEY].tolist()
    assert "1 left out" in build(filled, run_command)


@pytest.mark.slow
@pytest.mark.parametrize("filled", ["usual"], indirect=True)
def test_subject_of_the_source_alone_is_known_and_a_subject_of_nobody_is_not(filled: Any, run_command: Any) -> None:
    assert run_command(filled, "forget", "somebody 7")[0] == 0
    code, _, error = run_command(filled, "forget", "somebody 777")
    assert (code, error.count("\n")) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("filled", ["usual"], indirect=True)
def test_forgetting_completes_after_an_interruption_before_the_lake(
    filled: Any, run_command: Any, monkeypatch: Any
) -> None:
    def stop(*_: Any) -> None:
        raise UserError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(lake_rows.LakeRows, "remove", stop)
        assert run_command(filled, "forget", SECRET)[0] == 2
    assert rows_about(filled)["training"] == 4
    run_command(filled, "forget", SECRET)
    assert rows_about(filled) == {"training": 1, "quarantine": 0}


@pytest.mark.slow
@pytest.mark.parametrize("filled", ["usual"], indirect=True)
def test_source_that_cannot_be_read_does_not_keep_a_subject(filled: Any, run_command: Any) -> None:
    (filled.root / "data" / "table.csv").unlink()
    code, out, _ = run_command(filled, "forget", SECRET)
    assert "The sources were not searched (" in out
    assert rows_about(filled)["training"] == 1
    assert code in {0, 1}


@pytest.mark.slow
def test_numbers_of_rows_are_no_references(new_workspace: Any, run_command: Any, tmp_path: Path) -> None:
    @dataclass(frozen=True, eq=False)
    class Numbered(Shape):
        def project(self, settings: Settings, plan: Plan) -> Project:
            return Project(settings, plan, with_source(self.problem(plan), Source(number_rows=True, ignored=("case",))))

    workspace = new_workspace(tmp_path / "project", Numbered(**vars_of(USUAL)))
    react(workspace, None, "7")
    build(workspace, run_command)
    assert run_command(workspace, "forget", "--reference", "7")[0] == 0
    with workspace.project.lake() as lake:
        keys = lake.frame("training")[KEY].tolist()
    assert "7" in keys
    assert len(keys) == 400
