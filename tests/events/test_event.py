"""What an event is about, and the key under which it is stored once."""

from collections.abc import Callable
from typing import Any

import pytest

from drift_mcp import present
from drift_mcp.events.kinds import KINDS
from drift_mcp.events.models import MODELS
from drift_mcp.operation import Request

from .conftest import NOW, message, told

pytestmark = pytest.mark.usefixtures("now")

CHANGE = {"endUserId": 9, "timestamp": NOW, "orgId": 1, "diff": [{"name": "attributes.alias", "updated": "nadine"}]}
MEETING = {"agentId": 3, "schedulerId": 9, "conversationId": 5, "slotStart": NOW, "scheduledAt": NOW, "eventId": "e"}
PUSH = {"conversationId": 5}


class TestWhatItIsAbout:
    @pytest.mark.parametrize(
        ("type_name", "data", "conversation", "contact"),
        [
            ("new_message", message(1), 5, 77),
            ("new_conversation", {"id": 5, "contactId": 9, "createdAt": NOW}, 5, 9),
            ("contact_updated", CHANGE, None, 9),
            ("contact_identified", {"id": 9, "attributes": {}}, None, 9),
            ("new_meeting", MEETING, 5, 9),
            ("phone_captured", {"conversationId": 5, "authorId": 9, "authorType": "contact"}, 5, 9),
            ("playbook_goal_met", {"conversationId": 5, "contactId": 9}, 5, 9),
            ("conversation_push", PUSH, 5, None),
            ("something_new", {"conversationId": 5, "contactId": 9}, 5, 9),
            ("app_disconnected", None, None, None),
            ("something_new", ["a", "list"], None, None),
            ("new_message", {"conversationId": "5", "author": "me", "createdAt": True}, None, None),
            ("new_conversation", {"id": 2**70}, None, None),
        ],
    )
    def test_conversation_and_contact(
        self, type_name: str, data: Any, conversation: int | None, contact: int | None
    ) -> None:
        event = told(type_name, data)
        assert (event.conversation_id, event.contact_id) == (conversation, contact)

    @pytest.mark.parametrize(
        ("author", "shown"),
        [
            ({"type": "contact", "id": 7}, "visitor"),
            ({"type": "user", "id": 7, "bot": True}, "bot"),
            ({"type": "user", "id": 7, "bot": False}, "agent"),
        ],
    )
    def test_who_wrote(self, author: dict[str, Any], shown: str) -> None:
        assert told("new_message", message(1) | {"author": author}).author == shown

    def test_it_happened_when_its_data_says_or_else_when_it_came(self, now: Callable[[int], None]) -> None:
        now(NOW + 9_000)
        assert told("new_message", message(1)).at == NOW
        assert told("conversation_push", PUSH).at == NOW + 9_000
        assert told("new_message", message(1, at=-1)).at == NOW + 9_000


class TestKey:
    def test_the_same_delivery_later_has_the_same_key(self, now: Callable[[int], None]) -> None:
        first = told("new_message", message(1))
        now(NOW + 60_000)
        assert told("new_message", dict(reversed(message(1).items()))).key == first.key

    def test_a_conversation_that_has_changed_since_is_the_same_new_one(self) -> None:
        began = {"id": 5, "createdAt": NOW, "updatedAt": NOW, "status": "open"}
        assert told("new_conversation", began).key == told("new_conversation", began | {"status": "closed"}).key

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (told("new_message", message(1)), told("new_message", message(2))),
            (told("new_message", message(1)), told("new_command_message", message(1))),
            (told("new_message", message(1)), told("new_message", message(1), org_id=2)),
            (told("new_message", message(1)), told("new_message", message(1), connection="globex")),
            (told("new_message", message(1)), told("new_message", message(1, at=NOW + 1))),
            (told("new_message", {"body": "a"}), told("new_message", {"body": "b"})),
            (told("contact_updated", CHANGE), told("contact_updated", CHANGE | {"diff": []})),
            (told("meeting_updated", MEETING), told("meeting_updated", MEETING | {"slotStart": NOW + 1})),
            (told("conversation_push", {"conversationId": 5}), told("conversation_push", {"conversationId": 6})),
            (told("something_new", {"a": 1}), told("something_new", {"a": 2})),
        ],
    )
    def test_what_differs_in_what_matters_has_another(self, one: Any, other: Any) -> None:
        assert one.key != other.key


class TestModels:
    def test_every_documented_type_has_one(self) -> None:
        assert set(MODELS) == set(KINDS)
        assert len(KINDS) == 24

    @pytest.mark.parametrize("type_name", sorted(MODELS))
    def test_new_and_odd_fields_are_kept(self, type_name: str) -> None:
        odd = {"conversationId": 5, "brandNew": {"deep": "value"}, "status": ["odd"], "author": 3, "diff": "none"}
        shown = present.result_of(MODELS[type_name], odd, Request())
        assert shown["brand_new"] == {"deep": "value"}

    def test_a_changed_attribute_is_read(self) -> None:
        shown = present.result_of(MODELS["contact_updated"], CHANGE, Request())
        assert shown["diff"] == [{"name": "attributes.alias", "updated": "nadine"}]

    def test_a_changed_time_is_shown_as_every_other_time(self) -> None:
        diff = [
            {"name": "attributes.last_active", "previous": 1795289712867, "updated": 1795289713867},
            {"name": "attributes.visits", "previous": 1795289712867, "updated": 1795289713867},
        ]
        shown = present.result_of(MODELS["contact_updated"], CHANGE | {"diff": diff}, Request())
        assert shown["diff"] == [
            diff[0] | {"previous": "2026-11-21T19:35:12Z", "updated": "2026-11-21T19:35:13Z"},
            diff[1],
        ]
