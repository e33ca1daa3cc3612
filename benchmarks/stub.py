"""A stand-in for Drift's HTTP side that costs next to nothing: three routes with fixed bodies.

Bodies follow Drift's documentation: a conversation in its full form inside `data`, the list in its short
form with `links`. Run as `python -m benchmarks.stub`, it prints its port and serves until it is ended.
"""

import asyncio
import json
import re

CONVERSATION_ID = 116119985
_ROUTE = re.compile(rb"GET (?:/conversations/(?:(list)|(\d+)))(?:\?\S*)? HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"(?i)\ncontent-length: (\d+)")
_STATUSES = ("open", "open", "closed", "open", "pending")


def conversation() -> dict[str, object]:
    """The one conversation that can be fetched, as Drift's documentation prints it."""
    return {
        "data": {
            "status": "closed",
            "participants": [243266, 252465],
            "contactId": 903182234,
            "createdAt": 1528293067340,
            "id": CONVERSATION_ID,
            "relatedPlaybookId": 63505,
            "inboxId": 116983,
            "conversationTags": [{"color": "0960C5", "name": "test_tag"}],
            "updatedAt": 1565798942334,
        }
    }


def page(rows: int = 25) -> dict[str, object]:
    """A page of the list: newest first, with a link to the next page."""
    base = "https://api.drift.com/conversations/list?page_token="
    return {
        "data": [
            {
                "status": _STATUSES[row % len(_STATUSES)],
                "contactId": 17035536800 + 7919 * row,
                "createdAt": 1722502800123 - 5_400_000 * row,
                "id": 4010032418 - 104_729 * row,
                "inboxId": 116983,
                "updatedAt": 1722506400456 - 3_600_000 * row,
            }
            for row in range(rows)
        ],
        "links": {
            "self": base,
            "next": base + "eyJ1cGRhdGVkQXQiOjE3MjI0MjAwMDA0NTYsImlkIjo0MDA3NTE4OTIyfQ",
        },
    }


def token_info() -> dict[str, object]:
    """What the token may do: everything (devdocs: get-token-information). Ours asks before it lists its tools."""
    scopes = (
        "contact_read contact_write all_contact_read conversation_read conversation_write user_read user_write "
        "account_read account_write playbook_read gdpr_read gdpr_write"
    )
    return {
        "access_token": "stub",
        "authenticated_userid": "orgId:123",
        "token_type": "bearer",
        "expires_in": 0,
        "created_at": 1238712442000,
        "scope": scopes,
    }


def _response(status: str, body: object) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


_CONVERSATION = _response("200 OK", conversation())
_PAGE = _response("200 OK", page())
_TOKEN_INFO = _response("200 OK", token_info())
_NOT_FOUND = _response("404 Not Found", {"error": {"type": "not_found", "message": "Not found"}})
_FORBIDDEN = _response("401 Unauthorized", {"error": {"type": "authentication_error", "message": "No token"}})


class Stub(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request received so far."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, _, rest = self.received.partition(b"\r\n\r\n")
            length = _LENGTH.search(request)
            body = int(length[1]) if length else 0
            if len(rest) < body:
                return
            self.received = rest[body:]
            self.transport.write(self._answer(request + b"\r\n"))

    @staticmethod
    def _answer(request: bytes) -> bytes:
        if b"\nauthorization: bearer stub\r\n" not in request.lower():
            return _FORBIDDEN
        if request.startswith(b"POST /app/token_info "):
            return _TOKEN_INFO
        match = _ROUTE.match(request)
        if match and match[1]:
            return _PAGE
        if match and int(match[2]) == CONVERSATION_ID:
            return _CONVERSATION
        return _NOT_FOUND


async def main() -> None:
    """Serve on a free local port."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
