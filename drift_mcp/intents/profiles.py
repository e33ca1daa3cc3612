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
        cues="status, recent, inbox, all",
        never="event, criteria, transcript, count, metric, message, one, export",
    ),
    "get_conversation": Profile(
        "get",
        "conversation",
        cues="one, status, participant, who, tag, contact, user",
        never="transcript, message, several, recent, inbox",
    ),
    "create_conversation": Profile(
        "start, create, send",
        "conversation",
        cues="email address, contact, message",
        never="no message, group, user, existing",
    ),
    "get_conversation_stats": Profile(
        "count",
        "conversation",
        cues="status, inbox, all",
        needs="count",
        never="tag, metric, aggregate, message, contact, recent",
    ),
    "search_conversations": Profile(
        "find, list", "conversation", cues="criteria, tag, user, contact, recent, email address"
    ),
    "list_conversations_by_status": Profile(
        "list, find",
        "conversation",
        cues="status, archived",
        needs="status, archived",
        never="count, recent, all, contact, tag",
    ),
    "create_group_conversation": Profile(
        "create, start",
        "conversation",
        cues="group, user, several, team",
        needs="group",
        never="contact, email address, note, private",
    ),
    "create_conversation_from_scratch": Profile(
        "create, start",
        "conversation",
        cues="no message, email address, assign, tag, contact, user",
        needs="no message",
        never="send",
    ),
    "update_conversation": Profile(
        "update, close, reopen, assign, label, untag",
        "conversation",
        cues="user, tag, status, one, attribute, contact",
        never="message, note, recent",
    ),
    "delete_conversation": Profile("delete", "conversation", cues="spam, message", never="tag, note, contact"),
    "get_conversation_transcript": Profile(
        "get",
        "transcript, conversation",
        cues="transcript, conversation, private, contact",
        needs="transcript",
        never="json, status, count",
    ),
    "get_conversation_transcript_json": Profile(
        "get, export, download",
        "transcript, conversation, message",
        cues="json, all, export",
        needs="json",
        never="page",
    ),
    "list_messages": Profile(
        "list, get",
        "message, conversation",
        cues="page, attachment, all, who, contact",
        needs="message, page, attachment",
        never="event, report, aggregate",
    ),
    "send_message": Profile(
        "send",
        "message, conversation",
        cues="contact, visible, private, one",
        never="email address, start, driftbot, no message",
    ),
    "download_attachment": Profile(
        "download, get", "attachment", cues="contact, conversation, message", needs="attachment"
    ),
    "get_message": Profile("get, find", "message", cues="one, conversation", never="all, several, private, attachment"),
    "update_message": Profile(
        "update, rename",
        "message",
        cues="label text, one, conversation",
        needs="message",
        never="driftbot, prompt, note",
    ),
    "create_note": Profile(
        "create, record, send",
        "note",
        cues="private, conversation, user, team, message",
        needs="note, private",
        never="close",
    ),
    "get_note": Profile("get, list", "note", cues="one, private, conversation", needs="note"),
    "update_note": Profile("update, close, label", "note", cues="label text, one, private, conversation", needs="note"),
    "create_contact": Profile(
        "create, record, provision",
        "contact",
        cues="new contact, email address, phone",
        never="tag, raw address, user, conversation, event, note, attribute, account, merge",
    ),
    "get_contact": Profile(
        "get, find",
        "contact",
        cues="one, who, phone",
        never="email address, external id, several, timeline, conversation",
    ),
    "find_contacts_by_email": Profile(
        "find, get, list",
        "contact, email address",
        cues="email address, several, who",
        needs="email address",
        never="raw address, without creating",
    ),
    "find_contacts_by_external_id": Profile(
        "find, get, match", "contact", cues="external id, who, several", needs="external id", never="update"
    ),
    "update_contact": Profile(
        "update",
        "contact",
        cues="phone, attribute, email address, one",
        never="external id, tag, merge, account, user, event",
    ),
    "update_contact_by_external_id": Profile(
        "update", "contact", cues="external id, attribute, phone", needs="external id", never="tag, event"
    ),
    "delete_contact": Profile(
        "delete",
        "contact",
        cues="from views, one",
        never="tag, personal data, forever, account, conversation, email address, attribute",
    ),
    "unsubscribe_emails": Profile("unsubscribe", "email address", cues="contact, email address", needs="unsubscribe"),
    "list_contact_attributes": Profile(
        "list, get", "attribute", cues="custom, contact, all", needs="attribute", never="update, one, account"
    ),
    "list_contacts": Profile(
        "find, list",
        "contact",
        cues="criteria, all, tag, attribute",
        never="account, conversation, email address, external id, one, meeting, event",
    ),
    "match_contact_email": Profile(
        "match, find, get",
        "contact, email address",
        cues="email address, without creating, one, who",
        needs="email address",
        never="several",
    ),
    "create_contact_from_email": Profile(
        "create, merge, record", "contact", cues="raw address, email address", needs="raw address"
    ),
    "post_timeline_event": Profile(
        "record, create",
        "timeline, event",
        cues="contact, trial, one",
        needs="timeline, event, trial",
        never="list, get, conversation",
    ),
    "get_contact_timeline": Profile(
        "get, list", "timeline, event", cues="contact, one, recent", needs="timeline", never="conversation"
    ),
    "add_contact_tags": Profile(
        "label, create, update",
        "tag, contact",
        cues="contact, one, several",
        needs="contact",
        never="conversation, rename",
    ),
    "remove_contact_tag": Profile(
        "untag", "tag, contact", cues="contact, one", needs="contact", never="conversation, several, site wide"
    ),
    "remove_contact_tags": Profile(
        "untag", "tag, contact", cues="contact, several, all", needs="contact", never="conversation, site wide"
    ),
    "list_accounts": Profile(
        "list, find", "account", cues="all, target account", never="contact, user, team, drift org, one, meeting"
    ),
    "get_account": Profile("get, find", "account", cues="one, owner, attribute, who", never="contact, team, all"),
    "create_account": Profile("create", "account", cues="owner, target account", never="contact, user, tag, update"),
    "update_account": Profile(
        "update, assign, rename", "account", cues="owner, target account, attribute, user", never="team, conversation"
    ),
    "delete_account": Profile("delete", "account", cues="one", never="contact, tag, user, personal data"),
    "list_company_people": Profile(
        "list, find, get",
        "account, contact",
        cues="works at, all, who",
        needs="account",
        never="looks after, user, email address",
    ),
    "list_company_teams": Profile(
        "list, find, get", "account, team", cues="looks after, who", needs="team, looks after", never="contact"
    ),
    "list_users": Profile(
        "list, get, find",
        "user, availability",
        cues="availability, all, bots included, who, drift org, driftbot, playbook, seat",
        never="scim, seat, one, several, team, contact, role",
    ),
    "get_user": Profile(
        "get, find",
        "user, availability",
        cues="one, availability, role, timezone, who",
        never="scim, seat, several, team, all",
    ),
    "get_users": Profile(
        "get, find, list", "user", cues="several, participant, name", needs="several", never="scim, seat, all, team"
    ),
    "update_user": Profile(
        "update, rename, deactivate",
        "user, availability",
        cues="availability, name, phone, attachment, email address, timezone",
        never="role, scim, seat, team, conversation",
    ),
    "list_teams": Profile(
        "list, get",
        "team",
        cues="all, user, participant, who, drift org",
        needs="team",
        never="account, looks after, belongs",
    ),
    "list_user_teams": Profile(
        "list, get", "team", cues="user, belongs, one", needs="team", never="account, looks after"
    ),
    "list_booked_meetings": Profile(
        "list, get, find",
        "meeting",
        cues="booked, time, all, recent",
        never="contact, user, meeting search, one, conversation, book, criteria",
    ),
    "list_meetings": Profile(
        "find, list, get",
        "meeting",
        cues="meeting search, criteria, user, contact, email address, place, participant, all",
        never="one",
    ),
    "get_meeting": Profile("get", "meeting", cues="one, when where, participant, who", never="several"),
    "create_meeting": Profile(
        "book, create", "meeting", cues="time, contact, conversation", never="participant, email address"
    ),
    "update_meeting": Profile(
        "reschedule, update, rename", "meeting", cues="time, place, one, participant", never="cancel"
    ),
    "delete_meeting": Profile("cancel, delete", "meeting", cues="one", never="participant"),
    "add_meeting_participant": Profile(
        "invite", "meeting, participant", cues="participant, email address, user, contact, one", needs="meeting"
    ),
    "list_playbooks": Profile(
        "list, get, find", "playbook", cues="live, all, count", never="conversation, contact, trigger, prompt"
    ),
    "list_landing_pages": Profile(
        "list, get, find", "landing page", cues="live, url, all, playbook, conversation", needs="landing page"
    ),
    "trigger_driftbot": Profile(
        "trigger",
        "driftbot",
        cues="qualify, conversation, contact, playbook, prompt",
        needs="driftbot",
        never="update, list",
    ),
    "update_driftbot_message": Profile(
        "update",
        "driftbot, prompt",
        cues="in flight, label text, conversation, message, contact",
        needs="driftbot, prompt",
    ),
    "create_tag": Profile("create", "tag", cues="tag record, conversation, colour, recolour", never="contact, several"),
    "get_tag": Profile("get", "tag", cues="tag record, colour, one, conversation, recolour", never="contact, several"),
    "update_tag": Profile(
        "update, rename, recolour, deactivate", "tag", cues="tag record, colour, conversation, one", never="contact"
    ),
    "delete_tag": Profile("delete", "tag", cues="tag record, site wide, conversation, one", never="contact"),
    "report_conversations": Profile(
        "report, list, get",
        "metric, conversation",
        cues="metric, per row, recent, conversation, user",
        needs="metric, report",
        never="aggregate",
    ),
    "summarize_conversation_metrics": Profile(
        "aggregate",
        "metric, conversation",
        cues="metric, conversation, driftbot, message, playbook",
        needs="aggregate",
        never="per row",
    ),
    "get_token_info": Profile(
        "get, match, list", "token, drift org", cues="validity, app", needs="token, drift org, validity"
    ),
    "uninstall_app": Profile("uninstall, delete", "app", cues="forever, token", needs="app, uninstall"),
    "retrieve_personal_data": Profile(
        "export, get",
        "personal data",
        cues="owner mail, all, email address, contact",
        needs="personal data, owner mail",
        never="erase, forever",
    ),
    "delete_personal_data": Profile(
        "erase, delete",
        "personal data",
        cues="forever, email address, contact",
        needs="personal data, forever, erase",
        never="from views, owner mail",
    ),
    "list_scim_users": Profile(
        "list, find, get",
        "scim, user, seat",
        cues="filter, all",
        needs="scim, seat",
        never="one, availability, drift org",
    ),
    "get_scim_user": Profile("get, find", "scim, user, seat", cues="one, role", needs="scim, seat", never="all"),
    "provision_scim_user": Profile(
        "provision, create",
        "scim, user, seat",
        cues="left company, employment, role, email address",
        needs="provision, user, seat",
        never="conversation",
    ),
    "replace_scim_user": Profile(
        "overwrite", "scim, user, seat", cues="left out cleared, one", needs="overwrite", never="message, single fields"
    ),
    "update_scim_user": Profile(
        "update, deactivate",
        "scim, user, seat, role",
        cues="role, keep record, single fields, phone",
        needs="scim, seat, role, deactivate",
        never="availability",
    ),
    "deprovision_scim_user": Profile(
        "deprovision, delete",
        "scim, user, seat",
        cues="left company, forever, app",
        needs="deprovision, scim, seat, user, left company",
        never="personal data, contact",
    ),
    "list_events": Profile(
        "list, get",
        "event",
        cues="lately, recent, message, conversation, contact, meeting, all",
        needs="event, lately",
        never="timeline, one",
    ),
}
