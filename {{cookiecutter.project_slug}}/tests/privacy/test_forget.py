"""A subject is forgotten: no byte of the ledger has it, whatever was recorded about it, and it does not come back."""

import signal
import threading

import pytest
import sqlalchemy as sa
from postgres import make_schema
from processes import copy_project, run_product, start

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.settings import sqlite_url
from {{ cookiecutter.__package }}.stores import erasure
from {{ cookiecutter.__package }}.stores.events import read_events
from {{ cookiecutter.__package }}.stores.forgotten import Identifier, read_forgotten
from {{ cookiecutter.__package }}.stores.ledger import new_id, now, open_ledger
from {{ cookiecutter.__package }}.stores.outcomes import record_outcomes
from {{ cookiecutter.__package }}.stores.shadow_scores import record_shadow_scores
from {{ cookiecutter.__package }}.stores.windows import read_windows, record_window

SECRET = "subject-7f3a91-secret"  # begins everything that is about the subject
OTHERS = 300  # decisions about other subjects, among which pages of SQLite are split
WHO = Identifier("subject", SECRET)


def decision(problem, subject, reference=None, **more):
    features = {column.name: column.example for column in problem.stored}
    answer = problem.target.categories[0] if problem.target.categories else 1.0
    row = {"id": new_id(), "decided_at": now(), "features": features, "answer": answer, "score": 0.5}
    row |= {"model": "rules:1", "needs_review": True, "fallback": False}
    return row | {"subject": subject, "reference": reference} | more


def fill(ledger, problem):
    """Record two decisions about the subject among many others, with all that may refer to one; return their ids."""
    others = [decision(problem, f"other {number}", f"case {number}") for number in range(OTHERS)]
    for first in range(0, OTHERS, 20):
        ledger.record(others[first : first + 20])
    own = [decision(problem, SECRET, f"{SECRET} {number}") for number in range(2)]
    shared = decision(problem, SECRET, "case 7")
    requests = {f"{SECRET} key": ("0" * 64, [own[0]["id"], others[0]["id"]])}
    requests["other key"] = "1" * 64, [others[1]["id"]]
    ledger.record([*own, shared], requests)
    ledger.react(own[0]["id"], {"verdict": "accept", "answer": None, "note": f"{SECRET} was told"})
    outcomes = [{"reference": f"{SECRET} 0"}, {"id": own[1]["id"]}, {"reference": "case 7"}, {"reference": "case 8"}]
    record_outcomes(ledger, [{**each, "outcome": own[0]["answer"]} for each in outcomes])
    score = {"rollout": "0" * 32, "answer": own[0]["answer"], "score": 0.5, "model_seconds": 0.1, "error": ""}
    record_shadow_scores(ledger, [{"decision_id": each["id"], **score} for each in (own[0], others[0])])
    task = {"labeller": "anna", "batch": "b", "asked_at": now(), "draw": "random", "probability": 0.5}
    tasks = [
        {"id": new_id(), "decision_id": each["id"], "note": note, **task}
        for each, note in ((own[0], SECRET), (others[0], ""))
    ]
    with ledger.engine.begin() as connection:
        connection.execute(ledger.tables.label_tasks.insert(), tasks)
    ends = {"first_decision": own[0]["id"], "last_decision": own[1]["id"]}
    record_window(ledger, ends | {"rows": 2, "statistics": {}, "results": {}})
    for first in range(0, OTHERS, 20):
        ledger.record([decision(problem, f"late {first + number}") for number in range(20)])
    return [each["id"] for each in (*own, shared)]


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def count(ledger):
    with ledger.engine.connect() as connection:
        tables = ledger.tables.metadata.sorted_tables
        return {t.name: connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in tables}


def test_no_byte_of_var_has_the_subject_and_all_else_stays(any_workspace, run_command):
    with any_workspace.project.ledger() as ledger:
        ids = fill(ledger, any_workspace.project.problem)
        before = count(ledger)
    var = any_workspace.root / "var"
    assert SECRET.encode() in bytes_of(var)
    code, out, error = run_command(any_workspace, "forget", SECRET)
    assert (code, error) == (0, "")
    assert "1 label_tasks, 2 outcomes, 1 reactions, 1 shadow_scores, 3 decisions, 1 requests" in out
    found = bytes_of(var)
    assert SECRET.encode() not in found
    assert [each for each in ids if each.encode() in found] == []
    gone = {"decisions": 3, "reactions": 1, "outcomes": 2, "requests": 1, "shadow_scores": 1}
    gone |= {"label_tasks": 1, "events": -1, "forgotten": -3}
    with any_workspace.project.ledger() as ledger:
        assert count(ledger) == {name: number - gone.get(name, 0) for name, number in before.items()}
        [event] = read_events(ledger, kind="forget")
        [window] = read_windows(ledger)
    assert event["old"] == "1 label_tasks, 2 outcomes, 1 reactions, 1 shadow_scores, 3 decisions, 1 requests"
    assert event["who"]
    assert [window[name] for name in ("first_decision", "last_decision")] == [f"{i[:16]}{'0' * 16}" for i in ids[:2]]


