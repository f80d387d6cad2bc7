"""For some decisions the reviewer answers before the answer of the model is shown."""

import pytest

from {{ cookiecutter.__package }}.product import records


def another_answer(problem, given):
    return next(answer for answer in (problem.target.categories or (given + 1.0,)) if answer != given)


@pytest.fixture
def blind(any_workspace):
    """Return a client of a product all of whose decisions are reviewed blind, and a decision."""
    any_workspace.edit_plan("blind_share = 0", "blind_share = 1.0")
    body = {column.name: column.example for column in any_workspace.shape.problem().columns}
    with any_workspace.product() as product:
        yield product, product.post("/v1/decisions", json=body | {"reference": "A-17"}).json()


def shows_an_answer(product, decision):
    found = [product.get(f"/v1/decisions/{decision['id']}").json(), *product.get("/v1/decisions").json()]
    return any(each["answer"] is not None or each["score"] is not None or each.get("reasons") for each in found)


def test_answer_is_shown_to_the_caller_and_after_the_review_to_all(blind, any_workspace):
    product, decision = blind
    assert decision["blind"]
    assert decision["answer"] is not None
    assert not shows_an_answer(product, decision)
    waiting = product.get(f"/v1/decisions/{decision['id']}").json()
    assert (waiting["encoded"], waiting["reference"]) == ({}, "A-17")
    assert "waits for a blind review" in waiting["unexplained"]
    assert [each["id"] for each in product.get("/v1/decisions?to_review=true").json()] == [decision["id"]]
    path = f"/v1/decisions/{decision['id']}/reaction"
    own = {"verdict": "blind", "answer": another_answer(any_workspace.shape.problem(), decision["answer"])}
    assert [product.post(path, json=own).status_code for _ in range(2)] == [201, 201]
    shown = product.get(f"/v1/decisions/{decision['id']}").json()
    assert {name: shown[name] for name in decision} == decision
    assert shown["reasons"]
    assert (shown["verdict"], shown["reaction_answer"]) == ("blind", own["answer"])
    assert product.get("/v1/decisions?to_review=true").json() == []


def test_outcome_is_hidden_until_the_review(blind):
    product, decision = blind
    assert product.post("/v1/outcomes", json={"reference": "A-17", "outcome": decision["answer"]}).status_code == 201
    path = f"/v1/decisions/{decision['id']}"
    waiting = product.get(path).json()
    assert (waiting["outcome"], waiting["outcome_at"], waiting["outcomes"]) == (None, None, [])
    product.post(f"{path}/reaction", json={"verdict": "blind", "answer": decision["answer"]})
    assert product.get(path).json()["outcome"] == decision["answer"]


def test_reaction_of_the_other_kind_is_refused_and_tells_no_answer(blind, any_workspace):
    product, decision = blind
    path, answer = f"/v1/decisions/{decision['id']}/reaction", decision["answer"]
    bodies = [{"verdict": "accept"}] + [
        {"verdict": "override", "answer": each}
        for each in (answer, another_answer(any_workspace.shape.problem(), answer))
    ]
    found = [product.post(path, json=body) for body in bodies]
    assert {each.status_code for each in found} == {409}
    [detail] = {each.json()["detail"] for each in found}
    assert detail.endswith("is reviewed blind: give your own answer with verdict blind")
    assert product.post(path, json={"verdict": "blind", "answer": answer}).status_code == 201  # the model's own
    assert "already has another reaction: blind" in product.post(path, json={"verdict": "accept"}).json()["detail"]


def test_decision_that_was_not_drawn_is_not_reviewed_blind(product, features):
    decision = product.post("/v1/decisions", json=features).json()
    assert not decision["blind"]
    assert shows_an_answer(product, decision)
    body = {"verdict": "blind", "answer": decision["answer"]}
    refused = product.post(f"/v1/decisions/{decision['id']}/reaction", json=body)
    assert refused.status_code == 409
    assert "is not reviewed blind: accept or override" in refused.json()["detail"]


def test_share_of_the_plan_is_drawn(workspace, features):
    workspace.edit_plan("blind_share = 0", "blind_share = 0.2")
    with workspace.product() as product:
        decisions = product.post("/v1/decisions/batch", json=[features] * 1000).json()
    assert 120 < sum(decision["blind"] for decision in decisions) < 280


@pytest.mark.parametrize("any_workspace", ["usual"], indirect=True)
def test_sabotage_answer_that_is_not_hidden_is_seen(blind, monkeypatch):
    monkeypatch.setattr(records, "_hide", dict)
    assert shows_an_answer(*blind)
