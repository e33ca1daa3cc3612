"""Traces (OpenTelemetry): a span for each call to Drift, and what a tool call came to on the span that the SDK makes.

Nothing is imported here but the API, as the SDK has it already; without a tracer provider its spans do nothing.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from drift_mcp import __version__
from drift_mcp.telemetry import UNKNOWN, ToolCall, Watcher, watched_by

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from drift_mcp.drift.sent import Sent

log = logging.getLogger(__name__)

_WANTED = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Each of these standard variables asks for traces."""


class Spans(Watcher):
    """Attributes follow OpenTelemetry's HTTP conventions, but for the full URL, which has values in it.

    `provider` makes the spans, by default this process's.
    """

    def __init__(self, provider: "trace.TracerProvider | None" = None) -> None:
        self._tracer = trace.get_tracer("drift-mcp", __version__, provider)

    def tool_called(self, call: ToolCall) -> None:
        span = trace.get_current_span()
        if not span.is_recording():
            return
        if call.tool == UNKNOWN:  # the SDK has named it as the client did
            span.update_name("tools/call")
        span.set_attributes(
            {
                "gen_ai.tool.name": call.tool,  # what a runner ran, in place of the runner
                "drift_mcp.connection": call.connection,
                "drift_mcp.outcome": call.outcome,
                "drift_mcp.drift_calls": call.drift_calls,
                "drift_mcp.waited_seconds": call.waited,
            }
        )

    def drift_called(self, sent: "Sent", call: ToolCall | None) -> None:
        if not trace.get_current_span().is_recording():
            return
        attributes: dict[str, Any] = {
            "http.request.method": sent.method,
            "url.template": sent.template,
            "drift_mcp.waited_seconds": sent.waited,
        }
        if sent.tries > 1:
            attributes["http.request.resend_count"] = sent.tries - 1
        if sent.status is not None:
            attributes["http.response.status_code"] = sent.status
        if sent.error:
            attributes["error.type"] = sent.error
        ended = time.time_ns()
        begun = ended - int(sent.seconds * 1e9)
        name = f"{sent.method} {sent.template}"
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, start_time=begun)
        if sent.error:
            span.set_status(StatusCode.ERROR)
        span.end(ended)


@contextmanager
def made() -> Iterator[None]:
    """Inside, spans are made; they are sent away where the standard `OTEL_` variables ask for that.

    Several processes each need their own: not to be entered before a fork.
    """
    exporter = _exporter()
    if exporter is None:
        with watched_by(Spans()):
            yield
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The operator's OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before these.
    named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "drift-mcp"), "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    try:
        with watched_by(Spans()):
            yield
    finally:
        provider.shutdown()


def _exporter() -> "SpanExporter | None":
    """What the variables ask for, if anything. What is not to be had is logged: a server starts without its traces."""
    chosen = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None  # whoever runs this process has set up its own
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if disabled or chosen == "none" or not any(os.environ.get(name) for name in _WANTED):
        return None
    try:
        if chosen == "otlp":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            return OTLPSpanExporter()
        if chosen == "console":
            from opentelemetry.sdk.trace.export import ConsoleSpanExporter

            # One line each, and never on stdout, which belongs to the protocol.
            return ConsoleSpanExporter(out=sys.stderr, formatter=lambda span: f"{span.to_json(indent=None)}\n")
    except ImportError:
        log.warning("There are no traces, for want of a library: install drift-mcp with its extra `otel`")
        return None
    log.warning("There are no traces: OTEL_TRACES_EXPORTER may be otlp, console or none")
    return None
