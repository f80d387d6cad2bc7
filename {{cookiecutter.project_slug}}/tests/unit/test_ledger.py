"""The ledger keeps every decision and every reaction that it acknowledged, once."""

import contextlib
import dataclasses
import sqlite3

import pytest
import sqlalchemy as sa
from postgres import make_schema
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores import database
from {{ cookiecutter.__package }}.stores.ledger import (
    ReactionConflictError,
    UnknownDecisionError,
    new_id,
    now,
    open_ledger,
)
from {{ cookiecutter.__package }}.stores.outcomes import record_outcomes

TARGETS = {shape: SHAPES[shape].problem().target for shape in SHAPES}


@pytest.fixture(params=TARGETS)
def target(request):
    """Return the label's column of every shape in turn: two answers, several answers, a number."""
    return TARGETS[request.param]


@pytest.fixture
def url(request, new_ledger):
    return new_ledger(request.getfixturevalue("target") if "target" in request.fixturenames else TARGETS["usual"])


@pytest.fixture
def answers(target):
    return (target.categories or (10.0, 20.25))[:2]


def decision(answer, **changes):
    given = {"id": new_id(), "decided_at": now(), "features": {"a": 1, "b": None}, "answer": answer, "score": 0.5}
    return given | {"model": "rules:1", "needs_review": False, "fallback": False} | changes


def reaction(verdict="accept", answer=None, note=""):
    return {"verdict": verdict, "answer": answer, "note": note}


def test_decisions_are_stored_and_the_newest_comes_first(url, target, answers):
    decisions = [decision(answers[0]), decision(answers[1]), decision(answers[0])]
    with open_ledger(url, target) as ledger:
        ledger.record(decisions)
    with open_ledger(url, target) as ledger:
        assert [row["id"] for row in ledger.recent(2)] == [decisions[2]["id"], decisions[1]["id"]]
        stored = ledger.get(decisions[1]["id"])
        assert {name: stored[name] for name in decisions[1]} == decisions[1]
        assert type(stored["answer"]) is type(answers[1])
        assert (stored["verdict"], stored["reaction_answer"], stored["note"]) == (None, None, None)


@pytest.mark.parametrize("unknown", ["nothing", "", "f" * 32, "F" * 32, "a\0b", f"{'f' * 31}\n", "é" * 32])
def test_unknown_id_finds_nothing(url, unknown):
    with open_ledger(url, TARGETS["usual"]) as ledger:
        assert ledger.get(unknown) is None
        with pytest.raises(UnknownDecisionError, match="there is no decision"):
            ledger.react(unknown, reaction())


def test_batch_with_one_repeated_id_is_not_recorded_at_all(url, target, answers):
    twice = decision(answers[0])
    with open_ledger(url, target) as ledger:
        with pytest.raises(Exception, match="UNIQUE"):
            ledger.record([decision(answers[0]), twice, twice])
        assert ledger.recent(10) == []


@pytest.mark.parametrize("level", ["FULL", "NORMAL", "OFF"])
def test_every_commit_is_flushed_to_disk(url, monkeypatch, level):
    """Ending the process does not show the difference, a power cut does; the other levels are the sabotage."""
    monkeypatch.setattr(database, "PRAGMAS", [pragma.replace("FULL", level) for pragma in database.PRAGMAS])
    with open_ledger(url, TARGETS["usual"]) as ledger, ledger.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2000
    assert (found == ["wal", 2]) is (level == "FULL")


def test_same_reaction_twice_is_one_reaction(url, target, answers):
    given = decision(answers[0])
    with open_ledger(url, target) as ledger:
        ledger.record([given])
        first = ledger.react(given["id"], reaction("override", answers[1], "seen the papers"))
        assert ledger.react(given["id"], reaction("override", answers[1], "seen the papers")) == (first[0], False)
        assert first[1]
        [labelled] = ledger.labelled()
        assert (labelled["verdict"], labelled["reaction_answer"]) == ("override", answers[1])


@pytest.mark.parametrize("second", ["another verdict", "another note"])
def test_second_reaction_that_differs_is_refused_and_the_first_stays(url, target, answers, second):
    given = decision(answers[0])
    override = reaction("override", answers[1])
    first, later = (reaction(), override) if second == "another verdict" else (override, override | {"note": "b"})
    with open_ledger(url, target) as ledger:
        ledger.record([given])
        ledger.react(given["id"], first)
        with pytest.raises(ReactionConflictError, match=f"already has another reaction: {first['verdict']}"):
            ledger.react(given["id"], later)
        stored = ledger.get(given["id"])
        assert (stored["verdict"], stored["note"]) == (first["verdict"], first["note"])


