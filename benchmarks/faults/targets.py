"""What the writes of a fault run need in Drift before they begin: put straight into the sandbox's tables."""

from drift_mcp.sandbox import chat, driftbot, meetings, notes, people, staff, tags
from drift_mcp.sandbox.world import Row, World

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
CHATS_SHARED_BY = 8
"""Writes that share a conversation, as colleagues do who answer in the same one."""
LONG_ONES, LENGTH = 2, 110
"""Of the shared conversations one in so many is longer than two pages of Drift's: how many messages it begins with."""
LONG_AGO = "2025-11-01T09:00:00Z"


class Targets:
    """Makes targets. Nothing is made twice under one `mark`, but for the conversations that `shared_chat` gives."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bot = staff.bot(world)
        self.owner = next(user for user in staff.seated(world) if not user.get("bot"))
        self._slot = world.now() // DAY * DAY + 400 * DAY
        self._shared: Row = {}
        self._sharing = 0

    def contact(self, mark: str, **attributes: object) -> Row:
        return people.create(self.world, {"email": f"{mark}@visitor.example", "name": "Vera Visitor", **attributes})

    def chat(self, mark: str) -> Row:
        return chat.start(self.world, self.contact(mark), [self.owner["id"]])

    def shared_chat(self, mark: str) -> Row:
        if self._sharing % CHATS_SHARED_BY == 0:
            self._shared = self.chat(mark)
            if self._sharing // CHATS_SHARED_BY % LONG_ONES:
                for _ in range(LENGTH):
                    chat.write(self.world, self._shared, staff.author(self.bot), "chat", "Good morning")
        self._sharing += 1
        return self._shared

    def message(self, mark: str) -> Row:
        return chat.write(self.world, self.chat(mark), staff.author(self.bot), "chat", "Good morning")

    def note(self, mark: str) -> Row:
        author = staff.author(self.owner)
        return notes.create(self.world, self.chat(mark), author, "To be called", created_at=None, app="another")

    def event(self, contact_id: int, text: str) -> Row:
        row = {"contactId": contact_id, "event": text, "createdAt": self.world.now(), "attributes": {}}
        return self.world.add("timeline_events", row)

    def flow(self, mark: str) -> Row:
        """A conversation in which Driftbot waits for an answer."""
        conversation = self.chat(mark)
        driftbot.start(self.world, conversation, self.world.rows("playbooks")[0], None, {})
        return conversation

    def slot(self) -> int:
        """A time that nothing else is at, in epoch ms."""
        self._slot += 60 * MINUTE
        return self._slot

    def meeting(self, mark: str) -> Row:
        start = self.slot()
        by = self.owner["id"]
        return meetings.create(self.world, self.chat(mark), self.owner, start=start, length=30, updated_by=by)

    def account(self, mark: str) -> Row:
        domain, now = f"{mark}.example", self.world.now()
        row = {
            "accountId": f"{self.world.next_id('accounts')}_{domain}", "ownerId": self.owner["id"], "name": "Old name",
            "domain": domain, "customProperties": [], "targeted": False, "deleted": False,
            "createDateTime": now, "updateDateTime": now,
        }  # fmt: skip
        return self.world.add("accounts", row)

    def tag(self, mark: str) -> Row:
        return tags.create(self.world, f"tag {mark}")

    def user(self, mark: str) -> Row:
        now = self.world.now()
        row = {
            "id": self.world.next_id("users"), "orgId": self.world.org["id"], "email": f"{mark}@staff.example",
            "name": "Una User", "role": "member", "availability": "OFFLINE", "verified": True, "bot": False,
            "active": True, "createdAt": now, "updatedAt": now,
        }  # fmt: skip
        return self.world.add("users", row)
