"""What the tests of the page share: how a reviewer asks, and where things are on the page."""


def expect(what):
    from playwright.sync_api import expect  # here, so that the fast tests do without

    return expect(what)


def decide(page):
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.locator(".verdict")).to_be_focused()
    return page.url.partition("#decision-")[2]


def field(page, name):
    return page.locator(f"#ask [data-name={name}]")


def row(page, section, decision_id):
    return page.locator(f"#{section} a[href='#decision-{decision_id}']")


def key(page):
    return page.evaluate("sessionStorage.getItem('api-key')")


def recorded(page, decision_id):
    """Return what the ledger knows of a decision."""
    answer = page.request.get(f"{page.url.partition('#')[0]}v1/decisions?limit=200", headers={"X-API-Key": key(page)})
    return next(decision for decision in answer.json() if decision["id"] == decision_id)
