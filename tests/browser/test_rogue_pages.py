"""Pages that mean no good, in the browser of somebody who runs this: what the browser and we let them do, together."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.conftest import LocalDrift, Process
from tests.http.host import Host

from .conftest import ROGUE, shows, site

CREATE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "create_contact", "arguments": {"email": "rogue@rogue.example"}},
}
FETCH = """
const [url, type, mode, body, done] = arguments
const headers = {'Content-Type': type, 'Accept': 'application/json, text/event-stream'}
fetch(url, {method: 'POST', mode, body, headers})
  .then(async answer => done(answer.type === 'opaque' ? 'opaque' : `${answer.status} ${await answer.text()}`))
  .catch(error => done(error.name))
"""


class TestQuestion:
    """Drift's question whether the app may in, as the sandbox asks it."""

    def test_another_site_cannot_show_it_as_its_own(self, browser: Chrome, question: str) -> None:
        browser.get(question)
        assert browser.find_element(By.XPATH, "//button[.='Approve']")
        with site(f"<iframe src='{question}'></iframe>") as rogue:
            browser.get(rogue)
            browser.switch_to.frame(0)
            with pytest.raises(NoSuchElementException):
                browser.find_element(By.XPATH, "//button[.='Approve']")
            browser.switch_to.default_content()

    def test_another_site_cannot_answer_it(self, browser: Chrome, question: str, drift: LocalDrift) -> None:
        page = httpx.get(question, trust_env=False).text
        consent = page.partition('name="consent" value="')[2].partition('"')[0]
        assert consent
        form = (
            f"<form method=post action='{drift.url}/authorize'><input name=consent value='{consent}'>"
            "<button name=decision value=approve>Win a prize</button></form>"
        )
        with site(form) as rogue:
            browser.get(rogue)
            browser.find_element(By.TAG_NAME, "button").click()
            assert shows(browser, "The answer has to come from the page itself.", "main")


class TestServer:
    """A server over HTTP on loopback, which asks nobody for a key."""

    @pytest.fixture
    def serve(self, launch: Callable[..., Process], drift: LocalDrift) -> Iterator[Callable[..., Host]]:
        hosts: list[Host] = []

        def start(*args: str) -> Host:
            hosts.append(Host(launch("serve", "--transport", "http", "--port", "0", *args, env=drift.env)))
            return hosts[-1]

        yield start
        for host in hosts:
            host.close()

    def asked(self, drift: LocalDrift) -> list[str]:
        """The writes that Drift was asked for."""
        return [request["path"] for request in drift.requests() if request["method"] == "POST"]

    def fetch(self, browser: Chrome, url: str, kind: str = "application/json", mode: str = "cors") -> str:
        found: str = browser.execute_async_script(FETCH, url, kind, mode, json.dumps(CREATE))
        return found

    def test_no_site_can_have_it_do_anything_unless_the_operator_names_it(
        self, browser: Chrome, serve: Callable[..., Host], drift: LocalDrift
    ) -> None:
        with site("") as rogue:
            browser.get(rogue)
            closed = serve()
            assert self.fetch(browser, f"{closed.url}/mcp") == "TypeError"
            assert self.fetch(browser, f"{closed.url}/mcp", "text/plain", "no-cors") == "opaque"
            assert self.asked(drift) == []
            open_to_it = serve("--stateless", "--allowed-origins", rogue)
            assert self.fetch(browser, f"{open_to_it.url}/mcp").startswith("200 ")
            assert self.asked(drift)

    def test_a_site_that_calls_itself_this_machine_is_not_answered(
        self, browser: Chrome, serve: Callable[..., Host], drift: LocalDrift
    ) -> None:
        host = serve("--stateless")
        browser.get(f"http://{ROGUE}:{host.port}/healthz")
        assert self.fetch(browser, "/mcp").startswith("421 ")
        assert self.asked(drift) == []
        browser.get(f"{host.url}/healthz")
        assert self.fetch(browser, "/mcp").startswith("200 ")
