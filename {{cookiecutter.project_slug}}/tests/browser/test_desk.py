"""The desk as a reviewer uses it: in a real browser, on a running product."""

import json
from pathlib import Path

import pytest
from actions import decide, expect, field, key, recorded, row
from problems import USUAL

pytestmark = pytest.mark.slow

SHOTS = Path(__file__).parents[2] / "var" / "screenshots"
PROBLEM = USUAL.problem()
TARGET = PROBLEM.target
NUMBERS = [column for column in PROBLEM.columns if column.is_numeric and column.high is not None]
REACHED = "document.activeElement.textContent.trim() || document.activeElement.labels?.[0]?.textContent"
NOTE = "<b>steady</b> income & no doubts"
GOOD_LAYOUT_SHIFT = 0.1  # "good" among the web vitals
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}


def test_reviewer_decides_reads_the_reasons_and_overrides(visit):
    page = visit()
    decision_id = decide(page)
    card = page.locator("#card")
    expect(card).to_contain_text("Needs review")
    expect(card).to_contain_text(recorded(page, decision_id)["model"])
    expect(row(page, "queue", decision_id)).to_be_visible()
    if not TARGET.categories:
        page.get_by_label("Your own answer").fill(str(TARGET.high))
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Override").first.click()
    expect(page.locator(".outcome")).to_be_focused()
    expect(page.locator(".outcome q")).to_have_text(NOTE)  # as text: nothing in it became markup
    expect(row(page, "recent", decision_id)).to_contain_text("Overridden")
    expect(row(page, "queue", decision_id)).to_have_count(0)
    decision = recorded(page, decision_id)
    assert decision["verdict"] == "override"
    assert decision["reaction_answer"] != decision["answer"]
    assert decision["note"] == NOTE


def test_answer_shows_its_reasons(visit):
    page = visit()
    decision_id = decide(page)
    seen = page.request.get(f"{page.url.partition('#')[0]}v1/decisions/{decision_id}", headers={"X-API-Key": key(page)})
    reasons = [reason["text"] for reason in seen.json()["reasons"]]
    assert reasons
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    expect(page.locator(".reasons li > span:first-child")).to_have_text(reasons, ignore_case=True)


def test_given_answer_cannot_be_an_override(visit):
    page = visit()
    decision_id = decide(page)
    given = recorded(page, decision_id)["answer"]
    if TARGET.categories:
        others = [f"Override: {other.capitalize()}" for other in TARGET.categories if other != given]
        assert page.get_by_role("button", name="Override").all_text_contents() == others
        return
    page.get_by_label("Your own answer").fill(str(given))
    page.get_by_role("button", name="Override").click()
    expect(page.locator("#card .fault").first).to_contain_text("accept it")
    assert recorded(page, decision_id)["verdict"] is None


def test_queue_shows_decisions_of_others_until_somebody_reacts(visit, url, features):
    page = visit()
    expect(page.locator("main")).to_be_visible()
    made = page.request.post(f"{url}/v1/decisions", data=features, headers={"X-API-Key": key(page)}).json()
    row(page, "queue", made["id"]).click()  # it came by itself
    expect(page.locator("details")).to_have_attribute("open", "")
    expect(page.locator("dd").first).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".outcome")).to_contain_text("Accepted")
    expect(row(page, "queue", made["id"])).to_have_count(0)
    assert recorded(page, made["id"])["verdict"] == "accept"


