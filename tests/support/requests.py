"""Every operation's request beside what drift-api.md §6 and the third-party catalogues document for it.

A row is an operation, arguments as an agent gives them, and the request that has to come of them. The paths of the
catalogues' operations stand here without the prefix under which they are called.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from drift_mcp.drift.wire import ABSENT


class Row(NamedTuple):
    """An operation's arguments as an agent gives them, and the request that Drift documents for them."""

    name: str
    arguments: dict[str, Any]
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: Any = ABSENT


ROWS = [
    # ---- conversations
    Row("list_conversations", {}, "GET", "/conversations/list", [("limit", "25")]),
    Row(
        "list_conversations",
        {"status": ["open", "pending"], "limit": 10, "detail": "full"},
        "GET",
        "/conversations/list",
        [("statusId", "1"), ("statusId", "3"), ("limit", "10")],
    ),
    Row(
        "list_conversations",
        {"status": "closed", "limit": 200},
        "GET",
        "/conversations/list",
        [("statusId", "2"), ("limit", "100")],
    ),
    Row("get_conversation", {"conversation_id": 116119985}, "GET", "/conversations/116119985"),
    Row(
        "create_conversation",
        {"email": "a@b.com", "body": "Hi <you> & co\nBye"},
        "POST",
        "/conversations/new",
        [],
        {"email": "a@b.com", "message": {"body": "Hi &lt;you&gt; &amp; co<br>Bye"}},
    ),
    Row(
        "create_conversation",
        {
            "email": "a@b.com",
            "body": "<b>Hi</b>",
            "format": "html",
            "integration_source": "Message from facebook",
            "auto_assignee_id": 123,
        },
        "POST",
        "/conversations/new",
        [],
        {
            "email": "a@b.com",
            "message": {
                "body": "<b>Hi</b>",
                "attributes": {"integrationSource": "Message from facebook", "autoAssigneeId": 123},
            },
        },
    ),
    Row("get_conversation_stats", {}, "GET", "/conversations/stats"),
    Row("get_conversation_transcript", {"conversation_id": 7}, "GET", "/conversations/7/transcript"),
    Row("get_conversation_transcript_json", {"conversation_id": 7}, "GET", "/conversations/7/json_transcript"),
    Row(
        "list_messages",
        {"conversation_id": 2**63 - 1, "limit": 3},
        "GET",
        "/conversations/9223372036854775807/messages",
    ),
    Row(
        "send_message",
        {"conversation_id": 7, "body": "Hello"},
        "POST",
        "/conversations/7/messages",
        [],
        {"type": "chat", "body": "Hello"},
    ),
    Row(
        "send_message",
        {"conversation_id": 7, "body": "Pick one", "buttons": ["yes please", "no"], "user_id": 12345},
        "POST",
        "/conversations/7/messages",
        [],
        {
            "type": "chat",
            "body": "Pick one",
            "userId": 12345,
            "buttons": [
                {"label": "yes please", "value": "yes please", "type": "reply"},
                {"label": "no", "value": "no", "type": "reply"},
            ],
        },
    ),
    Row(
        "send_message",
        {"conversation_id": 7, "body": "<i>internal</i>", "format": "html", "type": "private_note"},
        "POST",
        "/conversations/7/messages",
        [],
        {"type": "private_note", "body": "<i>internal</i>"},
    ),
    Row("download_attachment", {"document_id": 581264}, "GET", "/attachments/581264/data"),
    # ---- contacts
    Row("create_contact", {"email": "a@b.com"}, "POST", "/contacts", [], {"attributes": {"email": "a@b.com"}}),
    Row(
        "create_contact",
        {
            "email": "a@b.com",
            "external_id": "crm-1",
            "name": "A",
            "phone": "555",
            "attributes": {"plan": "pro", "seats": 3, "vip": False},
        },
        "POST",
        "/contacts",
        [],
        {
            "attributes": {
                "email": "a@b.com",
                "externalId": "crm-1",
                "name": "A",
                "phone": "555",
                "plan": "pro",
                "seats": 3,
                "vip": False,
            }
        },
    ),
    Row("get_contact", {"contact_id": 15811408544}, "GET", "/contacts/15811408544"),
    Row(
        "find_contacts_by_email", {"email": "a+b@c.com"}, "GET", "/contacts", [("email", "a+b@c.com"), ("limit", "25")]
    ),
    Row(
        "find_contacts_by_external_id",
        {"external_ids": ["crm-1", "crm 2"]},
        "GET",
        "/contacts",
        [("idType", "external"), ("id", "crm-1"), ("id", "crm 2")],
    ),
    Row(
        "update_contact", {"contact_id": 5, "name": "New"}, "PATCH", "/contacts/5", [], {"attributes": {"name": "New"}}
    ),
    Row(
        "update_contact",
        {"contact_id": 5, "external_id": "x", "attributes": {"plan": "pro"}},
        "PATCH",
        "/contacts/5",
        [],
        {"attributes": {"plan": "pro", "externalId": "x"}},
    ),
    Row(
        "update_contact_by_external_id",
        {"external_id": "crm 2&3", "attributes": {"plan": "pro"}},
        "PATCH",
        "/contacts/normalize",
        [("idType", "external"), ("id", "crm 2&3")],
        {"attributes": {"plan": "pro"}},
    ),
    Row("delete_contact", {"contact_id": 5}, "DELETE", "/contacts/5"),
    Row(
        "unsubscribe_emails",
        {"emails": ["a@b.com", "c@d.com"]},
        "POST",
        "/emails/unsubscribe",
        [],
        ["a@b.com", "c@d.com"],
    ),
    Row(
        "post_timeline_event",
        {"contact_id": 1115142980, "event": "Upgraded", "created_at": "2019-01-01T12:00:00Z"},
        "POST",
        "/contacts/timeline",
        [],
        {"contactId": 1115142980, "event": "Upgraded", "createdAt": 1546344000000},
    ),
    Row(
        "post_timeline_event",
        {"external_id": "crm-1", "event": "Upgraded"},
        "POST",
        "/contacts/timeline",
        [],
        {"externalId": "crm-1", "event": "Upgraded"},
    ),
    Row("list_contact_attributes", {"limit": 5}, "GET", "/contacts/attributes"),
    Row(
        "add_contact_tags",
        {"contact_id": 5, "tags": ["VIP", "Lead"]},
        "POST",
        "/contacts/5/tags",
        [],
        [{"name": "VIP"}, {"name": "Lead"}],
    ),
    Row(
        "add_contact_tags",
        {"contact_id": 5, "tags": "VIP", "color": "0960C5"},
        "POST",
        "/contacts/5/tags",
        [],
        [{"name": "VIP", "color": "0960C5"}],
    ),
    Row("remove_contact_tag", {"contact_id": 5, "tag_name": "My Tag"}, "DELETE", "/contacts/5/tags/My%20Tag"),
    Row(
        "remove_contact_tags",
        {"contact_id": 5, "tags": ["a", "b"]},
        "POST",
        "/contacts/5/tags/delete/_bulk",
        [],
        ["a", "b"],
    ),
    # ---- accounts
    Row("list_accounts", {}, "GET", "/accounts", [("size", "25")]),
    Row("list_accounts", {"limit": 200, "detail": "full"}, "GET", "/accounts", [("size", "65")]),
    Row("get_account", {"account_id": "123458_domain.com"}, "GET", "/accounts/123458_domain.com"),
    Row(
        "create_account",
        {"owner_id": 21995, "name": "Acme", "domain": "acme.example"},
        "POST",
        "/accounts/create",
        [],
        {"ownerId": 21995, "name": "Acme", "domain": "acme.example"},
    ),
    Row(
        "create_account",
        {
            "owner_id": 21995,
            "name": "Acme",
            "domain": "acme.example",
            "targeted": True,
            "custom_properties": [
                {"name": "tier", "value": "gold", "label": "Tier"},
                {"name": "seats", "value": "40", "type": "NUMBER"},
                {"name": "langs", "value": '["de", "fr"]', "type": "ENUMARRAY"},
            ],
        },
        "POST",
        "/accounts/create",
        [],
        {
            "ownerId": 21995,
            "name": "Acme",
            "domain": "acme.example",
            "targeted": True,
            "customProperties": [
                {"label": "Tier", "name": "tier", "value": "gold", "type": "STRING"},
                {"label": "seats", "name": "seats", "value": 40, "type": "NUMBER"},
                {"label": "langs", "name": "langs", "value": ["de", "fr"], "type": "ENUMARRAY"},
            ],
        },
    ),
    Row(
        "update_account",
        {"account_id": "123458_domain.com", "owner_id": 21995, "targeted": False},
        "PATCH",
        "/accounts/update",
        [],
        {"accountId": "123458_domain.com", "ownerId": 21995, "targeted": False},
    ),
    Row("delete_account", {"account_id": "123458_domain.com"}, "DELETE", "/accounts/123458_domain.com"),
    # ---- users
    Row("list_users", {"limit": 5}, "GET", "/users/list"),
    Row("get_user", {"user_id": 228225}, "GET", "/users/228225"),
    Row("get_users", {"user_ids": [228225, 243266]}, "GET", "/users", [("userId", "228225"), ("userId", "243266")]),
    Row(
        "update_user",
        {
            "user_id": 228225,
            "alias": "Maya",
            "phone": "555-444-6666",
            "availability": "OFFLINE",
            "avatar_url": "https://a.example/x",
        },
        "PATCH",
        "/users/update",
        [("userId", "228225")],
        {"alias": "Maya", "phone": "555-444-6666", "availability": "OFFLINE", "avatarUrl": "https://a.example/x"},
    ),
    Row("list_teams", {}, "GET", "/teams/org"),
    Row("list_user_teams", {"user_id": 228225}, "GET", "/teams/users/228225"),
    # ---- reports, meetings, playbooks, the app, personal data
    Row(
        "report_conversations",
        {
            "filters": [
                {"property": "lastAgentId", "operation": "HAS_PROPERTY"},
                {"property": "firstCloseAt", "operation": "BETWEEN", "values": ["2019-07-22", "2019-07-26"]},
                {"property": "status", "operation": "IN", "values": ["closed"]},
            ],
            "metrics": ["timeToCloseMillis", "relatedPlaybookId"],
            "limit": 5,
        },
        "POST",
        "/reports/conversations",
        [],
        {
            "filters": [
                {"property": "lastAgentId", "operation": "HAS_PROPERTY"},
                {"property": "firstCloseAt", "operation": "BETWEEN", "values": ["2019-07-22", "2019-07-26"]},
                {"property": "status", "operation": "IN", "values": ["closed"]},
            ],
            "metrics": ["timeToCloseMillis", "relatedPlaybookId"],
        },
    ),
    Row(
        "report_conversations",
        {"filters": [], "metrics": "createdAt"},
        "POST",
        "/reports/conversations",
        [],
        {"filters": [], "metrics": ["createdAt"]},
    ),
    Row(
        "summarize_conversation_metrics",
        {"metrics": [{"type": "AVG", "property": "numBotMessages"}], "filters": []},
        "POST",
        "/reports/conversation-summary",
        [],
        {"metrics": [{"type": "AVG", "property": "numBotMessages"}], "filters": []},
    ),
    Row(
        "list_booked_meetings",
        {"min_start_time": "2019-01-01T12:00:00Z", "max_start_time": "1546344000001", "limit": 200},
        "GET",
        "/users/meetings/org",
        [("min_start_time", "1546344000000"), ("max_start_time", "1546344000001"), ("limit", "1000")],
    ),
    Row("list_playbooks", {}, "GET", "/playbooks/list"),
    Row("list_landing_pages", {}, "GET", "/playbooks/clp"),
    Row("get_token_info", {}, "POST", "/app/token_info"),
    Row("uninstall_app", {}, "POST", "/app/uninstall"),
    Row("retrieve_personal_data", {"email": "a@b.com"}, "POST", "/gdpr/retrieve", [], {"email": "a@b.com"}),
    Row("delete_personal_data", {"email": "a@b.com"}, "POST", "/gdpr/delete", [], {"email": "a@b.com"}),
    # ---- SCIM (RFC 7644; drift-api.md §6.10)
    Row(
        "list_scim_users",
        {"filter": 'userName eq "a@b.com"', "limit": 5},
        "GET",
        "/scim/Users",
        [("filter", 'userName eq "a@b.com"'), ("count", "5")],
    ),
    Row("get_scim_user", {"id": "2180056"}, "GET", "/scim/Users/2180056"),
    Row(
        "provision_scim_user",
        {"user_name": "a@b.com", "display_name": "Jo Doe", "given_name": "Jo", "family_name": "Doe", "role": "MEMBER"},
        "POST",
        "/scim/Users",
        [],
        {
            "schemas": ["urn:scim:schemas:core:2.0"],
            "userName": "a@b.com",
            "displayName": "Jo Doe",
            "emails": [{"value": "a@b.com", "primary": True}],
            "name": {"givenName": "Jo", "familyName": "Doe", "formatted": "Jo Doe"},
            "roles": [{"value": "MEMBER", "display": "MEMBER", "primary": True}],
        },
    ),
    Row(
        "provision_scim_user",
        {"user_name": "a@b.com", "display_name": "Jo", "role_ids": [208]},
        "POST",
        "/scim/Users",
        [],
        {
            "schemas": ["urn:scim:schemas:core:2.0"],
            "userName": "a@b.com",
            "displayName": "Jo",
            "emails": [{"value": "a@b.com", "primary": True}],
            "role-ids": [208],
        },
    ),
    Row(
        "replace_scim_user",
        {"id": "2180056", "user_name": "a@b.com", "display_name": "Jo", "active": False},
        "PUT",
        "/scim/Users/2180056",
        [],
        {
            "schemas": ["urn:scim:schemas:core:2.0"],
            "userName": "a@b.com",
            "displayName": "Jo",
            "active": False,
            "emails": [{"value": "a@b.com", "primary": True}],
        },
    ),
    Row(
        "update_scim_user",
        {"id": "2180056", "display_name": "Jo", "active": False},
        "PATCH",
        "/scim/Users/2180056",
        [],
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [
                {"op": "replace", "path": "displayName", "value": "Jo"},
                {"op": "replace", "path": "active", "value": False},
            ],
        },
    ),
    Row("deprovision_scim_user", {"id": "2180056"}, "DELETE", "/scim/Users/2180056"),
    # ---- the third-party catalogues: parameters in snake_case, in the query of a GET and in the body of the others
    Row("search_conversations", {}, "GET", "/conversations", [("limit", "25")]),
    Row(
        "search_conversations",
        {
            "email": "a@b.com",
            "tags": ["vip", "new one"],
            "archived": True,
            "deleted": False,
            "participants": [1, 2],
            "created_at": "2019-01-01T12:00:00Z",
            "custom_attributes": {"plan": "pro"},
        },
        "GET",
        "/conversations",
        [
            ("email", "a@b.com"),
            ("tags", "vip"),
            ("tags", "new one"),
            ("archived", "true"),
            ("deleted", "false"),
            ("participants", "1"),
            ("participants", "2"),
            ("created_at", "1546344000000"),
            ("custom_attributes", '{"plan":"pro"}'),
            ("limit", "25"),
        ],
    ),
    Row(
        "list_conversations_by_status",
        {"status": "open", "archived": False},
        "GET",
        "/conversations/status/open",
        [("archived", "false"), ("limit", "25")],
    ),
    Row(
        "create_group_conversation",
        {"users": [1, 2], "tags": ["a"], "labels": ["b"], "background_mode": True},
        "POST",
        "/conversations",
        [],
        {"users": [1, 2], "tags": ["a"], "labels": ["b"], "background_mode": True},
    ),
    Row(
        "create_conversation_from_scratch",
        {"email": "a@b.com", "title": "T", "assigned_user_id": 3, "custom_attributes": {"plan": "pro"}},
        "POST",
        "/conversations/create",
        [],
        {"email": "a@b.com", "title": "T", "assigned_user_id": 3, "custom_attributes": {"plan": "pro"}},
    ),
    Row(
        "update_conversation",
        {"conversation_id": 7, "assigned_user_id": 3, "tags": ["a"], "workflow_id": "w"},
        "PATCH",
        "/conversations/7",
        [],
        {"assigned_user_id": 3, "tags": ["a"], "workflow_id": "w"},
    ),
    Row("delete_conversation", {"conversation_id": 7}, "DELETE", "/conversations/7"),
    Row("get_message", {"conversation_id": 7, "message_id": 8}, "GET", "/conversations/7/messages/8"),
    Row(
        "update_message",
        {"conversation_id": 7, "message_id": 8, "body": "x", "reply": 6},
        "PATCH",
        "/conversations/7/messages/8",
        [],
        {"body": "x", "reply": 6},
    ),
    Row(
        "create_note",
        {
            "conversation_id": 7,
            "body": "x",
            "type": "call",
            "user": 3,
            "client_id": "c1",
            "client_created_at": "1546344000000",
        },
        "POST",
        "/conversations/7/timeline/notes",
        [],
        {"body": "x", "type": "call", "user": 3, "client_id": "c1", "client_created_at": 1546344000000},
    ),
    Row(
        "update_note",
        {"conversation_id": 7, "note_id": 9, "body": "x", "created_at": "2019-01-01T12:00:00Z"},
        "PATCH",
        "/conversations/7/timeline/notes/9",
        [],
        {"body": "x", "created_at": 1546344000000},
    ),
    Row(
        "update_tag",
        {"tag_id": 4, "background_mode": True},
        "PATCH",
        "/tags/4",
        [],
        {"background_mode": True},
    ),
    Row("get_note", {"conversation_id": 7, "note_id": 9}, "GET", "/conversations/7/timeline/notes/9"),
    Row(
        "update_note",
        {"conversation_id": 7, "note_id": 9, "closed": True},
        "PATCH",
        "/conversations/7/timeline/notes/9",
        [],
        {"closed": True},
    ),
    Row(
        "trigger_driftbot",
        {"conversation_id": 7, "action_id": "305989", "payload": {"body": "How big?"}},
        "POST",
        "/conversations/7/driftbot/trigger",
        [],
        {"conversation_id": 7, "action_id": "305989", "payload": {"body": "How big?"}},
    ),
    Row(
        "update_driftbot_message",
        {"conversation_id": 7, "body": "x", "labels": ["l"]},
        "PATCH",
        "/conversations/7/driftbot",
        [],
        {"body": "x", "labels": ["l"]},
    ),
    Row(
        "create_tag",
        {"name": "VIP", "color": "0960C5", "enabled": False},
        "POST",
        "/tags",
        [],
        {"name": "VIP", "color": "0960C5", "enabled": False},
    ),
    Row("get_tag", {"tag_id": 4}, "GET", "/tags/4"),
    Row("update_tag", {"tag_id": 4, "description": "d"}, "PATCH", "/tags/4", [], {"description": "d"}),
    Row("delete_tag", {"tag_id": 4}, "DELETE", "/tags/4"),
    Row(
        "list_contacts",
        {"search": "jo do", "tags": "a", "background_mode": True},
        "GET",
        "/contacts",
        [("search", "jo do"), ("tags", "a"), ("background_mode", "true"), ("limit", "25")],
    ),
    Row("match_contact_email", {"email": "a+b@c.com"}, "GET", "/contacts/match-email", [("email", "a+b@c.com")]),
    Row(
        "create_contact_from_email", {"email": "Jo <jo@b.com>"}, "POST", "/contacts/raw", [], {"email": "Jo <jo@b.com>"}
    ),
    Row("get_contact_timeline", {"contact_id": 5, "limit": 200}, "GET", "/contacts/5/timeline", [("limit", "100")]),
    Row(
        "list_company_people",
        {"company_id": "1_b.com", "scope": "active"},
        "GET",
        "/companies/1_b.com/people",
        [("scope", "active"), ("limit", "25")],
    ),
    Row(
        "list_company_teams",
        {"company_id": "1_b.com", "search": "s"},
        "GET",
        "/companies/1_b.com/teams",
        [("search", "s"), ("limit", "25")],
    ),
    Row(
        "list_meetings",
        {
            "start_after": "2019-01-01T12:00:00Z",
            "in_progress": True,
            "participants": ["a@b.com", "c@d.com"],
            "id": [1, 2],
        },
        "GET",
        "/meetings",
        [
            ("start_after", "1546344000000"),
            ("in_progress", "true"),
            ("participants", "a@b.com"),
            ("participants", "c@d.com"),
            ("id", "1"),
            ("id", "2"),
            ("limit", "25"),
        ],
    ),
    Row("get_meeting", {"meeting_id": 6}, "GET", "/meetings/6"),
    Row(
        "create_meeting",
        {"conversation_id": 7, "start_at": "2019-01-01T12:00:00Z", "duration": 30, "created_by": 3},
        "POST",
        "/meetings",
        [],
        {"conversation_id": 7, "start_at": 1546344000000, "duration": 30, "created_by": 3},
    ),
    Row(
        "update_meeting",
        {"meeting_id": 6, "notes": "n\nm", "participant_ids": [1]},
        "PATCH",
        "/meetings/6",
        [],
        {"notes": "n\nm", "participant_ids": [1]},
    ),
    Row("delete_meeting", {"meeting_id": 6}, "DELETE", "/meetings/6"),
    Row(
        "add_meeting_participant",
        {"meeting_id": 6, "email": "a@b.com", "first_name": "A"},
        "POST",
        "/meetings/6/participants",
        [],
        {"email": "a@b.com", "first_name": "A"},
    ),
    Row(
        "list_events",
        {"type": "new_message", "since": "1546344000000"},
        "GET",
        "/events",
        [("type", "new_message"), ("since", "1546344000000"), ("limit", "25")],
    ),
]


IDS = [f"{row.name}-{place}" for place, row in enumerate(ROWS)]


def example(name: str) -> dict[str, Any]:
    """Arguments that operation `name` takes."""
    return next(row.arguments for row in ROWS if row.name == name)
