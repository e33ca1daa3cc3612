"""A real browser, and the web of pages around it that mean no good."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.conftest import PATIENCE, LocalDrift
from tests.credentials.test_login import env
from tests.support.programs import need

__all__ = ["env"]

ROGUE = "rogue.example"
"""A name that leads to this machine, as any name of an attacker's can."""
_QUIETLY = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP {ROGUE} 127.0.0.1",
)


@pytest.fixture(scope="session")
def browser_process(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium, once for all tests. Ask for `browser`, which shows nothing yet."""
    options = ChromeOptions()
    options.binary_location = need("chromium")
    for option in (*_QUIETLY, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(option)
    service = Service(need("chromedriver"), env=environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")  # the driver is on this machine
        browser = Chrome(options, service)
        browser.set_page_load_timeout(PATIENCE)
        browser.set_script_timeout(PATIENCE)
        yield browser
        browser.quit()


@pytest.fixture
def browser(browser_process: Chrome) -> Chrome:
    """A real browser at an empty page."""
    browser_process.get("about:blank")
    return browser_process


@pytest.fixture
def question(drift: LocalDrift) -> str:
    """Where Drift asks whether the app may in."""
    return f"{drift.url}/authorize?response_type=code&client_id=sandbox-client-id&redirect_uri=http://127.0.0.1:9/back"


def shows(browser: Chrome, text: str, tag: str = "h1") -> bool:
    """Whether it comes to show a page with this text in its first `tag`; what it shows may be on its way out."""
    gone = (NoSuchElementException, StaleElementReferenceException)
    wait = WebDriverWait(browser, PATIENCE, 0.02, gone)
    return wait.until(lambda _: text in browser.find_element(By.TAG_NAME, tag).text, f"no {text!r}")


@contextmanager
def site(page: str) -> Iterator[str]:
    """The address of a web site of somebody else's, which has only this page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: it would be in the way of the tests' own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://{ROGUE}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
