"""MCP by hand: JSON-RPC lines over the pipes of a server process, for what no proper client would send."""

import json
from typing import Any

from tests.conftest import PATIENCE

_HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "by hand", "version": "0"},
}


class Pipe:
    """A connection to a server process that has been started with its three standard streams as pipes."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self._last_id = 0

    def greet(self) -> "Pipe":
        """The handshake of the 2025-11-25 era."""
        self.request("initialize", _HELLO)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def send(self, message: Any) -> None:
        self.process.write_line(json.dumps(message).encode())

    def ask(self, method: str, params: Any) -> int:
        """Send a request without waiting for its answer; its id."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    def request(self, method: str, params: Any) -> dict[str, Any]:
        return self.answer_to(self.ask(method, params))

    def call(self, name: str, arguments: Any) -> dict[str, Any]:
        """The result of a tool call, a JSON-RPC error excluded."""
        return self._result(self.request("tools/call", {"name": name, "arguments": arguments}))

    def call_raw(self, name: str, arguments: bytes) -> dict[str, Any]:
        """The same with the arguments written as these very bytes."""
        self._last_id += 1
        head = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":'
        self.process.write_line(head % (self._last_id, name.encode()) + arguments + b"}}")
        return self._result(self.answer_to(self._last_id))

    def answer_to(self, request_id: int, patience: float = PATIENCE) -> dict[str, Any]:
        """The response with this id; notifications and answers without an id before it are passed over."""
        while True:
            line = self.process.read_line(patience)
            assert line, f"the server ended; stderr: {self.process.stderr}"
            message: dict[str, Any] = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == request_id:
                return message

    def only_protocol_on_stdout(self) -> bool:
        """Whether everything written so far is one JSON-RPC message a line."""
        return all(json.loads(line)["jsonrpc"] == "2.0" for line in self.process.output)

    def _result(self, message: dict[str, Any]) -> dict[str, Any]:
        assert "result" in message, message
        result: dict[str, Any] = message["result"]
        return result
