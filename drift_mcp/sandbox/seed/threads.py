"""Turns the hand-written threads of data/threads/ into Drift conversations, messages and attachments."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from drift_mcp.sandbox.seed.source import MINUTE, SECOND, page_title, span, spread

NEWEST_CONVERSATION_ID = 3_480_000_000
NEWEST_MESSAGE_ID = 29_400_000_000
ATTACHMENT_URL = "https://driftapi.com/attachments/{id}/data"


@dataclass(frozen=True)
class Line:
    """One message of a thread: who says what, how long before the anchor."""

    who: str
    text: str
    note: bool
    before: int
    options: dict[str, Any]

    @property
    def message_id(self) -> int:
        return NEWEST_MESSAGE_ID - self.before // 5


@dataclass(frozen=True)
class Thread:
    """A thread with its place in time, still without Drift ids of people."""

    key: str
    contact: str
    source: dict[str, Any]
    lines: list[Line]

    @property
    def page(self) -> str:
        return str(self.source.get("page", "/"))

    @property
    def started_before(self) -> int:
        return self.lines[0].before

    @property
    def conversation_id(self) -> int:
        return NEWEST_CONVERSATION_ID - self.started_before // (4 * SECOND)


@dataclass(frozen=True)
class Cast:
    """Everything a thread refers to by key."""

    anchor_ms: int
    org_id: int
    inbox_id: int
    users: dict[str, int]
    contacts: dict[str, int]
    contexts: dict[str, dict[str, Any]]
    playbooks: dict[str, int]
    tags: dict[str, str]
    files: dict[str, dict[str, Any]]


def schedule(source: dict[str, Any]) -> Thread:
    """Lays the lines out so that the last one falls `ago` before the anchor."""
    key = source["key"]
    elapsed = 0
    offsets = []
    for index, (_, minutes, text, *_) in enumerate(source["lines"]):
        typing = 3 * SECOND + (7_919 * (index + 1) + 131 * len(text)) % (41 * SECOND)
        elapsed += (minutes * MINUTE + typing) if index else 0
        offsets.append(elapsed)
    first = span(source["ago"]) + spread(key, 50 * SECOND) + elapsed
    lines = [
        Line(
            who=who.rstrip("!"),
            text=text,
            note=who.endswith("!"),
            before=first - offset,
            options=rest[0] if rest else {},
        )
        for (who, _, text, *rest), offset in zip(source["lines"], offsets, strict=True)
    ]
    return Thread(key=key, contact=source["contact"], source=source, lines=lines)


def tables(
    threads: list[Thread], cast: Cast
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Conversations (latest first), messages (oldest first) and attachments."""
    conversations = [_conversation(thread, cast) for thread in threads]
    messages = [_message(thread, index, cast) for thread in threads for index, _ in enumerate(thread.lines)]
    attachments = [
        _attachment(cast.files[line.options["file"]], thread)
        for thread in threads
        for line in thread.lines
        if "file" in line.options
    ]
    conversations.sort(key=lambda item: -item["updatedAt"])
    messages.sort(key=lambda item: item["createdAt"])
    return conversations, messages, attachments


def _conversation(thread: Thread, cast: Cast) -> dict[str, Any]:
    source = thread.source
    spoke = [line.who for line in thread.lines if line.who not in ("c", "bot")]
    present = dict.fromkeys([*source.get("assigned", []), *spoke])
    conversation: dict[str, Any] = {
        "id": thread.conversation_id,
        "orgId": cast.org_id,
        "status": source["status"],
        "participants": [cast.users[name] for name in present],
        "contactId": cast.contacts[thread.contact],
        "inboxId": cast.inbox_id,
        "createdAt": cast.anchor_ms - thread.started_before,
        "updatedAt": cast.anchor_ms - thread.lines[-1].before,
        "conversationTags": [{"color": cast.tags[tag], "name": tag} for tag in source.get("tags", [])],
    }
    if "playbook" in source:
        conversation["relatedPlaybookId"] = cast.playbooks[source["playbook"]]
    return conversation


def _message(thread: Thread, index: int, cast: Cast) -> dict[str, Any]:
    line = thread.lines[index]
    visitor = line.who == "c"
    message: dict[str, Any] = {
        "id": line.message_id,
        "orgId": cast.org_id,
        "conversationId": thread.conversation_id,
        "type": "private_note" if line.note else "chat",
        "author": _author(line.who, thread, cast),
        "body": body(line),
        "createdAt": cast.anchor_ms - line.before,
        "attributes": _attributes(thread, index, cast),
    }
    if visitor:
        earlier = any(before.who == "c" for before in thread.lines[:index])
        message["context"] = _context(cast.contexts[thread.contact], thread.page, full=not earlier)
    if "buttons" in line.options:
        message["buttons"] = [{"label": label, "value": label, "type": "reply"} for label in line.options["buttons"]]
    if "file" in line.options:
        file = cast.files[line.options["file"]]
        message["attachments"] = [
            {
                "id": file["id"],
                "fileName": file["fileName"],
                "mimeType": file["mimeType"],
                "url": ATTACHMENT_URL.format(id=file["id"]),
            }
        ]
    return message


def body(line: Line) -> str:
    """The HTML of a line. Text that starts with a tag, or is flagged as html, is HTML already."""
    if line.text.startswith("<") or line.options.get("html"):
        return line.text
    escaped = html.escape(line.text).replace("&#x27;", "&#39;")
    if line.who == "c":
        return escaped.replace("\n", "<br>")
    paragraphs = escaped.split("\n\n")
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs).replace("\n", "<br>")


def _author(who: str, thread: Thread, cast: Cast) -> dict[str, Any]:
    if who == "c":
        return {"type": "contact", "id": cast.contacts[thread.contact], "bot": False}
    return {"type": "user", "id": cast.users[who], "bot": who == "bot"}


def _attributes(thread: Thread, index: int, cast: Cast) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    greeting = thread.source.get("greeting")
    if greeting and index == 0:
        attributes["preMessages"] = [{"body": f"<p>{greeting}</p>", "sender": {"id": cast.users["bot"]}}]
    if "app" in thread.lines[index].options:
        attributes["developer_app_id"] = thread.lines[index].options["app"]
    return attributes


def _context(context: dict[str, Any], page: str, *, full: bool) -> dict[str, Any]:
    """The first message of a visitor tells everything, the later ones only who speaks."""
    if full:
        return {**context, "title": page_title(page), "location": dict(context["location"])}
    return {"ip": context["ip"], "userAgent": context["userAgent"]}


def _attachment(file: dict[str, Any], thread: Thread) -> dict[str, Any]:
    return {
        "id": file["id"],
        "fileName": file["fileName"],
        "mimeType": file["mimeType"],
        "conversationId": thread.conversation_id,
        "data_base64": file["data_base64"],
    }
