"""The loopback address of a login, as a browser sees it."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from drift_mcp.credentials.redirect import NotGranted, Redirect, parse_answer, waiting


@pytest.fixture
def redirect() -> Iterator[Redirect]:
    with waiting() as found:
        yield found


@pytest.fixture
def browser() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=60)


@pytest.mark.parametrize(
    "query", ["code=c0de&state={}", "code=c0de?state={}", "state={}&code=c0de", "?code=c0de?state={}"]
)
def test_the_code_arrives_and_the_browser_sees_how_it_went(
    redirect: Redirect, browser: ThreadPoolExecutor, query: str
) -> None:
    page = browser.submit(get, f"{redirect.uri}?{query.format(redirect.state)}")
    assert redirect.code(10) == "c0de"
    redirect.show("Logged in <b>", "Close this & go.", good=True)
    found = page.result()
    assert found.status_code == 200
    assert "<h1>Logged in &lt;b&gt;</h1><p>Close this &amp; go.</p>" in found.text
    assert "c0de" not in found.text + str(found.headers)
    assert found.headers["content-security-policy"].startswith("default-src 'none'")
    assert (found.headers["cache-control"], found.headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("state", ["", "wrong", "é", "{}x"])
def test_an_answer_with_another_state_is_not_taken(redirect: Redirect, browser: ThreadPoolExecutor, state: str) -> None:
    stranger = get(f"{redirect.uri}?code=evil&state={state.format(redirect.state)}")
    assert (stranger.status_code, redirect.strangers) == (400, 1)
    assert "Not this login" in stranger.text
    page = browser.submit(get, f"{redirect.uri}?code=good&state={redirect.state}")
    assert redirect.code(10) == "good"
    redirect.show("Done", "", good=True)
    assert page.result().status_code == 200


@pytest.mark.parametrize("target", ["http://[", "/callback?" + "&".join(["state=x"] * 30)])
def test_what_cannot_be_read_is_answered_and_says_nothing_on_the_terminal(
    redirect: Redirect, target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(("127.0.0.1", redirect.server.server_port), 10) as stranger:
        stranger.sendall(f"GET {target} HTTP/1.1\r\n\r\n".encode())
        assert stranger.makefile("rb").readline().split()[1] == b"400"
    assert capfd.readouterr().err == ""


def test_a_person_who_refuses_ends_the_login(redirect: Redirect, browser: ThreadPoolExecutor) -> None:
    page = browser.submit(get, f"{redirect.uri}?error=access_denied&state={redirect.state}")
    with pytest.raises(NotGranted, match=r"Access was not granted in Drift\."):
        redirect.code(10)
    redirect.close()
    assert "Not logged in" in page.result().text


def test_nobody_is_waited_for_no_longer_than_said(redirect: Redirect) -> None:
    with pytest.raises(NotGranted, match="in time"):
        redirect.code(0.05)


def test_a_browser_that_asks_twice_gets_one_login_and_the_same_page(
    redirect: Redirect, browser: ThreadPoolExecutor
) -> None:
    pages = [browser.submit(get, f"{redirect.uri}?code=c&state={redirect.state}") for _ in range(2)]
    assert redirect.code(10) == "c"
    assert redirect._arrived.get(timeout=60)["code"] == "c"  # the second has come
    redirect.show("Done", "", good=True)
    assert [page.result().status_code for page in pages] == [200, 200]
    assert get(f"{redirect.uri}?code=later&state={redirect.state}").status_code == 400


def test_other_addresses_and_ways_of_asking_get_nothing(redirect: Redirect) -> None:
    assert get(redirect.uri.replace("/callback", "/favicon.ico")).status_code == 404
    assert get(f"{redirect.uri}?state={redirect.state}").status_code == 400
    assert httpx.post(redirect.uri, trust_env=False).status_code == 501


def test_a_login_that_breaks_tells_the_browser_before_it_ends() -> None:
    pages: list[httpx.Response] = []

    def break_off() -> None:
        with waiting() as redirect:
            reader.append(
                threading.Thread(target=lambda: pages.append(get(f"{redirect.uri}?code=c&state={redirect.state}")))
            )
            reader[0].start()
            redirect.code(10)
            raise KeyboardInterrupt

    reader: list[threading.Thread] = []
    with pytest.raises(KeyboardInterrupt):
        break_off()
    reader[0].join(60)
    assert "Not logged in" in pages[0].text


def test_a_connection_that_asks_nothing_does_not_hold_up_the_end() -> None:
    with waiting() as redirect, socket.create_connection(("127.0.0.1", redirect.server.server_port)) as idle:
        assert idle.fileno() > 0
        redirect.close()


def test_it_listens_on_loopback_only_and_at_the_port_that_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with waiting(port) as redirect:
        assert redirect.uri == f"http://127.0.0.1:{port}/callback"
        assert redirect.server.server_address[0] == "127.0.0.1"
        with pytest.raises(OSError, match="in use"), waiting(port):
            pass


def test_the_address_asks_for_a_code_and_for_no_scope(redirect: Redirect) -> None:
    address = urlsplit(redirect.address("https://dev.drift.com/authorize?x=1", "app 1"))
    assert (address.netloc, address.path) == ("dev.drift.com", "/authorize")
    asked = {"response_type": "code", "client_id": "app 1", "redirect_uri": redirect.uri, "state": redirect.state}
    assert parse_qs(address.query) == {name: [value] for name, value in asked.items()} | {"x": ["1"]}
    assert len(redirect.state) >= 40


def test_every_login_has_a_state_of_its_own() -> None:
    with waiting() as one, waiting() as other:
        assert one.state != other.state


def test_only_known_parts_of_an_answer_are_read() -> None:
    assert parse_answer("code=a&scope=x&state=s%20t&error=") == {"code": "a", "state": "s t"}
