"""`drift-mcp login` with a person at a real browser: they say yes or no, by mouse and by keyboard."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from drift_mcp.credentials.source import store
from tests.conftest import LocalDrift, Process
from tests.credentials.test_login import address, ended, kept, may_list_users

from .conftest import shows, site
from .looks import flaws

Launch = Callable[..., Process]


def press(browser: Chrome, label: str) -> None:
    browser.find_element(By.XPATH, f"//button[.='{label}']").click()


@contextmanager
def asked(browser: Chrome, launch: Launch, env: dict[str, str]) -> Iterator[Process]:
    """A login that waits for an answer to the page which the browser shows."""
    process = launch("login", "--no-browser", env=env)
    browser.get(address(process))
    yield process
    process.end()


def test_approve_logs_in_and_the_token_is_good_for_calls(
    browser: Chrome, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
) -> None:
    with asked(browser, launch, env) as process:
        page = browser.find_element(By.TAG_NAME, "main").text
        assert "Sandbox app asks for access to Harborloom." in page
        assert "conversation_write" in page
        assert flaws(browser) == []
        press(browser, "Approve")
        assert shows(browser, "Logged in to Drift")
        assert flaws(browser) == []
        status, said = ended(process)
    assert status == 0, said
    token = kept(tmp_path)
    assert may_list_users(drift, token)
    status, said = ended(launch("call", "list_users", env=env))
    assert status == 0, said
    for secret in (token, "sandbox-client-secret"):
        assert secret not in browser.page_source
        assert secret not in browser.current_url


def test_deny_stores_nothing_and_both_sides_say_so(
    browser: Chrome, launch: Launch, env: dict[str, str], tmp_path: Path
) -> None:
    with asked(browser, launch, env) as process:
        press(browser, "Deny")
        assert shows(browser, "Not logged in")
        assert flaws(browser) == []
        status, said = ended(process)
    assert (status, "Access was not granted in Drift. Nothing was stored." in said) == (1, True)
    assert store(tmp_path / "state").load("drift") is None


def test_the_keyboard_alone_is_enough(browser: Chrome, launch: Launch, env: dict[str, str], tmp_path: Path) -> None:
    with asked(browser, launch, env) as process:
        reached = []
        for _ in range(2):
            ActionChains(browser).send_keys(Keys.TAB).perform()
            focused = browser.switch_to.active_element
            reached.append(focused.text)
            assert focused.value_of_css_property("outline-style") == "solid"
            assert float(focused.value_of_css_property("outline-width").removesuffix("px")) >= 2
        assert reached == ["Approve", "Deny"]
        back_to_approve = ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT)
        back_to_approve.send_keys(Keys.ENTER).perform()
        assert shows(browser, "Logged in to Drift")
        status, said = ended(process)
    assert status == 0, said
    assert kept(tmp_path)


def test_an_answer_that_another_site_brings_is_refused_and_the_persons_own_still_counts(
    browser: Chrome, launch: Launch, drift: LocalDrift, env: dict[str, str], tmp_path: Path
) -> None:
    process = launch("login", "--no-browser", env=env)
    question = address(process)
    back = question.partition("redirect_uri=")[2].partition("&")[0]
    page = f"<script>location = decodeURIComponent('{back}') + '?code=of-the-attacker&state=guessed'</script>"
    with site(page) as rogue:
        browser.get(rogue)
        assert shows(browser, "Not this login")
    assert flaws(browser) == []
    browser.get(question)
    press(browser, "Approve")
    assert shows(browser, "Logged in to Drift")
    status, said = ended(process)
    assert status == 0, said
    assert may_list_users(drift, kept(tmp_path))
