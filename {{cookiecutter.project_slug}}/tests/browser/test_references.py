"""References: which case waits, and how a reviewer finds it again."""

import json

import pytest
from actions import decide, expect, field, recorded, row
from problems import USUAL

pytestmark = pytest.mark.slow

NUMBER = next(column for column in USUAL.problem().columns if column.is_numeric and column.high is not None)
MARKUP = "<img src=x onerror='window.executed = true'>"


def decide_with(page, reference):
    field(page, "reference").locator("input").fill(reference)
    return decide(page)


def find(page, reference):
    asked = page.get_by_label("Its reference")
    asked.fill(reference)
    asked.press("Enter")


def test_reference_is_shown_where_the_case_waits_and_on_its_card(visit):
    page = visit()
    decision_id = decide_with(page, "CASE/17 b")
    for section in ("queue", "recent"):
        expect(row(page, section, decision_id).locator(".reference")).to_have_text("CASE/17 b")
    expect(page.locator("#card")).to_contain_text("Reference CASE/17 b")
    assert recorded(page, decision_id)["reference"] == "CASE/17 b"


def test_empty_reference_is_left_out_and_nothing_is_shown_for_it(visit):
    page = visit()
    with page.expect_request(lambda request: request.method == "POST") as asked:
        decision_id = decide_with(page, "  ")
    assert "reference" not in asked.value.post_data_json
    expect(row(page, "recent", decision_id).locator(".reference")).to_have_count(0)
    assert "null" not in page.locator("main").inner_text()


def test_reference_survives_a_wrong_value_and_is_cleared_for_the_next_case(visit):
    page = visit()
    reference, number = field(page, "reference").locator("input"), field(page, NUMBER.name).locator("input")
    reference.fill("case 18")
    number.fill("1e9")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(number).to_be_focused()
    expect(reference).to_have_value("case 18")
    number.fill(str(NUMBER.example))
    decide(page)
    expect(reference).to_have_value("")
    expect(number).to_have_value(str(NUMBER.example))


def test_column_of_that_name_is_asked_apart_from_the_reference_of_the_case(visit):
    def with_a_column(route):
        document = route.fetch().json()
        properties = document["components"]["schemas"]["Features"]["properties"]
        properties |= {"_reference": properties["reference"], "reference": {"type": "string", "description": "A book"}}
        route.fulfill(body=json.dumps(document), content_type="application/json")

    page = visit(complaining=["422"], prepare=lambda page: page.route("**/openapi.json", with_a_column))
    field(page, "reference").locator("input").fill("page 4")
    field(page, "_reference").locator("input").fill("case 21")
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.get_by_role("button", name="Decide", exact=True).click()
    assert asked.value.post_data_json.items() >= {("reference", "page 4"), ("_reference", "case 21")}


def test_cases_are_found_by_their_reference(visit):
    page = visit()
    first, _other, last = decide_with(page, "case 19"), decide_with(page, "case 190"), decide_with(page, "case 19")
    find(page, " case 19 ")
    expect(page.locator("#found-count")).to_have_text("2 decisions have this reference.")
    hrefs = page.locator("#found a").evaluate_all("links => links.map((link) => link.hash)")
    assert hrefs == [f"#decision-{last}", f"#decision-{first}"]
    row(page, "found", first).click()
    expect(row(page, "found", first)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Accept").click()
    expect(row(page, "found", first)).to_contain_text("Accepted")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("Its reference")).to_be_focused()
    expect(page.get_by_label("Its reference")).to_have_value("")
    expect(page.locator("#found a")).to_have_count(0)
    expect(page.locator("#found-count")).to_be_empty()
    expect(page.get_by_role("button", name="Clear")).to_be_hidden()


def test_search_says_when_no_decision_has_the_reference(visit):
    page = visit()
    find(page, "case that nobody asked about")
    expect(page.locator("#found-count")).to_have_text("No decision has this reference.")
    find(page, "")
    expect(page.locator("#found-count")).to_be_empty()


def test_search_during_an_outage_is_answered_after_it(visit):
    page = visit(complaining=["ERR_FAILED"])
    decision_id = decide_with(page, "case 20")
    page.route("**/v1/decisions?reference=*", lambda route: route.abort())
    find(page, "case 20")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/v1/decisions?reference=*")
    expect(row(page, "found", decision_id)).to_be_visible()


def test_markup_in_a_reference_is_shown_as_text(visit):
    page = visit()
    decision_id = decide_with(page, MARKUP)
    find(page, MARKUP)
    for section in ("queue", "recent"):
        expect(row(page, section, decision_id).locator(".reference")).to_have_text(MARKUP)
    expect(page.locator("#found .reference")).to_have_text(MARKUP)
    expect(page.locator("#card .reference")).to_have_text(MARKUP)
    expect(page.locator("img")).to_have_count(0)
    assert page.evaluate("window.executed") is None


@pytest.mark.parametrize("width", [320, 1280])
def test_longest_reference_fits_the_screen(visit, width):
    page = visit(viewport={"width": width, "height": 740})
    decision_id = decide_with(page, "x" * 200)
    find(page, "x" * 200)
    expect(row(page, "found", decision_id)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
