"""What each operation does, in the concepts of `vocabulary.py`: the hand-written part of the index.

An operation without a line here is indexed by its name and title alone.
"""

from typing import NamedTuple


class Profile(NamedTuple):
    """Concepts, separated by commas.

    `does`: the actions it serves. `about`: its objects. `cues`: what speaks for it; objects that are often named beside
    it belong here too. `needs`: without one of these it is unlikely. `never`: what speaks against it.
    """

    does: str
    about: str
    cues: str = ""
    needs: str = ""
    never: str = ""


PROFILES = {
    "list_conversations": Profile(
        "list, get",
        "conversation",
        "status, recent, inbox, all",
        never="event, criteria, transcript, count, metric, message, one, export",
    ),
    "get_conversation": Profile(
        "get",
        "conversation",
        "one, status, participant, who, tag, contact, user",
        never="transcript, message, several, recent, inbox",
    ),
    "create_conversation": Profile(
        "start, create, send",
        "conversation",
        "email address, contact, message",
        never="no message, group, user, existing",
    ),
    "get_conversation_stats": Profile(
        "count", "conversation", "status, inbox, all", "count", never="tag, metric, aggregate, message, contact, recent"
    ),
    "search_conversations": Profile(
        "find, list", "conversation", "criteria, tag, user, contact, recent, email address", never="contact record"
    ),
    "list_conversations_by_status": Profile(
        "list, find", "conversation", "status, archived", "status, archived", never="count, recent, all, contact, tag"
    ),
    "create_group_conversation": Profile(
        "create, start",
        "conversation",
        "group, user, several, team",
        "group",
        never="contact, email address, note, private",
    ),
    "create_conversation_from_scratch": Profile(
        "create, start",
        "conversation",
        "no message, email address, assign, tag, contact, user",
        "no message",
        never="send",
    ),
    "update_conversation": Profile(
        "update, close, reopen, assign, label, untag",
        "conversation",
        "user, tag, status, one, attribute, contact",
        never="message, note, recent",
    ),
    "delete_conversation": Profile("delete", "conversation", "spam, message", never="tag, note, contact, one message"),
    "get_conversation_transcript": Profile(
        "get",
        "transcript, conversation",
        "transcript, conversation, private, contact",
        "transcript",
        never="json, status, count",
    ),
    "get_conversation_transcript_json": Profile(
        "get, export, download", "transcript, conversation, message", "json, all, export", "json", never="page"
    ),
    "list_messages": Profile(
        "list, get",
        "message, conversation",
        "page, attachment, all, who, contact",
        "message, page, attachment",
        never="event, report, aggregate",
    ),
    "send_message": Profile(
        "send",
        "message, conversation",
        "contact, visible, private, one",
        never="email address, start, driftbot, no message",
    ),
    "download_attachment": Profile("download, get", "attachment", "contact, conversation, message", "attachment"),
    "get_message": Profile("get, find", "message", "one, conversation", never="all, several, private, attachment"),
    "update_message": Profile(
        "update, rename", "message", "label text, one, conversation", "message", never="driftbot, prompt, note"
    ),
    "create_note": Profile(
        "create, record, send", "note", "private, conversation, user, team, message", "note, private", never="close"
    ),
    "get_note": Profile("get, list", "note", "one, private, conversation", "note"),
    "update_note": Profile("update, close, label", "note", "label text, one, private, conversation", "note"),
    "create_contact": Profile(
        "create, record, provision",
        "contact",
        "email address, phone",
        never="tag, raw address, user, conversation, event, note, attribute, account, merge",
    ),
    "get_contact": Profile(
        "get, find", "contact", "one, who, phone", never="email address, external id, several, timeline, conversation"
    ),
    "find_contacts_by_email": Profile(
        "find, get, list",
        "contact",
        "email address, several, who",
        "email address",
        never="raw address, without creating",
    ),
    "find_contacts_by_external_id": Profile(
        "find, get, match", "contact", "external id, who, several", "external id", never="update"
    ),
    "update_contact": Profile(
        "update",
        "contact",
        "phone, attribute, email address, one",
        never="external id, tag, merge, account, user, event",
    ),
    "update_contact_by_external_id": Profile(
        "update", "contact", "external id, attribute, phone", "external id", never="tag, event"
    ),
    "delete_contact": Profile(
        "delete",
        "contact",
        "from views, one",
        never="tag, personal data, forever, account, conversation, email address, attribute",
    ),
    "unsubscribe_emails": Profile("unsubscribe", "email address", "contact, email address", "unsubscribe"),
    "list_contact_attributes": Profile(
        "list, get", "attribute", "custom, contact, all", "attribute", never="update, one, account"
    ),
    "list_contacts": Profile(
        "find, list",
        "contact",
        "criteria, all, tag, attribute",
        never="account, conversation, email address, external id, one, meeting, event",
    ),
    "match_contact_email": Profile(
        "match, find, get", "contact", "email address, without creating, one, who", "email address", never="several"
    ),
    "create_contact_from_email": Profile(
        "create, merge, record", "contact", "raw address, email address", "raw address"
    ),
    "post_timeline_event": Profile(
        "record, create",
        "timeline, event",
        "contact, trial, one",
        "timeline, event, trial",
        never="list, get, conversation",
    ),
    "get_contact_timeline": Profile(
        "get, list", "timeline, event", "contact, one, recent", "timeline", never="conversation"
    ),
    "add_contact_tags": Profile(
        "label, create, update", "tag, contact", "contact, one, several", "contact", never="conversation, rename"
    ),
    "remove_contact_tag": Profile(
        "untag", "tag, contact", "contact, one", "contact", never="conversation, several, site wide"
    ),
    "remove_contact_tags": Profile(
        "untag", "tag, contact", "contact, several, all", "contact", never="conversation, site wide"
    ),
    "list_accounts": Profile(
        "list, find", "account", "all, target account", never="contact, user, team, drift org, one, meeting"
    ),
    "get_account": Profile("get, find", "account", "one, owner, attribute, who", never="contact, team, all"),
    "create_account": Profile("create", "account", "owner, target account", never="contact, user, tag, update"),
    "update_account": Profile(
        "update, assign, rename", "account", "owner, target account, attribute, user", never="team, conversation"
    ),
    "delete_account": Profile("delete", "account", "one", never="contact, tag, user, personal data"),
    "list_company_people": Profile(
        "list, find, get", "account, contact", "works at, all, who", "account", never="looks after, user, email address"
    ),
    "list_company_teams": Profile(
        "list, find, get", "account, team", "looks after, who", "team, looks after", never="contact"
    ),
    "list_users": Profile(
        "list, get, find",
        "user, availability",
        "availability, all, bots included, who, drift org, driftbot, playbook, seat",
        never="scim, seat, one, several, team, contact, role",
    ),
    "get_user": Profile(
        "get, find",
        "user, availability",
        "one, availability, role, timezone, who",
        never="scim, seat, several, team, all",
    ),
    "get_users": Profile(
        "get, find, list", "user", "several, participant, name", "several", never="scim, seat, all, team"
    ),
    "update_user": Profile(
        "update, rename, deactivate",
        "user, availability",
        "availability, name, phone, attachment, email address, timezone",
        never="role, scim, seat, team, conversation",
    ),
    "list_teams": Profile(
        "list, get", "team", "all, user, participant, who, drift org", "team", never="account, looks after, belongs"
    ),
    "list_user_teams": Profile("list, get", "team", "user, belongs, one", "team", never="account, looks after"),
    "list_booked_meetings": Profile(
        "list, get, find",
        "meeting",
        "booked, time, all, recent",
        never="contact, user, meeting search, one, conversation, book, criteria",
    ),
    "list_meetings": Profile(
        "find, list, get",
        "meeting",
        "meeting search, criteria, user, contact, email address, place, participant, all",
        never="one",
    ),
    "get_meeting": Profile("get", "meeting", "one, when where, participant, who", never="several"),
    "create_meeting": Profile(
        "book, create", "meeting", "time, contact, conversation", never="participant, email address"
    ),
    "update_meeting": Profile("reschedule, update, rename", "meeting", "time, place, one, participant", never="cancel"),
    "delete_meeting": Profile("cancel, delete", "meeting", "one", never="participant"),
    "add_meeting_participant": Profile(
        "invite", "meeting, participant", "participant, email address, user, contact, one", "meeting"
    ),
    "list_playbooks": Profile(
        "list, get, find", "playbook", "live, all, count", never="conversation, contact, trigger, prompt"
    ),
    "list_landing_pages": Profile(
        "list, get, find", "landing page", "live, url, all, playbook, conversation", "landing page"
    ),
    "trigger_driftbot": Profile(
        "trigger", "driftbot", "qualify, conversation, contact, playbook, prompt", "driftbot", never="update, list"
    ),
    "update_driftbot_message": Profile(
        "update", "driftbot, prompt", "in flight, label text, conversation, message, contact", "driftbot, prompt"
    ),
    "create_tag": Profile("create", "tag", "tag record, conversation, colour, recolour", never="contact, several"),
    "get_tag": Profile("get", "tag", "tag record, colour, one, conversation, recolour", never="contact, several"),
    "update_tag": Profile(
        "update, rename, recolour, deactivate", "tag", "tag record, colour, conversation, one", never="contact"
    ),
    "delete_tag": Profile("delete", "tag", "tag record, site wide, conversation, one", never="contact"),
    "report_conversations": Profile(
        "report, list, get",
        "metric, conversation",
        "metric, per row, recent, conversation, user",
        "metric, report",
        never="aggregate",
    ),
    "summarize_conversation_metrics": Profile(
        "aggregate",
        "metric, conversation",
        "metric, conversation, driftbot, message, playbook",
        "aggregate",
        never="per row",
    ),
    "get_token_info": Profile("get, match, list", "token, drift org", "validity, app", "token, drift org, validity"),
    "uninstall_app": Profile("uninstall, delete", "app", "forever, token", "app, uninstall"),
    "retrieve_personal_data": Profile(
        "export, get",
        "personal data",
        "owner mail, all, email address, contact",
        "personal data, owner mail",
        never="erase, forever",
    ),
    "delete_personal_data": Profile(
        "erase, delete",
        "personal data",
        "forever, email address, contact",
        "personal data, forever, erase",
        never="from views, owner mail",
    ),
    "list_scim_users": Profile(
        "list, find, get", "scim, user, seat", "filter, all", "scim, seat", never="one, availability, drift org"
    ),
    "get_scim_user": Profile("get, find", "scim, user, seat", "one, role", "scim, seat", never="all"),
    "provision_scim_user": Profile(
        "provision, create",
        "scim, user, seat",
        "left company, employment, role, email address",
        "provision, user, seat",
        never="conversation",
    ),
    "replace_scim_user": Profile(
        "overwrite", "scim, user, seat", "left out cleared, one", "overwrite", never="message, single fields"
    ),
    "update_scim_user": Profile(
        "update, deactivate",
        "scim, user, seat, role",
        "role, keep record, single fields, phone",
        "scim, seat, role, deactivate",
        never="availability",
    ),
    "deprovision_scim_user": Profile(
        "deprovision, delete",
        "scim, user, seat",
        "left company, forever, app",
        "deprovision, scim, seat, user, left company",
        never="personal data, contact",
    ),
    "list_events": Profile(
        "list, get",
        "event",
        "lately, recent, message, conversation, contact, meeting, all",
        "event, lately",
        never="timeline, one",
    ),
}
