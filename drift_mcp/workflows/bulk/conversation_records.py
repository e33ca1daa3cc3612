"""What `export_conversations` fetches: which conversations, and each as one whole record or as text to read."""

from typing import Any, Literal

from drift_mcp.drift.errors import BrokenAnswer, NotFound
from drift_mcp.workflows.bulk.calls import JobCalls

Record = dict[str, Any]

Format = Literal["jsonl", "text"]
ENDINGS: dict[Format, tuple[str, ...]] = {"jsonl": (".jsonl", ".ndjson"), "text": (".txt", ".md")}
PER_LIST = 100
PER_ASK = 50
"""Messages asked for at once: Drift's own page."""

_META = ("id", "status", "contact_id", "created_at", "updated_at")
_MESSAGE = ("author", "author_id", "type", "text", "created_at", "attachments")


class Source:
    """Reads whole conversations. `shortened` has the ids of those in which a text did not fit into any answer."""

    def __init__(self, calls: JobCalls, *, status: list[str] | None, since: str | None, contact_details: bool) -> None:
        self.shortened: list[int] = []
        self.calls = calls
        self._status = status
        self._since = since
        self._details = contact_details
        self._contacts: dict[int, Record] = {}

    async def plan(self, ids: list[int] | None, limit: int) -> list[Record]:
        """What to export: those of `ids`, only as ids, or else the latest that fit, with what the list says of them."""
        if ids:
            return [{"id": each} for each in dict.fromkeys(ids)][:limit]
        found: dict[int, Record] = {}
        position: dict[str, Any] = {"status": self._status} if self._status else {}
        while True:
            # A page is asked for whole, so that every page costs one call.
            page = await self.calls.operate("list_conversations", limit=PER_LIST, detail="full", **position)
            for row in page["items"]:
                if not self._recent(row):
                    # Drift lists the latest activity first.
                    return list(found.values())
                # While pages are read, a conversation can move from one to another.
                found.setdefault(row["id"], {name: row[name] for name in _META if name in row})
                if len(found) == limit:
                    return list(found.values())
            cursor = _following(page)
            if cursor is None:
                return list(found.values())
            position["cursor"] = cursor

    async def record(self, entry: Record) -> Record | None:
        """The conversation of a plan's `entry`, with all its messages; None where the filters leave it out.

        Raises:
            DriftError: it cannot be read.
        """
        if "status" not in entry:
            entry = await self.calls.operate("get_conversation", conversation_id=entry["id"])
            if not self._recent(entry) or (self._status and entry.get("status") not in self._status):
                return None
        meta = {name: entry[name] for name in _META if name in entry and name != "contact_id"}
        if "contact_id" in entry:
            meta["contact"] = await self._contact(entry["contact_id"])
        return meta | {"messages": await self._messages(entry["id"])}

    def _recent(self, row: Record) -> bool:
        return self._since is None or row.get("updated_at", self._since) >= self._since

    async def _messages(self, conversation_id: int) -> list[Record]:
        found: list[Record] = []
        size = PER_ASK
        position: Record = {}
        while True:
            page = await self.calls.operate("list_messages", conversation_id=conversation_id, limit=size, **position)
            cursor = _following(page)
            if page.get("truncated"):
                # Texts were cut to fit the answer's size. An export is exact, so less is asked for at a time.
                if size > 1:
                    size = max(1, size // 3)
                    continue
                self.shortened.append(conversation_id)
            found += [{name: row[name] for name in _MESSAGE if name in row} for row in page["items"]]
            if cursor is None:
                return found
            position = {"cursor": cursor}

    async def _contact(self, contact_id: int) -> Record:
        if self._details and contact_id not in self._contacts:
            try:
                contact = await self.calls.operate("get_contact", contact_id=contact_id)
            except NotFound:
                contact = {}
            self._contacts[contact_id] = {name: contact[name] for name in ("name", "email") if name in contact}
        return {"id": contact_id} | self._contacts.get(contact_id, {})


def _following(page: Record) -> str | None:
    """The cursor after `page`, None at the end.

    Raises:
        BrokenAnswer: there is more, but Drift leads back to what was read before.
    """
    if page["has_more"] and "next_cursor" not in page:
        raise BrokenAnswer
    cursor: str | None = page.get("next_cursor")
    return cursor


def format_of(file: str | None) -> Format:
    """The format that a file's name asks for."""
    return "text" if file is not None and file.lower().endswith(ENDINGS["text"]) else "jsonl"


def as_plain_text(record: Record) -> str:
    """The conversation to read. Every line of a message is indented, so that none can pass for a heading."""
    contact = record.get("contact", {})
    who = " ".join(_line(contact[name]) for name in ("name", "email") if name in contact)
    head = [f"Conversation {record['id']}", record.get("status", ""), f"contact {contact.get('id', '?')}", who]
    lines = ["=== " + " · ".join(part for part in head if part)]
    lines.append(f"    from {record.get('created_at', '?')}, last changed {record.get('updated_at', '?')}")
    for message in record["messages"]:
        note = " (private note)" if message.get("type") == "private_note" else ""
        files = "".join(
            f" [file: {_line(each.get('file_name', each.get('id')))}]" for each in message.get("attachments", ())
        )
        first, *rest = f"{message.get('text', '')}{files}".split("\n")
        lines.append(f"    {message.get('created_at', '?')} {message.get('author', '?')}{note}: {first}")
        lines += [f"        {line}" for line in rest]
    return "\n".join(lines) + "\n\n"


def _line(value: Any) -> str:
    return " ".join(str(value).split())
