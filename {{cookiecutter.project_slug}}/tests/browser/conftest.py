"""A product of its own behind a key, and a browser in front of it."""

import contextlib
import shutil

import pytest
from problems import USUAL
from pydantic import SecretStr
from serving import serving

KEY = "a-key-of-the-browser-tests"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# a browser under test sends requests to the product only
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# how much moved after it was shown: cumulative layout shift
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifted += entry.value;
})).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")  # while it runs, no other test of the process can have an event loop
def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(f"no browser is here, none of {', '.join(NAMES)}; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # here, so that the fast tests do without

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(make_workspace, tmp_path_factory):
    """Serve a product all of whose decisions need a review, and return its address."""
    workspace = make_workspace(tmp_path_factory.mktemp("desk") / "project")
    workspace.edit_plan("band = 0.05", "band = 1")
    with serving(workspace.project, api_keys=(SecretStr(KEY),)) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(scope="module")
def wide_url(make_workspace, tmp_path_factory):
    """Serve a product with 85 fields, and return its address."""
    workspace = make_workspace(tmp_path_factory.mktemp("wide") / "project", "wide")
    with serving(workspace.project, api_keys=(SecretStr(KEY),)) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(scope="module", params=["usual", "categories", "wide"])
def blind_url(request, make_workspace, tmp_path_factory):
    """Serve a product, with two answers, several or a number, whose reviewers answer first; return its address."""
    workspace = make_workspace(tmp_path_factory.mktemp("blind") / "project", request.param)
    workspace.edit_plan("blind_share = 0", "blind_share = 1")
    with serving(workspace.project, api_keys=(SecretStr(KEY),)) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def problem():
    return USUAL.problem()


@pytest.fixture(scope="module")
def api_key():
    return KEY


@pytest.fixture
def visit(browser, url):
    """Return a function that opens the desk; at the end no page may have complained unexpectedly."""
    with contextlib.ExitStack() as opened:
        complaints = []

        def open_desk(key=KEY, complaining=(), prepare=lambda page: None, address=url, **options):
            def listen(text):
                if not any(part in text for part in complaining):
                    complaints.append(text)

            context = opened.enter_context(browser.new_context(**options))
            context.set_default_timeout(15_000)
            page = context.new_page()
            # a script or style that the content policy stops is an error on the console as well
            page.on("console", lambda message: message.type in {"error", "warning"} and listen(message.text))
            page.on("pageerror", lambda error: listen(str(error)))
            page.add_init_script(SHIFTS + (f"sessionStorage.setItem('api-key', '{key}');" if key else ""))
            prepare(page)
            page.goto(address)
            return page

        yield open_desk
        assert complaints == []
