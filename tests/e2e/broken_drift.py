"""A Drift that misbehaves: what is wrong with an answer depends on the contact asked for."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ECHO, NOT_JSON, CUT_SHORT, HANG_UP, HTML_FAULT, LIMITED, REDIRECT, SILENT, NO_CONTENT, ODD_SHAPE, OLD_ERRORS = range(
    1, 12
)
TEXT_ERROR, TEAPOT, BAD_GZIP, TRICKLE = range(12, 16)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "BrokenDrift"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self.rfile.read(length)
        self.server.seen.append(f"{self.command} {self.path}")
        name = self.path.partition("?")[0].split("/")[2]
        _ANSWERS[int(name)](self)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def cut_short(self) -> None:
        self.reply(200, b'{"data": {"id": 1', Content_Length="500")
        self.hang_up()

    def echo_the_token(self) -> None:
        token = self.headers["Authorization"].removeprefix("Bearer ")
        error = {"type": "validation_error", "message": f"token {token} may not do that"}
        self.reply(400, json.dumps({"error": error}).encode())

    def trickle(self) -> None:
        """An answer that never stops coming, a byte at a time: no silence for a read timeout to notice."""
        self.reply(200, b"", Content_Length="100000")
        while not self.server.over.wait(0.05):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at `seen`."""


_ANSWERS: dict[int, Callable[[_Handler], object]] = {
    ECHO: _Handler.echo_the_token,
    NOT_JSON: lambda to: to.reply(200, b"<html>Welcome</html>", "text/html"),
    CUT_SHORT: _Handler.cut_short,
    HANG_UP: _Handler.hang_up,
    HTML_FAULT: lambda to: to.reply(502, b"<html><h1>Bad Gateway</h1></html>", "text/html"),
    LIMITED: lambda to: to.reply(429, b'{"error":{"type":"rate_limit","message":"Slow down"}}', Retry_After="17"),
    REDIRECT: lambda to: to.reply(302, b"", Location=f"http://localhost:{to.server.server_port}/contacts/1"),
    SILENT: lambda to: to.server.over.wait(600),
    NO_CONTENT: lambda to: to.reply(200, b""),
    ODD_SHAPE: lambda to: to.reply(200, b'{"data": ["not", "a", "contact"]}'),
    OLD_ERRORS: lambda to: to.reply(
        400, b'{"errors":[{"type":"validation_error","message":"is no id","param":"contactId"}]}'
    ),
    TEXT_ERROR: lambda to: to.reply(404, b'{"error":"contact not found"}'),
    TEAPOT: lambda to: to.reply(418, b"short and stout", "text/plain"),
    BAD_GZIP: lambda to: to.reply(200, b"this is not gzip", Content_Encoding="gzip"),
    TRICKLE: _Handler.trickle,
}


class BrokenDrift(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def broken_drift() -> Iterator[BrokenDrift]:
    server = BrokenDrift()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
