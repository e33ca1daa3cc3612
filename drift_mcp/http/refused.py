"""A request that goes no further."""

import json

from mcp_types import INVALID_REQUEST, RequestId
from starlette.responses import Response


class Refused(Exception):
    """Answered as JSON-RPC, so that a client can show the message."""

    def __init__(
        self, status: int, message: str, code: int = INVALID_REQUEST, to: RequestId | None = None, **headers: str
    ) -> None:
        super().__init__(message)
        body = {"jsonrpc": "2.0", "id": to, "error": {"code": code, "message": message}}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = Response(json.dumps(body), status, headers, "application/json")
