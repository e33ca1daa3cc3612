"""Traces: what is in the spans, where they go when the standard variables say so, and what they cost otherwise."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from drift_mcp import telemetry
from drift_mcp.drift.sent import Sent
from drift_mcp.telemetry.spans import Spans
from drift_mcp.toolbox import Toolbox
from tests.conftest import LocalDrift, Process
from tests.e2e.pipe import Pipe

EMAIL = "nina.falk@brightquay.example"


class Traced:
    """Calls a tool as the SDK does, in a span of its own; the spans of each call."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._memory = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._memory))

    async def call(self, name: str, /, **arguments: Any) -> tuple[list[ReadableSpan], ReadableSpan]:
        """The spans of the calls to Drift, and that of the tool call."""
        self._memory.clear()
        tracer = self.provider.get_tracer("as the SDK")
        with tracer.start_as_current_span(f"tools/call {name}", kind=SpanKind.SERVER):
            await self._toolbox.call(name, arguments)
        *drift, tool = self._memory.get_finished_spans()
        return drift, tool


@pytest.fixture
def traced(toolbox: Toolbox) -> Iterator[Traced]:
    made = Traced(toolbox)
    with telemetry.watched_by(Spans(made.provider)):
        yield made


async def test_a_call_to_drift_is_a_span_below_that_of_the_tool_call(traced: Traced) -> None:
    [drift], tool = await traced.call("get_contact", contact_id=1)
    assert (drift.name, drift.kind) == ("GET /contacts/{contactId}", SpanKind.CLIENT)
    assert drift.parent is not None
    assert tool.context is not None
    assert drift.parent.span_id == tool.context.span_id
    attributes = dict(drift.attributes or {})
    assert attributes.pop("drift_mcp.waited_seconds") >= 0  # type: ignore[operator]
    assert attributes == {
        "http.request.method": "GET",
        "url.template": "/contacts/{contactId}",
        "http.response.status_code": 404,
        "error.type": "not_found",
    }
    assert drift.status.status_code is StatusCode.ERROR
    assert drift.start_time is not None
    assert tool.start_time is not None
    assert tool.start_time <= drift.start_time + 1_000_000


async def test_the_span_of_the_tool_call_says_how_it_went(traced: Traced) -> None:
    _, tool = await traced.call("run_read_operation", name="list_teams")
    said = dict(tool.attributes or {})
    assert said["gen_ai.tool.name"] == "list_teams"
    assert (said["drift_mcp.outcome"], said["drift_mcp.drift_calls"], said["drift_mcp.connection"]) == ("ok", 1, "acme")


async def test_no_value_is_in_them(traced: Traced) -> None:
    told = []
    for name, arguments in (
        ("create_contact", {"email": EMAIL}),
        ("find_contacts_by_email", {"email": EMAIL}),
        ("remove_contact_tag", {"contact_id": 1, "tag_name": EMAIL}),
        (EMAIL, {}),
    ):
        drift, tool = await traced.call(name, **arguments)
        told += [span.to_json() for span in (*drift, tool)]
    assert len(told) > 5
    assert EMAIL not in "".join(told)


def test_without_a_tracer_provider_no_span_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(trace.NoOpTracer, "start_span", lambda self, name, *_, **__: begun.append(name))
    spans = Spans(trace.NoOpTracerProvider())
    call = telemetry.ToolCall("list_teams", "acme", "ada")
    spans.drift_called(Sent("GET", "/x", 200), call)
    spans.tool_called(call)
    assert begun == []


class Collector:
    """Takes in what an exporter sends over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                packed = self.headers.get("content-encoding") == "gzip"
                bodies.append((self.path, gzip.decompress(body) if packed else body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_they_are_sent_where_the_standard_variables_say(
    launch: Callable[..., Process], drift: LocalDrift, collector: Collector
) -> None:
    process = launch("serve", env=drift.env | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    assert "result" in Pipe(process).greet().request("tools/call", {"name": "list_teams", "arguments": {}})
    process.close_stdin()
    assert process.wait() == 0, process.stderr
    assert {path for path, _ in collector.bodies} == {"/v1/traces"}
    sent = b"".join(body for _, body in collector.bodies)
    for words in (b"tools/call list_teams", b"GET /teams/org", b"drift_mcp.drift_calls", b"drift-mcp"):
        assert words in sent
    assert drift.token.encode() not in sent


def test_on_the_console_they_never_touch_the_protocol(launch: Callable[..., Process]) -> None:
    process = launch("serve", "--sandbox", env={"OTEL_TRACES_EXPORTER": "console", "OTEL_SERVICE_NAME": "mine"})
    pipe = Pipe(process).greet()
    pipe.request("tools/call", {"name": "list_teams", "arguments": {}})
    process.close_stdin()
    assert process.wait() == 0
    assert pipe.only_protocol_on_stdout()
    spans = [json.loads(line) for line in process.stderr.splitlines()]
    assert {"tools/call list_teams", "GET /teams/org"} <= {span["name"] for span in spans}
    assert {span["resource"]["attributes"]["service.name"] for span in spans} == {"mine"}


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, ""),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, ""),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"}, ""),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "otlp, console or none"),
    ],
)
def test_nothing_is_set_up_where_they_do_not_ask_for_it(
    launch: Callable[..., Process], env: dict[str, str], said: str
) -> None:
    process = launch("serve", "--sandbox", env=env)
    Pipe(process).greet()
    process.close_stdin()
    assert process.wait() == 0
    assert said in process.stderr
    assert bool(process.stderr) == bool(said)
