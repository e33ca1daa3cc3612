"""The audit: for every write who did what to which record, and how it ended. Never a value.

There is a line before anything is sent, and one of how it ended: where a process dies in between, the first one stays.
Both have the same `call`, and whoever reads the audit takes them for one.

The arguments stand in it as a keyed hash, by which two calls can be seen to be the same one, and a suspected one be
confirmed by who has the key, while nobody else can try out what they were.
"""

import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drift_mcp.audit_file import AuditFile
from drift_mcp.caller import Caller
from drift_mcp.local_key import local_key
from drift_mcp.settings import Settings

if TYPE_CHECKING:
    from drift_mcp.drift.paging import Send
    from drift_mcp.drift.wire import Answer, Call
    from drift_mcp.operation import Request, Tool

log = logging.getLogger(__name__)

OFF = "off"
_ID_FIELD = re.compile(r"(?<!external_)id|(?!external_)[a-z_]+_id")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


class End(StrEnum):
    """How a write ended, as far as is known."""

    BEGUN = "begun"
    """It is under way, or what made it was killed."""
    APPLIED = "applied"
    REFUSED = "refused"
    """By Drift, or here: by policy, for what was to be sent, or because a confirmation did not count."""
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    """The person who was asked did not say yes; the reason says so where they did not say no either."""


