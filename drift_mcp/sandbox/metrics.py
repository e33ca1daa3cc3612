"""The figures of a conversation that reports filter by and show (devdocs: conversation-reporting).

Times are epoch ms, durations ms, ids numbers; a figure that a conversation does not have is None.
"""

from __future__ import annotations

from collections import defaultdict

from . import chat, choices
from .world import Row, World

Figure = int | str | None

TIMES = ("createdAt", "updatedAt", "firstCloseAt", "firstAgentMessageAt")
NUMBERS = (
    *TIMES,
    "lastAgentId",
    "endUserId",
    "relatedPlaybookId",
    "timeToCloseMillis",
    "timeToAgentResponseMillis",
    "numAgentMessages",
    "numBotMessages",
    "numEndUserMessages",
)
# May be filtered by but not asked for, as all metrics are numbers.
WORDS = ("status", "botStatus")


def of_all(world: World) -> list[tuple[int, dict[str, Figure]]]:
    """(conversation id, its figures) of every conversation, in the order they began."""
    chats: dict[int, list[Row]] = defaultdict(list)
    for message in world.rows("messages"):
        if message["type"] == "chat":
            chats[message["conversationId"]].append(message)
    rows = sorted(world.rows("conversations"), key=lambda row: (row["createdAt"], row["id"]))
    bots = {user["id"] for user in world.rows("users") if user.get("bot")}
    return [(row["id"], _figures(row, sorted(chats[row["id"]], key=chat.order), bots)) for row in rows]


def _figures(conversation: Row, messages: list[Row], bots: set[int]) -> dict[str, Figure]:
    by_contact = [message for message in messages if message["author"]["type"] == "contact"]
    by_user = [message for message in messages if message["author"]["type"] == "user"]
    by_bot = [message for message in by_user if message["author"]["bot"] or message["author"]["id"] in bots]
    by_agent = [message for message in by_user if message not in by_bot]
    created = conversation["createdAt"]
    closed = conversation.get("firstCloseAt")
    if closed is None and conversation["status"] == "closed":
        closed = conversation["updatedAt"]
    answered = by_agent[0]["createdAt"] if by_agent else None
    asked = by_contact[0]["createdAt"] if by_contact else created
    return {
        "createdAt": created,
        "updatedAt": conversation["updatedAt"],
        "firstCloseAt": closed,
        "firstAgentMessageAt": answered,
        "lastAgentId": by_agent[-1]["author"]["id"] if by_agent else None,
        "endUserId": conversation["contactId"],
        "relatedPlaybookId": conversation.get("relatedPlaybookId"),
        "timeToCloseMillis": None if closed is None else closed - created,
        "timeToAgentResponseMillis": None if answered is None else max(0, answered - asked),
        "numAgentMessages": len(by_agent),
        "numBotMessages": len(by_bot),
        "numEndUserMessages": len(by_contact),
        "status": conversation["status"],
        "botStatus": _bot_status(by_bot, by_agent),
    }


def _bot_status(by_bot: list[Row], by_agent: list[Row]) -> str:
    if not by_bot:
        return choices.NO_BOT
    return choices.BOT_AND_AGENT if by_agent else choices.BOT_ONLY
