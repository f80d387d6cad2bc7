"""Decisions that are older than the plan allows are deleted with what refers to them; counts stay."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from postgres import make_schema

from {{ cookiecutter.__package }}.core.settings import sqlite_url
from {{ cookiecutter.__package }}.stores import retention
from {{ cookiecutter.__package }}.stores.erasure import overwrite_deleted
from {{ cookiecutter.__package }}.stores.events import read_events
from {{ cookiecutter.__package }}.stores.ledger import open_ledger
from {{ cookiecutter.__package }}.stores.outcomes import record_outcomes

DAYS = 30
NOW = datetime(2030, 6, 30, tzinfo=UTC)
BEFORE = NOW - timedelta(days=DAYS)


def text(time):
    return time.isoformat(timespec="milliseconds")


def fill(ledger, problem, now=NOW):
    """Record a decision of each day of 60, whose ids begin with the day."""
    features = {column.name: column.example for column in problem.stored}
    answer = problem.target.categories[0] if problem.target.categories else 1.0
    rows = [
        {"id": f"{day:032x}", "decided_at": text(now - timedelta(days=day)), "features": features, "answer": answer}
        | {"score": 0.5, "model": "new:1" if day < 40 else "old:1", "needs_review": True, "fallback": False}
        | {"subject": None, "reference": f"case {day}", "rollout": None}
        for day in range(60)
    ]
    ledger.record(rows, {f"key {day}": ("0" * 64, [f"{day:032x}"]) for day in (5, 50)})
    for day in (5, 50):
        ledger.react(f"{day:032x}", {"verdict": "accept", "answer": None, "note": ""})
        record_outcomes(ledger, [{"id": f"{day:032x}", "outcome": answer}])
    return rows


def days_on_record(ledger):
    with ledger.engine.connect() as connection:
        return sorted(int(each, 16) for each in connection.scalars(sa.select(ledger.decisions.c.id)))


def count(ledger, name):
    with ledger.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(ledger.tables.metadata.tables[name]))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def ledger(request, tmp_path, workspace):
    """Return an empty ledger, of each kind."""
    url = sqlite_url(tmp_path / "ledger.db")
    url = url if request.param == "sqlite" else make_schema(request.getfixturevalue("postgres")[0])
    with open_ledger(url, workspace.project.problem.target) as opened:
        yield opened


def test_old_decisions_go_with_what_refers_to_them_and_new_ones_stay(ledger, workspace, monkeypatch):
    monkeypatch.setattr(retention, "BLOCK", 7)
    fill(ledger, workspace.project.problem)
    parts = list(retention.delete_expired(ledger, text(BEFORE)))
    assert days_on_record(ledger) == [*range(DAYS + 1)]
    assert sum(part.get("decisions", 0) for part in parts) == 29
    assert [count(ledger, name) for name in ("requests", "reactions", "outcomes")] == [1, 1, 1]
    events = read_events(ledger, kind="retention")
    assert sum(int(event["old"].split(" decisions")[0].split()[-1]) for event in events) == 29
    assert any("old:1" in event["why"] and "new:1" in event["why"] for event in events)
    assert list(retention.delete_expired(ledger, text(BEFORE))) == [{}]
    overwrite_deleted(ledger, rewrite=False)


@pytest.mark.slow
def test_outcome_of_a_reference_that_no_decision_has_goes_when_it_is_old(ledger, workspace):
    problem = workspace.project.problem
    fill(ledger, problem)
    answer = problem.target.categories[0]
    record_outcomes(ledger, [{"reference": name, "outcome": answer} for name in ("nobody's", "case 3")])
    for days, left in ((-1, 4), (1, 3)):  # outcomes were recorded now, and the decisions are made in 2030
        list(retention.delete_expired(ledger, text(datetime.now(UTC) + timedelta(days=days))))
        assert count(ledger, "outcomes") == left


@pytest.mark.slow
def test_decisions_of_the_live_rollout_stay(ledger, workspace):
    fill(ledger, workspace.project.problem)
    rollout = {"id": "r" * 32, "live": True, "state": "running", "step": 0, "share": 0.1, "reason": "", "revision": 0}
    rollout |= {"steps": [], "looks": [], "champion": {}, "challenger": {}}
    rollout |= dict.fromkeys(("started_at", "step_at", "changed_at"), text(NOW))
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(ledger.tables.rollouts), rollout)
        its = ledger.decisions.c.id == f"{55:032x}"
        connection.execute(sa.update(ledger.decisions).where(its).values(rollout="r" * 32))
    list(retention.delete_expired(ledger, text(BEFORE)))
    assert days_on_record(ledger) == [*range(DAYS + 1), 55]


def test_command_follows_the_plan_and_says_what_it_deleted(workspace, command):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        fill(ledger, problem, datetime.now(UTC) + timedelta(hours=1))
    code, out, _ = command("retention")
    assert code == 0
    assert "Decisions are kept: privacy.keep_decisions_days is 0" in out
    with (workspace.root / "plan.toml").open("a") as plan:
        plan.write(f"\n[privacy]\nkeep_decisions_days = {DAYS}\n")
    code, out, error = command("retention")
    assert (code, error) == (0, "")
    assert f"Older than {DAYS} days, before " in out
    assert "29 decisions, 1 reactions, 1 outcomes, 1 requests" in " ".join(sorted_counts(out))
    with workspace.project.ledger() as ledger:
        assert days_on_record(ledger) == [*range(DAYS + 1)]


def sorted_counts(out):
    """Return the counts that the command printed, in one order."""
    found = out.rpartition(": ")[2].strip().rstrip(".").split(", ")
    order = ("decisions", "reactions", "outcomes", "requests")
    return [", ".join(sorted(found, key=lambda each: order.index(each.split()[1])))]


@pytest.mark.slow
@pytest.mark.parametrize("given", ["-1", "1.5", '"x"', "40000"])
def test_wrong_number_of_days_is_one_line(workspace, command, given):
    with (workspace.root / "plan.toml").open("a") as plan:
        plan.write(f"\n[privacy]\nkeep_decisions_days = {given}\n")
    code, _, error = command("retention")
    assert (code, error.count("\n")) == (2, 1)
    assert "privacy.keep_decisions_days: " in error
