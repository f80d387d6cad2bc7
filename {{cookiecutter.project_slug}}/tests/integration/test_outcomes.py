"""What really happened is recorded by reference or id, once, with its corrections."""

import pytest
import sqlalchemy as sa

from {{ cookiecutter.__package }}.stores.outcomes import MAX_OUTCOMES

AT = "2026-03-01T00:00:00.000+00:00"


def example(workspace):
    return {column.name: column.example for column in workspace.shape.problem().columns}


def two_answers(problem):
    return problem.target.categories[:2] or (10.0, 20.25)


@pytest.fixture
def post(product):
    """Return a function that records outcomes: the status, and the answer."""

    def record(body):
        answer = product.post("/v1/outcomes", json=body)
        return answer.status_code, answer.json()

    return record


@pytest.fixture
def decided(product, features):
    """Return a decision on the case A-17."""
    return product.post("/v1/decisions", json=features | {"reference": "A-17"}).json()


@pytest.mark.parametrize("by", ["reference", "id"])
def test_outcome_is_shown_with_its_decision(any_workspace, any_product, by):
    first, second = two_answers(any_workspace.shape.problem())
    decision = any_product.post("/v1/decisions", json=example(any_workspace) | {"reference": "A-17"}).json()
    case = {by: decision[by]}
    recorded = any_product.post("/v1/outcomes", json=case | {"outcome": first, "observed_at": "2026-03-01"})
    assert recorded.status_code == 201
    assert {name: recorded.json()[name] for name in ("recorded", "known", "observed_at")} == {
        "recorded": "new",
        "known": True,
        "observed_at": AT,
    }
    assert any_product.post("/v1/outcomes", json=[case | {"outcome": second}]).json()[0]["recorded"] == "corrected"
    found = any_product.get(f"/v1/decisions/{decision['id']}").json()
    assert [(each["outcome"], each["observed_at"]) for each in found["outcomes"]] == [(first, AT), (second, None)]
    assert (found["outcome"], found["outcome_at"]) == (second, found["outcomes"][1]["recorded_at"])
    assert type(found["outcome"]) is type(second)


def test_same_outcome_again_adds_nothing(post, decided, product):
    body = {"reference": "A-17", "outcome": "yes", "observed_at": "2026-03-01T01:00+01:00"}
    assert [post(body)[0], post(body)[0], post({"reference": "A-17", "outcome": "yes"})[0]] == [201, 200, 200]
    [outcome] = product.get(f"/v1/decisions/{decided['id']}").json()["outcomes"]
    assert outcome["observed_at"] == AT
    status, again = post([body, body | {"outcome": "no"}, body | {"outcome": "no"}, body])
    assert (status, [each["recorded"] for each in again]) == (
        201,
        ["unchanged", "corrected", "unchanged", "corrected"],
    )


def test_outcome_of_an_unknown_reference_counts_once_there_is_such_a_decision(post, product, features):
    status, answer = post({"reference": "B-1", "outcome": "yes"})
    assert (status, answer["recorded"], answer["known"]) == (201, "new", False)
    decision = product.post("/v1/decisions", json=features | {"reference": "B-1"}).json()
    assert product.get(f"/v1/decisions/{decision['id']}").json()["outcome"] == "yes"
    assert post({"reference": "B-1", "outcome": "yes"})[1]["known"]


def test_list_with_an_unknown_id_is_refused_whole(post, decided, product):
    for unknown in ("f" * 32, "nothing"):
        status, answer = post([{"id": decided["id"], "outcome": "yes"}, {"id": unknown, "outcome": "no"}])
        assert (status, answer["detail"]) == (404, f"there is no decision {unknown!r}")
    assert product.get(f"/v1/decisions/{decided['id']}").json()["outcomes"] == []


