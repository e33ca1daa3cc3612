"""Metrics for Prometheus. Labels are names of tools, outcomes and statuses: nothing that a caller or Drift made up.

Several worker processes write to files in one folder, and whichever of them is asked adds up what is in there.
"""

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from drift_mcp.settings import InvalidSetting
from drift_mcp.telemetry import ToolCall, Watcher

if TYPE_CHECKING:
    from drift_mcp.drift.sent import Sent

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: it looks at it when it is imported, and at its end puts its files there."""
_TOOL_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45, 180)
_DRIFT_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45)


def prepare(workers: int) -> None:
    """To be called before anything is counted, and before the workers are forked.

    Raises:
        InvalidSetting: the library is not there.
    """
    if find_spec("prometheus_client") is None:
        raise InvalidSetting("metrics need a library: install drift-mcp with its extra `metrics`")
    if workers > 1 and _FOLDER not in os.environ:
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="drift-mcp-metrics-")
        atexit.register(shutil.rmtree, os.environ[_FOLDER], ignore_errors=True)


class Metrics(Watcher):
    """Counts what goes on in this process."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        where = self._registry
        self._tools = Counter("drift_mcp_tool_calls", "Tool calls.", ("tool", "outcome"), registry=where)
        self._tool_seconds = Histogram(
            "drift_mcp_tool_call_seconds", "How long tool calls took.", ("tool",), registry=where, buckets=_TOOL_BUCKETS
        )
        self._drift = Counter(
            "drift_mcp_drift_calls", "Calls to Drift; status is the error where none came.", ("tool", "status"),
            registry=where,
        )  # fmt: skip
        self._drift_seconds = Histogram(
            "drift_mcp_drift_call_seconds", "How long calls to Drift took, repetitions and waiting included.",
            registry=where, buckets=_DRIFT_BUCKETS,
        )  # fmt: skip
        self._waited = Counter(
            "drift_mcp_rate_limit_wait_seconds",
            "Seconds for which calls waited for Drift's call limit.",
            registry=where,
        )
        self._streams = Gauge("drift_mcp_open_streams", "Open streams.", registry=where, multiprocess_mode="livesum")
        self._audit = Counter("drift_mcp_audit_lines_lost", "Writes that are not in the audit.", registry=where)
        self._rules = Counter("drift_mcp_rule_runs", "Events acted on by rules.", ("rule", "outcome"), registry=where)
        self._webhooks = Counter("drift_mcp_webhooks", "Webhooks that came.", ("outcome",), registry=where)

    def tool_called(self, call: ToolCall) -> None:
        self._tools.labels(call.tool, call.outcome).inc()
        self._tool_seconds.labels(call.tool).observe(call.seconds)

    def drift_called(self, sent: "Sent", call: ToolCall | None) -> None:
        status = str(sent.status) if sent.status is not None else sent.error
        self._drift.labels(call.tool if call else "", status).inc()
        self._drift_seconds.observe(sent.seconds)
        self._waited.inc(sent.waited)

    def streams_changed(self, change: int) -> None:
        self._streams.inc(change)

    def audit_line_lost(self) -> None:
        self._audit.inc()

    def rule_acted(self, rule: str, outcome: str) -> None:
        self._rules.labels(rule, outcome).inc()

    def webhook_received(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def written(self, accept: str) -> tuple[bytes, str]:
        """All metrics in a format that the header `accept` asks for, and its media type."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder
        from prometheus_client.multiprocess import MultiProcessCollector

        encode, media_type = choose_encoder(accept)
        registry = self._registry
        if folder := os.environ.get(_FOLDER):
            _forget_dead(Path(folder))
            registry = CollectorRegistry()
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return encode(registry), media_type


def _forget_dead(folder: Path) -> None:
    """Take out what workers had open that are gone. What they counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
