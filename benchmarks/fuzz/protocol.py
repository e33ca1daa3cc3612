"""Malformed messages to real server processes, over stdio and over HTTP. Whatever comes, the next client is served."""

import json
import socket
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.fuzz.arguments import URLS
from benchmarks.fuzz.messages import NEW, OLD, messages
from tests.conftest import Process

PATIENCE = 10.0
"""Seconds to wait for an answer. More counts as a hang."""
NEVER = ("Traceback", 'File "', "site-packages", ".py:", "root:x:0")
_HELLO = {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "0"}}


@dataclass
class Findings:
    """What went wrong, with the message that it took; `answers` counts the JSON-RPC codes or HTTP statuses."""

    messages: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    wrong: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def over_stdio(process: Process, number: int, chosen: int) -> Findings:
    """Write `number` messages; after each a ping has to be answered."""
    findings, pings = Findings(), count()

    def alive() -> None:
        ping = f"still-there-{next(pings)}"
        process.write_line(json.dumps({"jsonrpc": "2.0", "id": ping, "method": "ping"}).encode())
        while (answer := _read(process)).get("id") != ping:
            findings.answers[str(answer.get("error", {}).get("code", "result"))] += 1

    process.write_line(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": _HELLO}).encode())
    process.write_line(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')

    def write(message: bytes) -> None:
        findings.messages += 1
        try:
            process.write_line(message)
            alive()
        except (AssertionError, OSError, ValueError) as error:
            findings.wrong.append((f"{type(error).__name__}: {error}"[:300], repr(message)[:1_000]))
            raise

    _each(messages(), number, chosen, write)
    process.close_stdin()
    if status := process.wait():
        findings.wrong.append((f"ended with status {status}", ""))
    _look(findings, process)
    return findings


def _read(process: Process) -> dict[str, Any]:
    line = process.read_line(PATIENCE)
    assert line, "the server ended"
    assert not _never(line.decode()), f"an answer with {_never(line.decode())}"
    answer: dict[str, Any] = json.loads(line)
    assert answer["jsonrpc"] == "2.0"
    return answer


TARGETS = (
    *["/mcp"] * 25, "/sse", "/messages", "/messages?session_id=0", "/", "/mcp/", "/metrics", "/%00", "//x",
    "/mcp?toolsets=..%2f..",
)  # fmt: skip
_words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip)
HEADERS = {
    "content-type": st.sampled_from(("application/json", "text/plain", "application/json; charset=utf-16")) | _words,
    "accept": st.sampled_from(("application/json, text/event-stream", "text/html", "*/*", "")) | _words,
    "mcp-protocol-version": st.sampled_from((OLD, NEW, "2024-11-05", "1999-01-01")) | _words,
    "mcp-session-id": _words,
    "mcp-method": st.sampled_from(("tools/call", "ping")) | _words,
    "mcp-name": _words,
    "last-event-id": _words,
    "origin": st.sampled_from(URLS).filter(str.isascii) | _words,
    "host": st.sampled_from(("localhost", "evil.example", "[::1", "")),
    "authorization": _words,
    "x-forwarded-host": _words,
    "x-drift-toolsets": _words,
    "content-encoding": st.sampled_from(("gzip", "br", "x")),
}
_spoiled = st.lists(st.sampled_from(sorted(HEADERS)).flatmap(lambda name: st.tuples(st.just(name), HEADERS[name])))
REQUESTS = st.tuples(
    st.sampled_from((*["POST"] * 25, "GET", "DELETE", "OPTIONS", "PUT", "PATCH", "HEAD", "TRACE")),
    st.sampled_from(TARGETS),
    st.one_of(*[st.just({})] * 3, _spoiled.map(lambda pairs: dict(pairs[:3]))),
    messages(),
    st.sampled_from(("", "plain", "session", "session")),
)


def over_http(process: Process, url: str, number: int, chosen: int) -> Findings:
    """Send `number` requests, some of them no HTTP at all; the server has to answer each, and a good one after it."""
    findings = Findings()
    plain = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    usual = {"": {}, "plain": plain}
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as http:

        def greet() -> None:
            """Begin a session anew: the one before may have been ended by a message."""
            hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HELLO}
            answer = http.post("/mcp", json=hello, headers=plain)
            assert answer.status_code == 200, "no more sessions"
            usual["session"] = plain | {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": OLD}

        def send(drawn: tuple[str, str, dict[str, str], bytes, str]) -> None:
            method, target, headers, body, kind = drawn
            try:
                if findings.messages % 10 == 0:
                    greet()
                    _raw(url, body)
                status = _status(http, method, target, usual[kind] | headers, body)
                findings.answers[str(status)] += 1
                assert status < 500, f"status {status}"
            except (AssertionError, httpx.HTTPError, OSError) as error:
                findings.wrong.append((f"{type(error).__name__}: {error}"[:300], repr(drawn)[:1_000]))
            findings.messages += 1

        _each(REQUESTS, number, chosen, send)
    assert process.child.poll() is None, "the server ended"
    _look(findings, process)
    return findings


def _status(http: httpx.Client, method: str, target: str, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer, whose body is looked at. A stream may stay open as long as it likes."""
    with http.stream(method, target, headers=headers, content=None if method == "GET" else body) as answer:
        if method != "GET" and "event-stream" not in answer.headers.get("content-type", ""):
            assert not _never(answer.read().decode(errors="replace")), f"an answer with {_never(answer.text)}"
        return answer.status_code


def _raw(url: str, body: bytes) -> None:
    """These bytes on a connection of their own, and after them the end."""
    target = httpx.URL(url)
    with closing(socket.create_connection((target.host, target.port or 80), PATIENCE)) as connection:
        connection.sendall(body + b"\r\n\r\n")


def _each(drawn: st.SearchStrategy[Any], number: int, chosen: int, use: Any) -> None:
    @seed(chosen)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def each(value: Any) -> None:
        use(value)

    each()


def _look(findings: Findings, process: Process) -> None:
    """What the server wrote to its log."""
    if "Traceback" in process.stderr:
        at = process.stderr.index("Traceback")
        findings.wrong.append(("a stack in the log", process.stderr[at : at + 2_000]))


def _never(text: str) -> str:
    return next((each for each in NEVER if each in text), "")
