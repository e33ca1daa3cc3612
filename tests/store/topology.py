"""Two replicas behind nginx, with one Redis: real processes, and what talks to them."""

import getpass
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import LocalDrift, Process, eventually
from tests.http.host import BOTH, OLD, Host
from tests.support.programs import need
from tests.support.redis_server import RedisServer

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
TOKEN = "verification-token-of-the-topology"
HEADERS = {"accept": BOTH, "mcp-protocol-version": OLD}


def called(http: httpx.Client, name: str, **arguments: Any) -> dict[str, Any]:
    """The structured content of a tool's result, an error's too. Raises httpx.HTTPError."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    answer = http.post("/mcp", json=message, headers=HEADERS).raise_for_status()
    line = next(line for line in answer.text.splitlines()[::-1] if line.startswith(("data: {", "{")))
    content: dict[str, Any] = json.loads(line.removeprefix("data: "))["result"]["structuredContent"]
    return content


class Topology:
    """`replicas`, and at `url` the proxy before them."""

    def __init__(self, drift: LocalDrift, replicas: list[Host], url: str) -> None:
        self.drift = drift
        self.replicas = replicas
        self.url = url
        self.http = self.client()

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def send_webhooks(self, **how: Any) -> None:
        """Have Drift send its webhooks to the proxy."""
        settings = {"url": f"{self.url}/webhooks/drift/drift", "token": TOKEN, "backoff_ms": 50, "retries": 20} | how
        self.drift.http.post("/_sandbox/webhooks", json=settings).raise_for_status()

    def webhooks(self) -> dict[str, Any]:
        """What became of them, once none waits any more."""
        counts: dict[str, Any] = self.drift.http.get("/_sandbox/webhooks", params={"settled": 60}).json()
        return counts

    def accepted(self) -> int:
        """The calls that Drift has accepted."""
        return sum(each["accepted"] for each in self.drift.http.get("/_sandbox/limits").json()["tokens"])


@contextmanager
def nginx(replicas: list[Host], folder: Path) -> Iterator[str]:
    """The proxy as it is shipped, but for the names of the replicas and TLS; at the URL given back."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    lines = [line for line in SHIPPED.read_text().splitlines() if "ssl_" not in line]
    conf = "\n".join(lines).replace("listen 8443 ssl;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")
    for number, replica in enumerate(replicas, 1):
        conf = conf.replace(f"replica-{number}:8200", f"127.0.0.1:{replica.port}")
    path = folder / "nginx.conf"
    path.write_text(f"daemon off;\nuser {getpass.getuser()};\n{conf}\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([need("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(path)], stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(url) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def topology(
    launch: Callable[..., Process], drift: LocalDrift, redis: RedisServer, folder: Path, **settings: str
) -> Iterator[Topology]:
    """Each replica has a state folder of its own, as on a machine of its own."""
    base = drift.env | {"DRIFT_STORE": redis.url, "DRIFT_WEBHOOK_TOKEN": TOKEN} | settings
    serve = ("serve", "--transport", "http", "--port", "0", "--stateless", "--max-calls", "200")
    processes = [launch(*serve, env=base | {"DRIFT_STATE_DIR": str(folder / f"state-{n}")}) for n in (1, 2)]
    replicas = [Host(process) for process in processes]
    folder.joinpath("nginx").mkdir()
    with nginx(replicas, folder / "nginx") as url:
        opened = Topology(drift, replicas, url)
        yield opened
        opened.http.close()
    drift.http.post("/_sandbox/webhooks", json={"url": None}).raise_for_status()
    for replica in replicas:
        replica.close()
        assert "Traceback" not in replica.process.stderr, replica.process.stderr


@contextmanager
def at_once(count: int, work: Callable[[int], None]) -> Iterator[list[BaseException]]:
    """Runs `work` in so many threads, from 0 on, until they end; the errors of those that failed."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    yield errors
    for thread in threads:
        thread.join(60)
    assert not errors, errors[:3]