def test_override_with_the_answer_that_was_given_is_refused(url, target, answers):
    given = decision(answers[0])
    with open_ledger(url, target) as ledger:
        ledger.record([given])
        with pytest.raises(ReactionConflictError, match="is the answer that was given"):
            ledger.react(given["id"], reaction("override", answers[0]))
        assert list(ledger.labelled()) == []


def test_review_queue_holds_decisions_that_need_a_review_and_have_no_reaction(url, target, answers):
    easy, hard, done = (decision(answers[0], needs_review=flag) for flag in (False, True, True))
    with open_ledger(url, target) as ledger:
        ledger.record([easy, hard, done])
        ledger.react(done["id"], reaction())
        assert [row["id"] for row in ledger.recent(10, to_review=True)] == [hard["id"]]


def test_review_queue_is_read_from_its_index(url, target):
    queries = []
    with open_ledger(url, target) as ledger:
        sa.event.listen(ledger.engine, "before_cursor_execute", lambda *given: queries.append(given[2:4]))
        ledger.recent(20, to_review=True)
        statement, parameters = queries[-1]
        with ledger.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "USING INDEX decisions_to_review" in str(plan)


def test_review_queue_holds_blind_reviews_too(url, target, answers):
    drawn, done, plain = (decision(answers[0], blind=flag) for flag in (True, True, False))
    with open_ledger(url, target) as ledger:
        ledger.record([drawn, done, plain])
        ledger.react(done["id"], reaction("blind", answers[0]))
        assert [row["id"] for row in ledger.recent(10, to_review=True)] == [drawn["id"]]
        for given in (reaction(), reaction("override", answers[0]), reaction("override", answers[1])):
            with pytest.raises(ReactionConflictError, match="is reviewed blind: give your own answer"):
                ledger.react(drawn["id"], given)
        with pytest.raises(ReactionConflictError, match="is not reviewed blind"):
            ledger.react(plain["id"], reaction("blind", answers[0]))


def test_decisions_of_a_reference_are_read_from_an_index(url, target, answers):
    queries = []
    with open_ledger(url, target) as ledger:
        given = [decision(answers[0], reference=name) for name in ("a", "b", "a", None)]
        ledger.record(given)
        sa.event.listen(ledger.engine, "before_cursor_execute", lambda *given: queries.append(given[2:4]))
        assert [row["id"] for row in ledger.recent(9, reference="a")] == [given[2]["id"], given[0]["id"]]
        assert [row["id"] for row in ledger.recent(1, reference="a")] == [given[2]["id"]]
        statement, parameters = queries[-1]
        with ledger.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "USING INDEX decisions_reference" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def each_url(request, url):
    return url if request.param == "sqlite" else make_schema(request.getfixturevalue("postgres")[0])


def test_labelled_decisions_have_a_reaction_or_the_current_outcome(each_url, target, answers):
    first, second = answers
    with open_ledger(each_url, target) as ledger:
        accepted, by_reference, by_id, both, bare = (
            decision(first, reference=name) for name in (None, "b", "c", "d", "e")
        )
        ledger.record([accepted, by_reference, by_id, both, bare])
        ledger.react(accepted["id"], reaction(note="seen"))
        ledger.react(both["id"], reaction("override", second))
        given = [
            ("reference", "b", first, "2026-01-01"),
            ("reference", "b", second, None),
            ("id", by_id["id"], second, None),
        ]
        given += [
            ("id", both["id"], second, "2026-01-02"),
            ("reference", "d", first, None),
            ("reference", "z", first, None),
        ]
        outcomes = [{by: case, "outcome": answer, "observed_at": at} for by, case, answer, at in given]
        record_outcomes(ledger, outcomes)
        labelled = {row["id"]: row for row in ledger.labelled()}
        assert list(labelled) == [both["id"], by_id["id"], by_reference["id"], accepted["id"]]
        read = ("verdict", "reaction_answer", "note", "outcome")
        found = [tuple(row[name] for name in read) for row in labelled.values()]
        assert found == [
            ("override", second, "", second),
            (None, None, None, second),
            (None, None, None, second),
            ("accept", None, "seen", None),
        ]
        assert labelled[both["id"]]["outcome_at"] == "2026-01-02"
        assert labelled[by_reference["id"]]["outcome_at"] > "2026-01-02"  # the correction has no time of its own
        assert labelled[accepted["id"]]["outcome_at"] is None
        assert labelled[accepted["id"]]["reacted_at"]
        assert labelled[by_id["id"]]["reacted_at"] is None
        assert type(labelled[by_id["id"]]["outcome"]) is type(second)