def test_decision_that_is_opened_during_a_call_is_shown_after_it(visit):
    page, held = visit(), []
    first, second = decide(page), decide(page)
    page.route(f"**/v1/decisions/{first}", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks it
    with page.expect_request(f"**/v1/decisions/{first}"):
        row(page, "recent", first).click()
    row(page, "recent", second).click()
    with page.expect_response(f"**/v1/decisions/{second}"):
        held[0].continue_()


def test_protected_column_is_not_shown_to_reviewers(visit):
    page = visit()
    decide(page)
    page.locator("summary").click()
    asked = {text.lower() for text in page.locator("dt").all_text_contents()}
    shown = {column.name.replace("_", " ") for column in PROBLEM.columns if column.is_input}
    assert asked == shown


@pytest.mark.parametrize("text", ["", "1e9", "-1e9"])
def test_value_that_does_not_fit_is_marked_at_its_field(visit, text):
    page = visit()
    asked = []
    page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
    number = field(page, NUMBERS[-1].name)
    number.locator("input").fill(text)
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(number.locator("input")).to_be_focused()
    expect(number.locator("input")).to_have_attribute("aria-invalid", "true")
    expect(number.locator(".fault")).not_to_be_empty()
    assert asked == []
    number.locator("input").fill(str(NUMBERS[-1].example))
    expect(number.locator(".fault")).to_be_empty()
    decide(page)


def test_error_that_only_the_product_finds_is_shown_at_its_field(visit):
    def with_a_surname(route):
        document = route.fetch().json()
        described = document["components"]["schemas"]["Features"]
        described["properties"]["surname"] = {"type": "string", "description": "Family name", "x-personal": True}
        described["required"].append("surname")
        route.fulfill(body=json.dumps(document), content_type="application/json")

    page = visit(complaining=["422"], prepare=lambda page: page.route("**/openapi.json", with_a_surname))
    expect(page.get_by_text("Not stored")).to_be_visible()
    page.get_by_label("Surname").fill("Kovalevskaya")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(field(page, "surname").locator(".fault")).to_contain_text("not permitted")
    expect(page.get_by_label("Surname")).to_be_focused()


@pytest.mark.parametrize("failure", ["busy", "away"])
def test_form_keeps_its_values_while_the_product_cannot_answer(visit, failure):
    def fail(route):
        if route.request.method != "POST":
            route.fallback()
        elif failure == "away":
            route.abort()
        else:
            problem = {"detail": "the ledger does not answer now; nothing was recorded; try again"}
            route.fulfill(status=503, body=json.dumps(problem), content_type="application/problem+json")

    page = visit(complaining=["503", "ERR_FAILED"])
    number = field(page, NUMBERS[0].name).locator("input")
    number.fill(str(NUMBERS[0].high))
    page.route("**/v1/decisions", fail)
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    expect(number).to_have_value(str(NUMBERS[0].high))
    page.unroute("**/v1/decisions")
    decide(page)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_key_is_asked_for_and_kept_in_the_tab(visit, api_key):
    page = visit(key=None, complaining=["401"])
    asked = page.get_by_label("API key")
    expect(asked).to_be_focused()
    expect(page.locator("main")).to_be_hidden()
    asked.fill("a-key-that-nobody-gave-out")
    asked.press("Enter")
    expect(page.get_by_text("That key is not accepted")).to_be_visible()
    asked.fill(api_key)
    asked.press("Enter")
    expect(asked).to_be_hidden()
    decide(page)
    page.reload()
    expect(page.locator(".verdict")).to_be_visible()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_promotion_is_shown_without_a_reload(visit):
    page = visit()
    expect(page.locator("#model")).to_contain_text(":")
    new = json.dumps({"model": "better:2", "tags": {}})
    page.route("**/v1/model", lambda route: route.fulfill(body=new, content_type="application/json"))
    expect(page.locator("#model b")).to_have_text("better:2")


def test_notice_about_a_model_of_another_contract_is_shown(visit):
    page = visit()
    expect(page.locator("#outdated")).to_be_hidden()
    body = json.dumps({"model": "rules:1", "tags": {}, "notice": "the champion was made for another contract"})
    page.route("**/v1/model", lambda route: route.fulfill(body=body, content_type="application/json"))
    expect(page.locator("#outdated")).to_have_text("The champion was made for another contract")


@pytest.mark.parametrize("look", ["light", "phone"])
def test_long_form_keeps_the_button_and_the_answer_in_view(visit, wide_url, look):
    page = visit(address=wide_url, **LOOKS[look])
    button = page.get_by_role("button", name="Decide", exact=True)
    expect(button).to_be_in_viewport()
    folded = page.locator("#fields details")
    expect(folded.locator("summary")).to_have_text("Optional fields (1)")
    expect(folded.locator("input")).to_be_hidden()
    page.locator("#ask input").nth(60).scroll_into_view_if_needed()
    expect(button).to_be_in_viewport()
    button.click()
    expect(page.locator(".verdict")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_wrong_value_in_a_folded_field_is_shown(visit, wide_url):
    page = visit(address=wide_url)
    folded = page.locator("#fields details")
    folded.locator("summary").click()
    folded.locator("input").fill("99")
    folded.locator("summary").click()
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(folded.locator("input")).to_be_focused()
    expect(folded.locator(".fault")).to_have_text("Must be -10 to 10")


def test_numbers_are_written_as_people_write_them(visit):
    page = visit()
    shown = page.evaluate("import('/static/page.js').then(({ shown }) => [2024, 12345, 0.25].map(shown))")
    assert shown == ["2024", "12,345", "0.25"]
    expect(field(page, "income").locator(".below")).to_contain_text("Optional, 0 or more")


def test_page_works_with_the_keyboard_alone(visit):
    page = visit()
    expect(page.locator("main")).to_be_visible()

    def walk_to(goal):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(REACHED) == goal:
                return
        pytest.fail(f"no way to {goal!r} with the keyboard")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the form")).to_be_focused()
    page.keyboard.press("Enter")
    walk_to("Decide")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_focused()
    walk_to("Note")
    page.keyboard.type("by keyboard")
    walk_to("Accept")
    page.keyboard.press("Space")
    expect(page.locator(".outcome")).to_be_focused()
    expect(page.locator(".outcome")).to_contain_text("by keyboard")


def test_every_control_has_a_label_and_a_description(visit):
    page = visit()
    decide(page)
    for control in page.locator("main input, main select").all():
        assert control.evaluate("element => element.labels[0].textContent.trim()")
    for described in page.locator("[aria-describedby]").all():
        ids = described.get_attribute("aria-describedby").split()
        assert [page.locator(f"#{one}").count() for one in ids] == [1] * len(ids)


@pytest.mark.parametrize("look", LOOKS)
def test_page_fits_the_screen_without_layout_shift(visit, look):
    page = visit(**LOOKS[look])
    decide(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.shifted") < GOOD_LAYOUT_SHIFT
    if look != "phone":
        page.evaluate("scrollTo(0, 0)")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"desk-{look}.png")
