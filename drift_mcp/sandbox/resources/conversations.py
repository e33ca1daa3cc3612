"""Conversations: list, read, start, count (devdocs: list-conversations, retrieve-a-conversation,
creating-a-conversation, bulk-conversation-statuses)."""

from __future__ import annotations

from starlette.responses import Response

from .. import chat, choices, fields, paging, people, staff
from ..errors import invalid
from ..http import Call, bare, data, get, write
from ..world import Row

READ, WRITE = "conversation_read", "conversation_write"
STATUS_IDS = {"1": "open", "2": "closed", "3": "pending"}
SHORT = ("status", "contactId", "createdAt", "id", "inboxId", "updatedAt")
FULL = (
    "status",
    "participants",
    "contactId",
    "createdAt",
    "id",
    "relatedPlaybookId",
    "inboxId",
    "conversationTags",
    "updatedAt",
)
# As documented, whatever host was called: a client takes the page_token out of the link.
LIST_URL = "https://api.drift.com/conversations/list"
PAGE_KIND = "conversations"


def short(conversation: Row) -> Row:
    """The form of list items: no participants, no tags."""
    return {name: conversation[name] for name in SHORT if conversation[name] is not None}


def full(conversation: Row) -> Row:
    """The form of a single conversation; relatedPlaybookId only where there is one."""
    return {name: conversation[name] for name in FULL if conversation.get(name) is not None}


def list_conversations(call: Call) -> Response:
    """Newest change first. Page size and filter of the first call stick to its page tokens."""
    token = call.query.get("page_token")
    if token:
        state = paging.decode(PAGE_KIND, token, "page_token")
        size, statuses, position = state.get("size"), state.get("statuses"), state.get("after")
        if not (isinstance(size, int) and size > 0 and isinstance(statuses, list)):
            raise invalid("page_token is not valid")
    else:
        size = fields.query_number(
            call.query, "limit", choices.CONVERSATIONS_DEFAULT, least=1, most=choices.CONVERSATIONS_MAX
        )
        given = call.query.getlist("statusId")
        if any(status not in STATUS_IDS for status in given):
            raise invalid("statusId must be 1 (open), 2 (closed) or 3 (pending)")
        statuses, position = sorted({int(status) for status in given}), None
    wanted = {STATUS_IDS.get(str(status)) for status in statuses}
    rows = [row for row in call.world.rows("conversations") if not wanted or row["status"] in wanted]
    rows.sort(key=_newest_first)
    page, more = paging.after(rows, position, _newest_first, size)
    links = {"self": _link(size, statuses, position)}
    if more is not None:
        links["next"] = _link(size, statuses, more)
    return data([short(row) for row in page], links=links)


def _newest_first(conversation: Row) -> list[int]:
    return [-conversation["updatedAt"], -conversation["id"]]


def _link(size: int, statuses: list[int], position: list[int] | None) -> str:
    token = paging.encode(PAGE_KIND, size=size, statuses=statuses, after=position)
    return f"{LIST_URL}?page_token={token}"


def get_conversation(call: Call) -> Response:
    return data(full(chat.find(call.world, call.id("conversationId"))))


def get_stats(call: Call) -> Response:
    """{"conversationCount": {"CLOSED", "OPEN", "PENDING"}}, without Drift's envelope."""
    statuses = [row["status"] for row in call.world.rows("conversations")]
    return bare({"conversationCount": {name.upper(): statuses.count(name) for name in ("closed", "open", "pending")}})


def create_conversation(call: Call) -> Response:
    """Starts a conversation with the first contact of this address, or a new one; answers a bare object."""
    body = call.object
    email = fields.email(body)
    message = fields.as_object(body.get("message"), "message")
    text = fields.required_text(message, "body")
    attributes = fields.optional_object(message, "attributes")
    fields.text(attributes, "integrationSource")
    assignee = fields.integer(attributes, "autoAssigneeId")
    if assignee is not None and staff.find(call.world, assignee) is None:
        raise invalid(f"autoAssigneeId {assignee} is no user of this organisation")
    participant = assignee if assignee is not None else staff.routed(call.world)["id"]
    conversation = chat.start(call.world, people.find_or_create(call.world, email), [participant])
    if assignee is not None:
        conversation["assignedUserId"] = assignee
    attributes = {**attributes, "developer_app_id": call.token["clientId"]}
    author = staff.author(staff.bot(call.world))
    chat.write(call.world, conversation, author, "chat", text, attributes=attributes)
    shown = ("status", "participants", "contactId", "createdAt", "id", "inboxId")
    return bare({name: conversation[name] for name in shown})


routes = [
    get("/conversations/list", list_conversations, READ),
    get("/conversations/stats", get_stats, READ),
    write("POST", "/conversations/new", create_conversation, WRITE),
    get("/conversations/{conversationId}", get_conversation, READ),
]
