"""Blind reviews: the reviewer answers before the page shows what the model answered."""

import json

import pytest
from actions import decide, expect, recorded, row

pytestmark = pytest.mark.slow

NOTE = "<b>steady</b> income & no doubts"


def decide_blind(page):
    """Decide, and return the decision as the model made it, which the page must not show."""
    with page.expect_response(lambda response: response.request.method == "POST") as made:
        decide(page)
    return made.value.json()


def other_answer(page, answer):
    """Return an answer as the page writes it that differs from a given one: of a button, or a number."""
    buttons = page.get_by_role("button", name="Answer: ").all_text_contents()
    return next((text.removeprefix("Answer: ") for text in buttons if not text.endswith(f": {shown(answer)}")), "7")


def shown(answer):
    return answer.capitalize() if isinstance(answer, str) else f"{answer:g}"


def give(page, answer):
    """Answer with a button, or in the field for a number."""
    button = page.get_by_role("button", name=f"Answer: {answer}", exact=True)
    if button.count() == 0:
        page.get_by_label("Your own answer").fill(answer)
        button = page.get_by_role("button", name="Answer", exact=True)
    button.click()
    expect(page.locator(".outcome")).to_be_focused()


def test_blind_decision_hides_the_answer_on_the_page_and_in_every_response(visit, blind_url):
    page, responses = visit(address=blind_url), []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108  # Playwright marks it
    made = decide_blind(page)
    assert made["blind"]
    expect(page.locator(".verdict")).to_have_text("Your answer first")
    expect(page.locator("#announcement")).to_contain_text("Your answer first")
    expect(page.locator("#card details")).to_have_attribute("open", "")
    expect(page.locator(".score, .reasons, .badges, .outcome")).to_have_count(0)
    expect(page.get_by_role("heading", name="Why")).to_have_count(0)
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    expect(page.get_by_role("button", name="Override")).to_have_count(0)
    for section in ("queue", "recent"):
        expect(row(page, section, made["id"]).locator("b")).to_have_text("Your answer first")
    assert f"{made['score']:.3f}" not in page.locator("body").text_content()
    read = [one for one in responses if "/v1/decisions" in one.url and one.request.method == "GET"]
    assert len(read) >= 3  # the queue, the latest, and the open one
    for response in read:
        body = response.json()
        for decision in body if isinstance(body, list) else [body]:
            assert decision["verdict"] or (decision["answer"], decision["score"]) == (None, None)
            assert not decision.get("reasons")


def test_answer_of_the_model_is_shown_after_the_reviewers_own(visit, blind_url):
    page = visit(address=blind_url)
    made = decide_blind(page)
    answer = other_answer(page, made["answer"])
    page.get_by_label("Note").fill(NOTE)
    give(page, answer)
    model = page.locator(".verdict").text_content()
    assert model not in {answer, "Your answer first"}
    expect(page.locator(".outcome b")).to_have_text(f"Reviewer: {answer}. Model: {model}.")
    expect(page.locator(".outcome q")).to_have_text(NOTE)  # as text: nothing in it became markup
    expect(page.locator("#announcement")).to_have_text(f"Reviewer: {answer}. Model: {model}.")
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    expect(row(page, "queue", made["id"])).to_have_count(0)
    expect(row(page, "recent", made["id"])).to_contain_text(f"Reviewer: {answer}")
    decision = recorded(page, made["id"])
    assert (decision["verdict"], decision["answer"], decision["note"]) == ("blind", made["answer"], NOTE)
    assert shown(decision["reaction_answer"]) == answer


def test_reviewer_may_give_the_answer_that_the_model_gave(visit, blind_url):
    page = visit(address=blind_url)
    made = decide_blind(page)
    give(page, shown(made["answer"]))
    model = page.locator(".verdict").text_content()
    expect(page.locator(".outcome b")).to_have_text(f"Reviewer: {model}. Model: {model}.")
    assert recorded(page, made["id"])["reaction_answer"] == made["answer"]


def test_blind_decision_stays_hidden_when_its_details_cannot_be_read(visit, blind_url):
    page = visit(address=blind_url, complaining=["503"])
    problem = {"detail": "the ledger does not answer now"}
    failed = {"status": 503, "body": json.dumps(problem), "content_type": "application/problem+json"}
    page.route("**/v1/decisions/*", lambda route: route.fulfill(**failed))
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Decide", exact=True).click()
    made = answer.value.json()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(row(page, "queue", made["id"]).locator("b")).to_have_text("Your answer first")
    expect(page.locator(".verdict, .score")).to_have_count(0)
    page.unroute("**/v1/decisions/*")
    row(page, "queue", made["id"]).click()
    expect(page.locator(".verdict")).to_have_text("Your answer first")


def test_what_happened_is_shown_after_the_reviewers_own_answer(visit, blind_url, api_key):
    page = visit(address=blind_url)
    made = decide_blind(page)
    outcome = {"id": made["id"], "outcome": made["answer"], "observed_at": "2026-11-03T12:00:00+00:00"}
    added = page.request.post(f"{blind_url}/v1/outcomes", data=outcome, headers={"X-API-Key": api_key})
    assert added.status == 201
    with page.expect_response(f"**/v1/decisions/{made['id']}"):
        row(page, "recent", made["id"]).click()
    line = page.get_by_text("What happened:")
    expect(line).to_have_count(0)
    give(page, shown(made["answer"]))
    expect(line).to_have_text(f"What happened: {shown(made['answer'])}, 3 Nov 2026")
