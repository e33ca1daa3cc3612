"""Replicas as processes of their own, each of which can be killed and started again where it was."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import DRIFT_MCP, LocalDrift, Process
from tests.http.host import Host

NAME = "acme"
EVENT = "Began a chat on the website"


class Fleet:
    """So many `drift-mcp serve --transport http` processes. With Redis each has a state folder of its own."""

    def __init__(self, folder: Path, drift: LocalDrift, store: str, count: int, more: Mapping[str, str]) -> None:
        self._folder, self._drift, self._store, self._more = folder, drift, store, more
        self.ports = _free(count)
        self._processes = [self._launch(number) for number in range(count)]

    @property
    def url(self) -> str:
        """Where one of them is, once all of them are ready."""
        hosts = [Host(process) for process in self._processes]
        for host in hosts:
            host.http.close()
        return hosts[0].url

    def state(self, number: int) -> Path:
        """The state folder of one."""
        return self._folder / (f"state-{number}" if self._store else "state")

    def kill(self, number: int) -> None:
        """End one of them as a crash would, and start it again."""
        self._processes[number].end()  # by SIGKILL
        self._processes[number] = self._launch(number)

    def end(self) -> None:
        for process in self._processes:
            process.end()

    def _launch(self, number: int) -> Process:
        env = {name: value for name, value in os.environ.items() if not name.startswith("DRIFT_")}
        own = {"DRIFT_STATE_DIR": str(self.state(number)), "DRIFT_STORE": self._store}
        command = (*DRIFT_MCP, "serve", "--transport", "http", "--stateless", "--port", str(self.ports[number]))
        return Process(command, env | self._drift.env | own | dict(self._more), self._folder)


@contextmanager
def fleet(folder: Path, drift: LocalDrift, store: str, count: int, token: str, *, rules: bool) -> Iterator[Fleet]:
    """A fleet with one connection, with a rule for conversations that begin if there are to be `rules`."""
    lines = [f"[connections.{NAME}]", f'base_url = "{drift.url}"']
    lines += ['token_env = "DRIFT_ACCESS_TOKEN"', 'webhook_token_env = "WEBHOOKS"']
    if rules:
        lines += [f"[connections.{NAME}.on.new_conversation]", f'post_timeline_event = {{ event = "{EVENT}" }}']
    file = folder / "connections.toml"
    file.write_text("\n".join(lines))
    # Short, as what a killed replica has begun is another's after that; and no more calls than Drift's are rationed.
    more = {"DRIFT_TOTAL_TIMEOUT": "5", "DRIFT_RESULT_BYTES": "200000"}
    opened = Fleet(folder, drift, store, count, more | {"WEBHOOKS": token, "DRIFT_CONNECTIONS": str(file)})
    try:
        yield opened
    finally:
        opened.end()


def _free(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
