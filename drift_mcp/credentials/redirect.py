"""The loopback address to which Drift sends the browser back with a code (RFC 8252), and the page it shows there."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
_PAGE_WAIT = 60.0
_SEND_WAIT = 5.0
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 1rem }}
main {{ max-width: 28rem; text-align: center; text-wrap: balance }}
.mark {{ width: 4rem; margin: 0 auto; border: 3px solid; border-radius: 50%; font-size: 2rem; line-height: 4rem;
  color: {colour} }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 1.25rem 0 .5rem }}
p {{ margin: 0 }}
</style>
<main><div class="mark" aria-hidden="true">{mark}</div><h1>{title}</h1><p>{text}</p></main></html>
"""


class NotGranted(Exception):
    """The person did not let the app in, or did not answer in time. The message says which."""


class Redirect:
    """A login on its way: where the browser is to come back, and with which `state`."""

    def __init__(self, port: int) -> None:
        self.state = secrets.token_urlsafe(32)
        self.strangers = 0
        """How many requests came that were not this login's."""
        self._arrived: Queue[dict[str, str]] = Queue()
        self._page = ""
        self._came = Event()
        self._page_ready = Event()
        self._page_sent = Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{PATH}"

    def address(self, authorize_url: str, client_id: str) -> str:
        """Where the browser is to go. Drift takes the scopes from the app's own settings."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

        parts = {"client_id": client_id, "redirect_uri": self.uri, "state": self.state}
        return str(prepare_grant_uri(authorize_url, response_type="code", **parts))

    def code(self, wait: float) -> str:
        """The code, once the browser has come back. It waits for its page until `show` is called.

        Raises:
            NotGranted: there is none after `wait` seconds, or the person refused.
        """
        try:
            answer = self._arrived.get(timeout=wait)
        except Empty:
            others = f" Ignored answers to other logins: {self.strangers}." if self.strangers else ""
            raise NotGranted(f"Nobody came back from Drift in time.{others}") from None
        if "code" in answer:
            return answer["code"]
        raise NotGranted("Access was not granted in Drift.")

    def show(self, title: str, text: str, *, good: bool) -> None:
        """What the browser is to show, as plain text."""
        self._page = _page(title, text, good=good)
        self._page_ready.set()

    def close(self) -> None:
        """Stop listening. A browser that has come back gets its page first: of failure, if none was given."""
        if self._came.is_set():
            if not self._page_ready.is_set():
                self.show("Not logged in", "Something went wrong; the terminal says what.", good=False)
            self._page_sent.wait(_SEND_WAIT)
        self.server.shutdown()
        self.server.server_close()

    def _receive(self, target: str) -> tuple[int, str]:
        """The status and page for a GET of `target`."""
        try:
            parts = urlsplit(target)
            answer = parse_answer(parts.query)
        except ValueError:
            return 400, _page("Nothing here", "This is no address.", good=False)
        if parts.path != PATH:
            return 404, _page("Nothing here", "This address only waits for a login.", good=False)
        if not compare_digest(answer.get("state", "").encode(), self.state.encode()):
            self.strangers += 1
            return 400, _page("Not this login", "This answer belongs to another login; start again.", good=False)
        if self._page_ready.is_set() or not answer.keys() & {"code", "error"}:
            return 400, _page("Nothing to do", "This login has had its answer.", good=False)
        self._came.set()
        self._arrived.put(answer)
        self._page_ready.wait(_PAGE_WAIT)
        return 200, self._page

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receive, page_sent = self._receive, self._page_sent

        class Handler(BaseHTTPRequestHandler):
            timeout = 30
            """Seconds; a browser may open a connection and ask for nothing."""

            def do_GET(self) -> None:
                status, page = receive(self.path)
                content = page.encode()
                self.send_response_only(status)
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                if status == 200:
                    page_sent.set()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the line would have the code in it."""

        return Handler


@contextmanager
def waiting(port: int = 0) -> Iterator[Redirect]:
    """A `Redirect` that listens on `port` of 127.0.0.1, 0: any free one, and has sent its page when the block ends.

    Raises:
        OSError: the port is taken.
    """
    redirect = Redirect(port)
    Thread(target=redirect.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield redirect
    finally:
        redirect.close()


def parse_answer(query: str) -> dict[str, str]:
    """`code`, `state` and `error` of the query; Drift's documentation has `?code=X?state=Y` too (drift-api.md §2.2)."""
    found = parse_qs(query.replace("?", "&"), max_num_fields=20)
    return {name: values[0] for name, values in found.items() if name in {"code", "state", "error"}}


def _page(title: str, text: str, *, good: bool) -> str:
    mark, colour = ("✓", "light-dark(#1a7f37, #4ac26b)") if good else ("✕", "light-dark(#cf222e, #ff7b72)")
    return _PAGE.format(title=escape(title), text=escape(text), mark=mark, colour=colour)
