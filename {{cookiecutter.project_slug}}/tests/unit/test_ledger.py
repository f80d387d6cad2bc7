"""The ledger keeps what it acknowledged, once."""

import contextlib
import sqlite3

import pytest

from {{ cookiecutter.__package }} import contract, database
from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.ledger import (
    ReactionConflictError,
    UnknownDecisionError,
    new_id,
    now,
    open_ledger,
)
from {{ cookiecutter.__package }}.schema import columns

TARGET = columns(contract.Label)[0]
FIRST, SECOND = (TARGET.categories or (10.0, 20.0))[:2]


def decision(**changes):
    made = {"id": new_id(), "decided_at": now(), "features": {"a": 1}, "answer": FIRST, "score": 0.5}
    return made | {"model": "rules:1", "needs_review": False, "fallback": False} | changes


def reaction(verdict="accept", answer=None, note=""):
    return {"verdict": verdict, "answer": answer, "note": note}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def test_decisions_survive_and_the_newest_comes_first(url):
    made = [decision() for _ in range(3)]
    with open_ledger(url) as ledger:
        ledger.record(made)
    with open_ledger(url) as ledger:
        assert [row["id"] for row in ledger.recent(2)] == [made[2]["id"], made[1]["id"]]
        assert ledger.get(made[0]["id"])["features"] == {"a": 1}
        assert ledger.get("nothing") is None


def test_a_batch_is_recorded_whole_or_not_at_all(url):
    twice = decision()
    with open_ledger(url) as ledger:
        with pytest.raises(Exception, match="UNIQUE"):
            ledger.record([decision(), twice, twice])
        assert ledger.recent(10) == []


@pytest.mark.parametrize("level", ["FULL", "NORMAL", "OFF"])
def test_every_commit_is_flushed_to_disk(url, monkeypatch, level):
    """Who ends the process does not see the difference, a power cut does; the other levels are the sabotage."""
    monkeypatch.setattr(database, "PRAGMAS", [pragma.replace("FULL", level) for pragma in database.PRAGMAS])
    with open_ledger(url) as ledger, ledger.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert (found == ["wal", 2]) is (level == "FULL")


def test_the_same_reaction_twice_is_one_reaction(url):
    made = decision()
    with open_ledger(url) as ledger:
        ledger.record([made])
        first = ledger.react(made["id"], reaction("override", SECOND, "seen the papers"))
        assert ledger.react(made["id"], reaction("override", SECOND, "seen the papers")) == first
        assert len(list(ledger.labelled())) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (reaction(), reaction("override", SECOND)),
        (reaction("override", SECOND, "a"), reaction("override", SECOND, "b")),
    ],
)
def test_another_reaction_is_refused_and_the_first_stays(url, first, second):
    made = decision()
    with open_ledger(url) as ledger:
        ledger.record([made])
        ledger.react(made["id"], first)
        with pytest.raises(ReactionConflictError, match="already has another reaction"):
            ledger.react(made["id"], second)
        assert ledger.get(made["id"])["verdict"] == first["verdict"]


def test_an_override_with_the_same_answer_is_refused(url):
    made = decision()
    with open_ledger(url) as ledger:
        ledger.record([made])
        with pytest.raises(ReactionConflictError, match="is the answer that was given"):
            ledger.react(made["id"], reaction("override", FIRST))
        assert list(ledger.labelled()) == []


def test_an_unknown_decision_is_refused(url):
    with open_ledger(url) as ledger, pytest.raises(UnknownDecisionError):
        ledger.react("nothing", reaction())


def test_the_queue_holds_what_a_person_has_yet_to_look_at(url):
    easy, hard, done = decision(), decision(needs_review=True), decision(needs_review=True)
    with open_ledger(url) as ledger:
        ledger.record([easy, hard, done])
        ledger.react(done["id"], reaction())
        assert [row["id"] for row in ledger.recent(10, to_review=True)] == [hard["id"]]


def test_ids_sort_by_time_and_do_not_repeat():
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert sorted(ids, key=lambda id_: id_[:16]) == ids
    assert {len(id_) for id_ in ids} == {32}


ELSEWHERE = {
    "mysql://me:secret@host/ledger": "use sqlite:///FILE",
    "sqlite://": "use sqlite:///FILE",
    "nonsense": "use sqlite:///FILE",
    "nonsense://me:secret@host": "use sqlite:///FILE",
    "postgresql+nonsense://me:secret@host/ledger": "use sqlite:///FILE",
    "postgresql+psycopg://me@127.0.0.1:secret/ledger": "use sqlite:///FILE",
    "postgresql+psycopg://me:secret@127.0.0.1:1/ledger": "see that it is there",
    "sqlite:///{folder}/file/x.db": "see that it is there",
    "sqlite:///{folder}": "see that it is there",
    "sqlite:///{folder}/file": "restore it from a backup, or move it away",
    "sqlite:///{folder}/other.db": "restore it from a backup, or move it away",
}


@pytest.mark.parametrize("given", ELSEWHERE)
def test_a_database_that_cannot_be_opened_is_one_sentence_with_the_next_step(tmp_path, given):
    (tmp_path / "file").write_text("not a folder, and no database", encoding="utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE decisions (id TEXT PRIMARY KEY)")
    with pytest.raises(UserError) as refusal, open_ledger(given.format(folder=tmp_path)):
        pass
    said = str(refusal.value)
    assert said.startswith("ledger: ")
    assert ELSEWHERE[given] in said
    assert "\n" not in said
    assert "sec" not in said