@pytest.mark.slow
def test_case_that_another_subject_shares_keeps_its_outcome(workspace, command):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)
    assert command("forget", SECRET)[0] == 0
    with workspace.project.ledger() as ledger:
        [shared] = ledger.recent(9, reference="case 7")
        assert ledger.get(shared["id"])["outcome"] == shared["answer"]
        assert not read_forgotten(ledger).has("reference", "case 7")


def test_sabotage_deleted_rows_that_are_not_overwritten_are_seen(workspace, command, monkeypatch):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)
    monkeypatch.setattr(erasure, "overwrite_deleted", lambda _, *, rewrite: None)
    with workspace.project.ledger() as product:
        assert product.recent(1)  # a connection that stays open, as those of a product do
        assert command("forget", SECRET)[0] == 0
        assert SECRET.encode() in bytes_of(workspace.root / "var")


@pytest.mark.slow
def test_copies_that_zeros_over_deleted_rows_do_not_reach_are_gone_when_the_file_is_rewritten(workspace):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        ledger.record([decision(problem, SECRET), decision(problem, "other", f"{SECRET} moved")])
        with ledger.engine.begin() as connection:  # as SQLite leaves a copy of a row that moves to another page
            connection.exec_driver_sql("PRAGMA secure_delete=OFF")
            connection.execute(sa.update(ledger.decisions).values(reference=None))
        erasure.delete_subject(ledger, WHO)
        for rewrite in (False, True):
            erasure.overwrite_deleted(ledger, rewrite=rewrite)
            assert (SECRET.encode() in bytes_of(workspace.root / "var")) is not rewrite


@pytest.mark.slow
def test_decisions_without_a_subject_are_found_by_their_reference(workspace, command):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        ledger.record([decision(problem, None, SECRET), decision(problem, None, "other"), decision(problem, SECRET)])
        record_outcomes(ledger, [{"reference": SECRET, "outcome": problem.target.categories[0]}])
    code, out, _ = command("forget", "--reference", SECRET)
    assert "Ledger: 1 outcomes, 1 decisions." in out
    # a subject of the same text is another thing; the command says that the text is still there
    assert code == 1
    assert "ledger: 1 in decisions.subject still has the text" in out
    with workspace.project.ledger() as ledger:
        assert [row["subject"] for row in ledger.recent(9)] == [SECRET, None]


@pytest.mark.slow
def test_note_about_another_case_that_names_the_subject_is_counted(workspace, command):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        rows = [decision(problem, SECRET), decision(problem, "other")]
        ledger.record(rows)
        ledger.react(rows[1]["id"], {"verdict": "accept", "answer": None, "note": f"as for {SECRET}"})
    code, out, _ = command("forget", SECRET)
    assert code == 1
    assert "ledger: 1 in reactions.note still has the text: edit or delete it" in out


def test_subject_that_nothing_knows_is_one_line_and_changes_nothing(workspace, command):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)
        before = count(ledger)
    for words in (["nobody"], ["--reference", SECRET], [SECRET[:-1]], [f"{SECRET} 0"], ["%"]):
        code, out, error = command("forget", *words)
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert error.startswith("error: forget: no store has the ")
    with workspace.project.ledger() as ledger:
        assert count(ledger) == before


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], [""], ["a", "--reference", "b"], ["\udc80"]])
def test_wrong_options_are_one_line(command, words):
    code, _, error = command("forget", *words)
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith("error: forget: ")


@pytest.mark.slow
def test_forgetting_again_after_an_interruption_completes_it(workspace, command, monkeypatch):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)

    def stop(*_, **__):
        raise UserError("stopped")

    with workspace.project.ledger() as product, monkeypatch.context() as patched:
        assert product.recent(1)  # a connection that stays open, as those of a product do
        patched.setattr(erasure, "overwrite_deleted", stop)
        assert command("forget", SECRET)[0] == 2
        assert SECRET.encode() in bytes_of(workspace.root / "var")
    for _ in range(2):
        code, out, _ = command("forget", SECRET)
        assert code == 0
        assert "Ledger: nothing." in out
        assert SECRET.encode() not in bytes_of(workspace.root / "var")
    with workspace.project.ledger() as ledger:
        assert len(read_events(ledger, kind="forget")) == 1


@pytest.mark.slow
def test_fault_in_the_middle_deletes_nothing(workspace, command, monkeypatch):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)
        before = count(ledger)
    monkeypatch.setattr(erasure, "add_to_list", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), workspace.project.ledger() as ledger:
        erasure.delete_subject(ledger, WHO)
    with workspace.project.ledger() as ledger:
        assert count(ledger) == before


def test_later_outcome_of_a_forgotten_case_is_not_recorded(workspace, command):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        fill(ledger, problem)
    command("forget", SECRET)
    late = {"reference": f"{SECRET} 1", "outcome": problem.target.categories[0]}
    with workspace.project.ledger() as ledger:
        assert record_outcomes(ledger, [late]) == [{"recorded": "unchanged", "known": False}]
    assert SECRET.encode() not in bytes_of(workspace.root / "var")


