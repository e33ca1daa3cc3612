"""The sandbox as a process of its own, and its HTTP API for setting a scene and for reading back what was done."""

import html
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.pipe import Failed

Row = dict[str, Any]
_READY = re.compile(r"ready at (\S+) with token (\S+)")


class Drift:
    """One running sandbox, as those who check see it: not through any of the servers."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)

    def get(self, path: str, **query: Any) -> Any:
        """The `data` of an answer."""
        return self._data(self._http.get(path, params=query))

    def post(self, path: str, body: Any) -> Any:
        """Write; for setting the scene."""
        return self._data(self._http.post(path, json=body))

    def reset(self) -> None:
        """Back to the start data."""
        self.post("/_sandbox/reset", {})

    def visitor_writes(self, email: str, body: str) -> int:
        """A visitor writes in the chat; gives the conversation's id."""
        return int(self.post("/_sandbox/visitor/messages", {"email": email, "body": body})["conversationId"])

    def contacts(self, email: str) -> list[Row]:
        """The contacts with an e-mail address."""
        found: list[Row] = self.get("/contacts", email=email)
        return found

    def open_conversations(self) -> list[Row]:
        """All open ones, as the documented list shows them."""
        rows: list[Row] = self.get("/conversations/list", statusId=1, limit=100)
        return rows

    def conversation_of(self, email: str) -> int:
        """The open conversation of the contact with this address."""
        ids = {contact["id"] for contact in self.contacts(email)}
        return next(int(row["id"]) for row in self.open_conversations() if row["contactId"] in ids)

    def messages(self, conversation: int) -> list[Row]:
        """All messages of a conversation, oldest first."""
        rows: list[Row] = self.get(f"/conversations/{conversation}/json_transcript")["messages"]
        return rows

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        if answer.is_error:
            raise Failed(f"the sandbox answered {answer.status_code}: {answer.text[:300]}")
        body = answer.json()
        return body.get("data", body) if isinstance(body, dict) else body


@contextmanager
def running_drift() -> Iterator[Drift]:
    """`drift-mcp sandbox` on a free port, with a state of its own."""
    command = (sys.executable, "-m", "drift_mcp", "sandbox", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            ready = _READY.search(process.stdout.readline())
            if ready is None:
                raise Failed("the sandbox did not start")
            drift = Drift(ready[1], ready[2])
            yield drift
            drift.close()
        finally:
            process.terminate()


def plain(body: str) -> str:
    """A message's HTML as one line of plain text without invisible characters, for comparing."""
    text = html.unescape(re.sub(r"<[^>]*>", " ", body))
    return " ".join("".join(each for each in text if unicodedata.category(each) != "Cf").split())