def test_labelled_decisions_are_read_with_the_indexes_of_outcomes(url, target):
    queries = []
    with open_ledger(url, target) as ledger:
        sa.event.listen(ledger.engine, "before_cursor_execute", lambda *given: queries.append(given[2:4]))
        assert list(ledger.labelled()) == []
        statement, parameters = queries[-1]
        with ledger.engine.connect() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
    assert "INDEX outcomes_reference" in plan
    assert "INDEX outcomes_decision_id" in plan
    assert "TEMP B-TREE" not in plan


def test_whole_number_comes_back_as_it_was_given(new_ledger):
    whole = dataclasses.replace(TARGETS["wide"], kind="integer")
    given = decision(12)
    with open_ledger(new_ledger(whole), whole) as ledger:
        ledger.record([given])
        assert repr(ledger.get(given["id"])["answer"]) == "12"


def test_ids_sort_by_time_and_do_not_repeat():
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert sorted(ids, key=lambda id_: id_[:16]) == ids
    assert {len(id_) for id_ in ids} == {32}


def test_ledger_that_is_deleted_while_it_is_open_is_an_error_and_not_a_new_one(url, tmp_path):
    with open_ledger(url, TARGETS["usual"]) as ledger:
        (tmp_path / "ledger.db").unlink()
        with pytest.raises(Exception, match="unable to open database file"):
            ledger.record([decision("no")])
        assert not (tmp_path / "ledger.db").exists()


def test_ledger_that_fails_in_a_command_is_one_line_that_names_it(url, tmp_path):
    expected = r"^ledger: .*unable to open database file; check that it is there"
    with open_ledger(url, TARGETS["usual"]):
        pass
    with pytest.raises(UserError, match=expected), open_ledger(url, TARGETS["usual"]) as ledger:
        ledger.recent((tmp_path / "ledger.db").unlink())


ELSEWHERE = {
    "mysql://me:secret@host/ledger": "use sqlite:///FILE",
    "sqlite://": "use sqlite:///FILE",
    "nonsense": "use sqlite:///FILE",
    "nonsense://me:secret@host": "use sqlite:///FILE",
    "postgresql+nonsense://me:secret@host/ledger": "use sqlite:///FILE",
    "postgresql+psycopg://me@127.0.0.1:secret/ledger": "use sqlite:///FILE",
    "postgresql+psycopg://me:secret@127.0.0.1:1/ledger": "check that it is there",
    "postgresql+psycopg://me:pa@sec@127.0.0.1:1/ledger": "write those of a user name or a password as %40",
    "postgresql+psycopg://me:pa?x@sec@127.0.0.1:1/ledger": "write those of a user name or a password as %40",
    "postgresql+psycopg://me:pa@sec?x@127.0.0.1:1/ledger": "write those of a user name or a password as %40",
    "postgresql+psycopg://me:pa@sec/x@127.0.0.1:1/ledger": "write those of a user name or a password as %40",
    "postgresql+psycopg://me:pa%40sec%3F@127.0.0.1:1/ledger": "check that it is there",
    "sqlite:///{folder}/file/x.db": "check that it is there",
    "sqlite:///{folder}": "check that it is there",
    "sqlite:///{folder}/file": "restore it from a backup, or move it away",
    "sqlite:///{folder}/other.db": "restore it from a backup, or move it away",
}


@pytest.mark.parametrize("given", ELSEWHERE)
def test_database_that_cannot_be_opened_is_one_line_with_the_next_step(tmp_path, given):
    (tmp_path / "file").write_text("not a folder, and no database", encoding="utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE decisions (id TEXT PRIMARY KEY)")
    refused = open_ledger(given.format(folder=tmp_path), USUAL.problem().target)
    with pytest.raises(UserError) as refusal, refused:
        pass
    message = str(refusal.value)
    assert message.startswith("ledger: ")
    assert ELSEWHERE[given] in message
    assert "\n" not in message
    assert "sec" not in message
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        assert other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("decisions",)]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "not a folder, and no database"