@pytest.mark.slow
def test_later_decision_about_a_forgotten_subject_is_recorded_and_can_be_forgotten_again(workspace, command):
    problem = workspace.project.problem
    with workspace.project.ledger() as ledger:
        ledger.record([decision(problem, SECRET)])
    assert command("forget", SECRET)[0] == 0
    with workspace.project.ledger() as ledger:
        ledger.record([decision(problem, SECRET, "case")])
        assert len(ledger.recent(9)) == 1
    assert "Ledger: 1 decisions." in command("forget", SECRET)[1]


@pytest.mark.slow
def test_digests_of_two_ledgers_differ_and_are_not_plain(workspace, make_workspace, tmp_path):
    rows = []
    for each in (workspace, make_workspace(tmp_path / "other")):
        with each.project.ledger() as ledger:
            for subject in ("1", "2"):
                ledger.record([decision(each.project.problem, subject)])
                erasure.delete_subject(ledger, Identifier("subject", subject))
            with ledger.engine.connect() as connection:
                rows += connection.execute(sa.select(ledger.tables.forgotten)).all()
            forgotten = read_forgotten(ledger)
            assert [forgotten.has("subject", text) for text in ("1", "2", "3", "", None)] == [True] * 2 + [False] * 3
            assert not forgotten.has("reference", "1")
    assert len({row.digest for row in rows}) == 4
    assert len({row.key for row in rows}) == 2


@pytest.mark.slow
def test_reports_and_the_tour_are_removed_and_other_files_are_named(workspace, command):
    with workspace.project.ledger() as ledger:
        fill(ledger, workspace.project.problem)
    var = workspace.root / "var"
    (var / "tour" / "var").mkdir(parents=True)
    (var / "replaced").mkdir()
    kept, report, other = var / "kept.html", var / "monitor.html", var / "product.log"
    kept.write_text(f"<p>{SECRET}2</p>")
    report.write_text(f"<p>{SECRET}</p>")
    other.write_text(f"decides on {SECRET}\n")
    code, out, _ = command("forget", SECRET)
    assert code == 1
    assert "Removed in var/: tour, monitor.html." in out
    assert f"{other} still has the text" in out
    assert f"{var / 'replaced'} has copies" in out
    assert (kept.exists(), report.exists(), (var / "tour").exists()) == (True, False, False)
    other.unlink()
    assert command("forget", SECRET)[0] == 0


@pytest.mark.slow
def test_reaction_to_a_decision_that_is_deleted_meanwhile_is_an_unknown_decision(workspace, features, monkeypatch):
    with workspace.product() as product:
        answer = product.post("/v1/decisions", json=features | {"subject": SECRET}).json()
        with workspace.project.ledger() as ledger:
            read = type(ledger).get

            def forget_then(self, given):
                found = read(self, given)
                erasure.delete_subject(ledger, WHO)
                return found

            monkeypatch.setattr(type(ledger), "get", forget_then)
            reacted = product.post(f"/v1/decisions/{answer['id']}/reaction", json={"verdict": "accept"})
    assert reacted.status_code == 404


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Return the URL of an empty ledger, of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "ledger.db")
    return make_schema(request.getfixturevalue("postgres")[0])


@pytest.mark.slow
def test_every_database_forgets_a_subject_and_keeps_the_rest(url, workspace):
    problem = workspace.project.problem
    with open_ledger(url, problem.target) as ledger:
        fill(ledger, problem)
        counts = erasure.delete_subject(ledger, WHO)
        erasure.overwrite_deleted(ledger, rewrite=True)
        expected = {"label_tasks": 1, "outcomes": 2, "reactions": 1, "shadow_scores": 1, "decisions": 3, "requests": 1}
        assert counts == expected
        assert erasure.delete_subject(ledger, WHO) == dict.fromkeys(counts, 0)
        assert count(ledger)["decisions"] == 2 * OTHERS
        assert read_forgotten(ledger).has(*WHO)
        assert not erasure.has_rows(ledger, WHO)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_product_that_is_running_answers_while_its_subjects_are_forgotten(kind, request, tmp_path):
    settings = {} if kind == "sqlite" else {"APP_LEDGER_URL": make_schema(request.getfixturevalue("postgres")[0])}
    root, answers, faults, stop = copy_project(tmp_path / "project"), [], [], threading.Event()
    with run_product(root, **settings) as running:
        features = running.example

        def ask():
            while not stop.is_set():
                try:
                    answers.append(running.decide(features | {"subject": f"{SECRET} {len(answers) % 3}"}))
                except OSError as error:
                    faults.append(str(error))

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        for number in range(3):
            forgetting = start(root, "forget", f"{SECRET} {number}", **settings)
            printed, _ = forgetting.communicate(timeout=120)
            assert "Forgotten. Ledger: " in printed, printed
        stop.set()
        for client in clients:
            client.join(30)
        running.stop(signal.SIGTERM)
    assert faults == []
    assert answers
