"""`/metrics`: what Prometheus reads, who may read it, and that several workers add up."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drift_mcp.settings import InvalidSetting
from drift_mcp.telemetry.metrics import _forget_dead, prepare

from .host import NEW, OLD, Host, client

Serve = Callable[..., Host]
EMAIL = "nina.falk@brightquay.example"
PLAIN = {"accept": "text/plain"}


def read(host: Host, **headers: str) -> dict[tuple[str, str], float]:
    """Each sample by its name and the values of its labels."""
    answer = host.http.get("/metrics", headers=PLAIN | headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [each for family in text_string_to_metric_families(answer.text) for each in family.samples]
    names = ("tool", "outcome", "status", "le")
    assert {label for each in samples for label in each.labels} <= set(names)
    return {
        (each.name, ",".join(each.labels[name] for name in names if name in each.labels)): each.value
        for each in samples
    }


@pytest.fixture(scope="module")
def measured(serve: Serve, drift_process: Any) -> Host:
    env = drift_process.env | {"DRIFT_AUDIT_FILE": "/nowhere/audit.jsonl"}
    return serve("--metrics", env=env)


async def test_calls_errors_latency_and_calls_to_drift_are_counted(measured: Host) -> None:
    before = read(measured)
    async with client(f"{measured.url}/mcp") as agent:
        await agent.call_tool("list_teams", {})
        await agent.call_tool("get_contact", {"contact_id": 1})
        await agent.call_tool("get_contact", {"contact_id": EMAIL})
        await agent.call_tool(EMAIL, {})
        await agent.call_tool("create_tag", {"name": EMAIL})
    after = read(measured)
    grown = {key: after[key] - before.get(key, 0) for key in after}
    for name, labels in (
        ("drift_mcp_tool_calls_total", "list_teams,ok"),
        ("drift_mcp_tool_calls_total", "get_contact,not_found"),
        ("drift_mcp_tool_calls_total", "get_contact,invalid_arguments"),
        ("drift_mcp_tool_calls_total", "unknown,unknown_tool"),
        ("drift_mcp_tool_call_seconds_count", "list_teams"),
        ("drift_mcp_drift_calls_total", "list_teams,200"),
        ("drift_mcp_drift_calls_total", "get_contact,404"),
        ("drift_mcp_audit_lines_lost_total", ""),
    ):
        assert grown[name, labels] == 1, (name, labels)
    assert grown["drift_mcp_drift_call_seconds_count", ""] >= 3
    assert ("drift_mcp_rate_limit_wait_seconds_total", "") in after
    assert EMAIL not in str(after)


def test_webhooks_are_counted_by_what_became_of_them(serve: Serve, tmp_path: Path) -> None:
    token = "verification-token"
    env = {"DRIFT_WEBHOOK_TOKEN": token, "DRIFT_STATE_DIR": str(tmp_path)}
    host = serve("--sandbox", "--metrics", env=env)
    told = {"type": "new_message", "orgId": 1, "data": {"id": 1, "conversationId": 5, "createdAt": 1772452800000}}
    sent = [(told, token)] * 3 + [(told, "wrong")] * 2 + [({"type": EMAIL * 9}, token)]
    for body, shown in sent:
        host.http.post("/webhooks/drift/sandbox", json=body, headers={"X-Verification-Token": shown})
    host.http.post("/webhooks/drift/nobody", json=told)
    counted = {labels: value for (name, labels), value in read(host).items() if name == "drift_mcp_webhooks_total"}
    assert counted == {"new": 1, "duplicate": 2, "refused": 3, "invalid": 1}


async def test_open_streams_are_counted_while_they_are_open(
    measured: Host, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    def streams() -> float:
        return read(measured)["drift_mcp_open_streams", ""]

    assert streams() == 0
    async with client(f"{measured.url}/sse", OLD):
        assert streams() == 1
    wait_until(lambda: streams() == 0)


def test_they_are_off_unless_asked_for(host: Host) -> None:
    assert host.http.get("/metrics").status_code == 404


def test_where_callers_need_a_key_so_does_who_reads_them(
    serve: Serve, keys_file: Path, secrets: dict[str, str]
) -> None:
    keyed = serve("--sandbox", "--metrics", "--keys", str(keys_file))
    refused = keyed.http.get("/metrics")
    assert (refused.status_code, "drift_mcp" in refused.text) == (401, False)
    assert read(keyed, authorization=f"Bearer {secrets['reader']}")


def test_a_page_elsewhere_cannot_read_them(measured: Host) -> None:
    for headers in ({"host": "rebound.example"}, {"origin": "https://evil.example"}):
        assert measured.http.get("/metrics", headers=headers).status_code in {403, 421}
    assert measured.http.delete("/metrics").status_code == 405


@pytest.mark.skipif(sys.platform == "win32", reason="processes that share a port")
async def test_several_workers_add_up(serve: Serve, drift_process: Any, tmp_path: Path) -> None:
    several = serve("--metrics", "--workers", "2", env=drift_process.env | {"TMPDIR": str(tmp_path)})
    for _ in range(8):  # a connection each, so that either worker may get it
        async with client(f"{several.url}/mcp", NEW) as agent:
            await agent.call_tool("list_teams", {})
    for _ in range(4):
        assert read(several)["drift_mcp_tool_calls_total", "list_teams,ok"] == 8
        several.http.close()
        several.http = type(several.http)(base_url=several.url, timeout=60, trust_env=False)
    left = partial(os.listdir, tmp_path)
    assert len(left()) == 1
    several.process.signal(15)
    several.process.wait()
    assert left() == []


def test_the_streams_of_a_worker_that_has_died_are_not_counted_on(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getpid()):
        for kind in ("gauge_livesum", "counter"):
            (tmp_path / f"{kind}_{pid}.db").touch()
    _forget_dead(tmp_path)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {f"gauge_livesum_{os.getpid()}.db", f"counter_{os.getpid()}.db", f"counter_{dead.pid}.db"}


def test_without_the_library_the_operator_is_told_which_extra_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drift_mcp.telemetry.metrics.find_spec", lambda name: None)
    assert importlib.util.find_spec("prometheus_client")
    with pytest.raises(InvalidSetting, match="its extra `metrics`"):
        prepare(1)