class Audit:
    """The audit of the connection named `connection`.

    `folder` gives the place for the key, and for the file where the settings name none.
    """

    def __init__(self, settings: Settings, connection: str, folder: Callable[[], Path]) -> None:
        self._settings = settings
        self._connection = connection
        self._folder = folder
        self._key: bytes | None = None

    def file(self) -> AuditFile | None:
        """Where the lines are, or None when there are to be none.

        Raises:
            OSError: the folder cannot be made.
        """
        wanted = self._settings.audit_file
        if wanted == OFF:
            return None
        path = Path(wanted) if wanted else self._folder() / "audit.jsonl"
        return AuditFile(path, self._settings.audit_bytes, self._settings.audit_keep)

    @contextmanager
    def noting(self, tool: "Tool", request: "Request", caller: Caller) -> Iterator["Note"]:
        """Leaves a line about the write inside the block before it is sent, and one however it ends.

        What goes wrong with that is only logged.
        """
        with self.noting_refusal(tool, request, caller) as note:
            yield note
        self._leave(note, caller)

    @contextmanager
    def noting_refusal(self, tool: "Tool", request: "Request", caller: Caller) -> Iterator["Note"]:
        """Leaves a line about a write that the block decides on, if it ends with an error."""
        note = Note(tool, request, lambda: self._leave(note, caller))
        try:
            yield note
        except BaseException as error:
            if note.failed(error):
                self._leave(note, caller)
            raise

    def _leave(self, note: "Note", caller: Caller) -> None:
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "principal": caller.name,
            "connection": self._connection,
            "tool": note.tool.name,
        }
        if caller.job:
            line["job"] = caller.job
        if note.call:
            line["call"] = note.call
        line |= note.facts()
        try:
            file = self.file()
            if file is None:
                return
            note.arguments = note.arguments or self._hashed(note.request)
            line["arguments"] = note.arguments
            file.append(json.dumps(line, separators=(",", ":")))
        except OSError as error:
            from drift_mcp import telemetry

            if line["outcome"] != End.BEGUN:  # a write counts once
                telemetry.audit_line_lost()
            # The write is done and its result is owed to the agent; but nobody must miss that the audit has a hole.
            log.critical("AUDIT LINE LOST (%s): %s", error.strerror or type(error).__name__, json.dumps(line))

    def _hashed(self, request: "Request") -> str:
        if self._key is None:
            self._key = local_key(self._folder() / "audit.key")
        text = json.dumps(request.model_dump(mode="json", exclude_none=True), sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()


class Note:
    """What is known of one write so far. `begins` is called just before it is sent.

    `call` is its own name from then on, `arguments` their hash once it is known.
    """

    def __init__(self, tool: "Tool", request: "Request", begins: Callable[[], None]) -> None:
        self.tool = tool
        self.request = request
        self.call = ""
        self.arguments = ""
        self._begins = begins
        self._sent_at: float | None = None
        self._status: int | None = None
        self._end = End.BEGUN
        self._reason = ""
        self._made: dict[str, Any] = {}

    def watching(self, send: "Send") -> "Send":
        """`send`, with an eye on the writes that go through it."""

        async def watched(call: "Call") -> "Answer":
            if call.writes and self._sent_at is None:
                self.call = secrets.token_hex(8)
                self._begins()
                self._sent_at = time.monotonic()
            answer = await send(call)
            if call.writes:
                self._status = answer.status
            return answer

        return watched

    def applied(self, content: dict[str, Any]) -> None:
        """It succeeded and answered `content`."""
        self._made = {name: content[name] for name in ("id", "account_id") if name in content}
        self._end = End.APPLIED
        if "recovered" in content:
            self._reason = "recovered"
        if "gone" in content:  # and nobody knows whether it was this write
            self._end, self._reason = End.UNKNOWN, "gone"

    def failed(self, error: BaseException) -> bool:
        """It ended with `error`. Says whether that is an end: a question that is still open is none."""
        from drift_mcp.arguments import InvalidArguments
        from drift_mcp.consent.question import AskFirst, Declined, Previewed, Refused
        from drift_mcp.drift.errors import DriftError
        from drift_mcp.workflow import NotAllowed

        if isinstance(error, AskFirst | Previewed):
            return False
        self._end = End.NOT_APPLIED if self._sent_at is None else End.UNKNOWN
        if isinstance(error, Declined):
            self._end = End.DECLINED
            self._reason = "" if error.answer == "declined" else error.answer
        elif isinstance(error, Refused):
            self._end, self._reason = End.REFUSED, error.kind
        elif isinstance(error, NotAllowed):
            self._end, self._reason = End.REFUSED, "not_allowed"
        elif isinstance(error, InvalidArguments):
            self._end, self._reason = End.REFUSED, "invalid_arguments"
        elif isinstance(error, DriftError):
            self._status, self._reason = error.status, error.kind
            if error.maybe_applied:
                self._end = End.UNKNOWN
            else:
                told_no = error.status is not None and 400 <= error.status < 500 and error.status != 429
                self._end = End.REFUSED if told_no else End.NOT_APPLIED
        return True

    def facts(self) -> dict[str, Any]:
        """What the line says of it, but for the hash."""
        from drift_mcp.operation import Operation

        path = self.tool.path if isinstance(self.tool, Operation) else ""
        given = {name: value for name, value in self.request if not path or _alias(self.request, name) in path}
        ids = {name: value for name, value in (given | self._made).items() if is_id(name, value)}
        facts: dict[str, Any] = {"ids": ids, "outcome": self._end.value}
        if self._reason:
            facts["reason"] = self._reason
        if self._status is not None:
            facts["status"] = self._status
        if self._sent_at is not None:
            facts["ms"] = round((time.monotonic() - self._sent_at) * 1000, 1)
        return facts


def one_each(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the `lines` of an audit one for each write: that it was begun only where its end is not among them."""
    every = list(lines)
    ended = {str(line["call"]) for line in every if "call" in line and line["outcome"] != End.BEGUN}
    return [line for line in every if line["outcome"] != End.BEGUN or str(line.get("call")) not in ended]


def _alias(request: "Request", name: str) -> str:
    return f"{{{type(request).model_fields[name].alias or name}}}"


def is_id(name: str, value: Any) -> bool:
    """Whether it is an id of Drift's own: not a tag's name, nor an id somebody gave, which may be an e-mail address."""
    if not _ID_FIELD.fullmatch(name):
        return False
    return type(value) is int or (isinstance(value, str) and _ID.fullmatch(value) is not None)