WRONG = [
    {"outcome": "yes"},
    {"reference": "A-17", "id": "0" * 32, "outcome": "yes"},
    {"reference": "A-17"},
    {"reference": "A-17", "outcome": "perhaps"},
    {"reference": "", "outcome": "yes"},
    {"reference": "a\0b", "outcome": "yes"},
    {"reference": "x" * 201, "outcome": "yes"},
    {"reference": "A-17", "outcome": "yes", "observed_at": "yesterday"},
    {"reference": "A-17", "outcome": "yes", "observed_at": "2026-02-30"},
    {"reference": "A-17", "outcome": "yes", "observed_at": "0001-01-01T00:00+23:00"},
    {"reference": "A-17", "outcome": "yes", "luck": 1},
    [],
]


def test_outcome_that_does_not_fit_is_refused_with_all_of_its_list(post, decided, product):
    for wrong in WRONG:
        for body in (wrong, [{"reference": "A-17", "outcome": "yes"}, wrong]):
            status, answer = post(body)
            assert (status, body) == (422, body)
            assert answer["errors"]
            assert "A-17" not in str(answer)
    assert product.get(f"/v1/decisions/{decided['id']}").json()["outcomes"] == []


def test_longest_list_is_taken_and_a_longer_one_is_not(post):
    given = [{"reference": "é" * 190 + str(place), "outcome": "yes"} for place in range(MAX_OUTCOMES)]
    assert post(given)[0] == 201
    assert post([*given, given[0]])[0] == 422


def test_outcomes_are_counted(post, decided, product):
    post([{"reference": "A-17", "outcome": answer} for answer in ("yes", "yes", "no")])
    text = product.get("/metrics").text
    assert 'outcomes_total{recorded="new"} 1.0\n' in text
    assert 'outcomes_total{recorded="corrected"} 1.0\n' in text
    assert "A-17" not in text


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_file_of_outcomes_is_recorded_once(workspace, command, tmp_path, features):
    with workspace.product() as product:
        decision = product.post("/v1/decisions", json=features | {"reference": "A-0"}).json()
    rows = "".join(f"A-{place},yes,2026-03-01\n" for place in range(5))
    file = write(tmp_path / "late.csv", f"reference,refused,observed_at\n{rows}")
    code, printed, _ = command("outcomes", file)
    assert (code, printed.partition(".")[0]) == (0, "Outcomes: 5 new, 0 corrected, 0 unchanged")
    assert "References without a decision: 4 (A-1, A-2, A-3, ...); " in printed
    write(tmp_path / "late.csv", f"reference,refused,observed_at\n{rows.replace('A-0,yes', 'A-0,no')}")
    assert command("outcomes", file)[1].startswith("Outcomes: 0 new, 1 corrected, 4 unchanged.")
    with workspace.project.ledger() as ledger:
        [row] = ledger.labelled()
    assert (row["id"], row["outcome"], row["outcome_at"]) == (decision["id"], "no", AT)


FAULTS = {
    "reference,outcome\nA-0,yes\nA-1,perhaps\n": "row 2: outcome is 'perhaps', expected one of no, yes; correct it",
    "reference,outcome\nA-0,yes\n,no\n": "row 2: reference is empty",
    "reference,outcome\nA-0,yes\nA-1,\n": "row 2: outcome is empty",
    "reference,outcome,observed_at\nA-0,yes,\nA-1,no,today\n": "row 2: observed_at is 'today', expected a date or time",
    "id,outcome\nffff,yes\n": "there is no decision 'ffff'; correct it; nothing was recorded",
    "case,outcome\nA-0,yes\n": "no column reference or id; give one",
    "reference,id,outcome\nA-0,b,yes\n": "more than one column of reference or id",
    "reference,answer\nA-0,yes\n": "no column outcome or refused",
}


def test_file_with_a_fault_is_refused_with_its_row_and_nothing_is_recorded(workspace, command, tmp_path):
    for text, expected in FAULTS.items():
        code, printed, error = command("outcomes", write(tmp_path / "late.csv", text))
        assert (code, printed) == (2, "")
        assert f"late.csv: {expected}" in error
        assert error.count("\n") == 1
    with workspace.project.ledger() as ledger, ledger.engine.connect() as connection:
        assert connection.execute(sa.select(ledger.tables.outcomes)).all() == []
