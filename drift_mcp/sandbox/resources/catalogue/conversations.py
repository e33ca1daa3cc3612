"""Conversations as the catalogue lists them: search with many filters, and by status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from starlette.responses import Response

from ... import chat, fields, people, query
from ...http import Call, get
from ...world import Row, World
from .. import conversations
from . import listing

READ = "conversation_read"
STATUSES = ("open", "closed", "pending")
EXTRA = ("assignedUserId", "customAttributes", "labels", "title", "workflowId")
PAGE_KIND = "v2-conversations"

Test = Callable[[Row], bool]


def view(conversation: Row) -> Row:
    """The full conversation, and what only the catalogue knows of it, where it is set."""
    extra = {name: conversation[name] for name in EXTRA if conversation.get(name)}
    resolved = chat.resolved_at(conversation)
    return {**conversations.full(conversation), **extra, **({} if resolved is None else {"resolvedAt": resolved})}


def _latest_change(conversation: Row) -> list[int]:
    return [-conversation["updatedAt"], -conversation["id"]]


def search_conversations(call: Call) -> Response:
    """Those for which every filter holds, the latest change first."""
    deleted = query.boolean(call.query, "deleted")
    rows = call.world.rows("deleted_conversations" if deleted else "conversations")
    for test in [*_own_filters(call), *_time_filters(call), *_message_filters(call)]:
        rows = [row for row in rows if test(row)]
    return listing.page(call, PAGE_KIND, rows, _latest_change, view)


def _own_filters(call: Call) -> list[Test]:
    """Filters that look at the conversation itself."""
    asked, tests = call.query, list[Test]()
    archived = query.boolean(asked, "archived")
    if archived is not None:
        tests.append(lambda row: (row["status"] == "closed") == archived)
    assigned = query.number(asked, "assigned_user_id")
    if assigned is not None:
        tests.append(lambda row: row.get("assignedUserId") == assigned)
    attributes = query.plain_object(asked, "custom_attributes")
    if attributes:
        tests.append(lambda row: listing.same_values(attributes, row.get("customAttributes", {})))
    email = query.email(asked, "email")
    if email is not None:
        tests.append(lambda row: _email(call.world, row) == email.casefold())
    ids = set(query.numbers(asked, "id"))
    if ids:
        tests.append(lambda row: row["id"] in ids)
    labels, tags = query.texts(asked, "labels"), query.texts(asked, "tags")
    tests.append(lambda row: listing.all_of(labels, row.get("labels", [])))
    tests.append(lambda row: listing.all_of(tags, [tag["name"] for tag in row["conversationTags"]]))
    members = query.number(asked, "member_count")
    if members is not None:
        tests.append(lambda row: len(row["participants"]) + (row["contactId"] is not None) == members)
    participants = set(query.numbers(asked, "participants"))
    tests.append(lambda row: participants <= set(row["participants"]))
    for name in ("title", "reply_subject"):
        words = query.text(asked, name)
        if words is not None:
            tests.append(lambda row, words=words: listing.part_of(words, row.get("title")))  # type: ignore[misc]
    workflow = query.text(asked, "workflow_id")
    if workflow is not None:
        tests.append(lambda row: row.get("workflowId") == workflow)
    return tests


def _email(world: World, conversation: Row) -> str:
    contact = people.find(world, conversation["contactId"] or 0)
    return "" if contact is None else str(contact["attributes"].get("email", "")).casefold()


def _time_filters(call: Call) -> list[Test]:
    """From a moment on."""
    moments: dict[str, Callable[[Row], int | None]] = {
        "created_at": lambda row: int(row["createdAt"]),
        "updated_at": lambda row: int(row["updatedAt"]),
        "resolved_at": chat.resolved_at,
    }
    tests = list[Test]()
    for name, moment in moments.items():
        since = query.moment(call.query, name)
        if since is not None:
            tests.append(_from(since, moment))
    return tests


def _from(since: int, moment: Callable[[Row], int | None]) -> Test:
    def test(row: Row) -> bool:
        at = moment(row)
        return at is not None and at >= since

    return test


def _message_filters(call: Call) -> list[Test]:
    """Filters that look at the messages; these are gathered only where one of them is used."""
    asked, tests = call.query, list[Test]()
    direction = query.one_of(asked, "direction", ("inbound", "outbound"))
    integration = query.text(asked, "integration")
    activity = query.moment(asked, "last_activity_at")
    sent = query.moment(asked, "last_message_sent_at")
    if (direction, integration, activity, sent) == (None,) * 4:
        return tests
    messages: dict[int, list[Row]] = defaultdict(list)
    for message in sorted(call.world.rows("messages"), key=chat.order):
        messages[message["conversationId"]].append(message)

    def chats(row: Row) -> list[Row]:
        return [message for message in messages[row["id"]] if message["type"] == "chat"]

    if direction is not None:
        first_author = "contact" if direction == "inbound" else "user"
        tests.append(lambda row: [each["author"]["type"] for each in chats(row)][:1] == [first_author])
    if integration is not None:
        tests.append(
            lambda row: any(
                listing.part_of(integration, each["attributes"].get("integrationSource"))
                for each in messages[row["id"]]
            )
        )
    if activity is not None:
        tests.append(
            lambda row: max([row["updatedAt"], *(each["createdAt"] for each in messages[row["id"]])]) >= activity
        )
    if sent is not None:
        tests.append(lambda row: any(each["createdAt"] >= sent for each in chats(row)))
    return tests


def list_by_status(call: Call) -> Response:
    """The conversations of one status; archived=false leaves the closed ones out."""
    status = fields.one_of(call.params, "status", STATUSES)
    archived = query.boolean(call.query, "archived")
    rows = [row for row in call.world.rows("conversations") if row["status"] == status]
    if archived is False:
        rows = [row for row in rows if row["status"] != "closed"]
    return listing.page(call, PAGE_KIND, rows, _latest_change, view)


routes = [
    get("/conversations", search_conversations, READ),
    get("/conversations/status/{status}", list_by_status, READ),
]
