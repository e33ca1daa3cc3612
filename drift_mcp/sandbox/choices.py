"""Everything Drift's documentation leaves open, decided in one place, each with its reason.

A fact that Drift documents is not here but beside the code that serves it. When real behaviour becomes known,
this is the file to correct. Standard library only, so that importing a constant costs nothing.
"""

# Not a secret: the well-known bearer of a local Drift that holds invented data only.
SANDBOX_TOKEN = "sandbox-token-not-secret"  # noqa: S105

# The one app installed in the sandbox's organisation; needed for OAuth and POST /app/uninstall. Not secrets either.
SANDBOX_APP_NAME = "Sandbox app"
SANDBOX_CLIENT_ID = "sandbox-client-id"
SANDBOX_CLIENT_SECRET = "sandbox-client-secret-not-secret"  # noqa: S105

# Drift names no scope for SCIM (an identity provider brings its own token). A scope of its own keeps
# "may provision users" apart from user_write.
SCIM_SCOPE = "scim"

ALL_SCOPES = (
    "contact_read",
    "contact_write",
    "all_contact_read",
    "conversation_read",
    "conversation_write",
    "user_read",
    "user_write",
    "account_read",
    "account_write",
    "playbook_read",
    "gdpr_read",
    "gdpr_write",
    SCIM_SCOPE,
)

# --- Authentication and errors ------------------------------------------------------------------------------

# Docs give 403 for authentication_error, every client also handles 401: 401 for a bad or missing token
# (nobody is there), 403 for a missing scope (somebody is, but may not).
BAD_TOKEN_STATUS = 401
MISSING_SCOPE_STATUS = 403
# Drift's table of error types has no word for 405; validation_error is the one that says "your request is
# wrong".
METHOD_NOT_ALLOWED_TYPE = "validation_error"
# An id in a path that is no number names nothing: JAX-style services, as Drift's, answer 404 rather than 400.
# Longer than an int64 can be: cannot be one of Drift's ids.
MAX_ID_DIGITS = 19
# Wrong clientId/clientSecret on uninstall: the caller is known but proves nothing about the app.
BAD_CLIENT_STATUS = 403
# Uninstalling kills every token of the app, the documented calling one among them: afterwards it is not installed.
# `expires_in` of token_info is the whole life of the token from `created_at` on, in ms (0: until revoked): "typically
# 2 hours" say the docs, which what is left of it would seldom be.

# --- OAuth --------------------------------------------------------------------------------------------------

ACCESS_TOKEN_SECONDS = 7200  # devdocs: get-token-information, "typically 2 hours"
# No life of a code is documented: RFC 6749, 4.1.2 has ten minutes at most. The same for the page's question.
CODE_SECONDS = CONSENT_SECONDS = 600
# No refusal of the token endpoint is documented: RFC 6749, 5.2 ({"error": "invalid_grant", …}, 400), which is what
# OAuth libraries read.
BAD_OAUTH_CLIENT_STATUS = 401
# A refresh token has no end of its own. Once used it is dead, and nothing else happens if somebody uses it again. The
# access token of before lives until its time is over. A `redirect_uri` sent with a code has to be the code's own.
# The JSON of 2018 is answered with the three fields that its clients read.

# --- Rate limits --------------------------------------------------------------------------------------------

# A partner describes a leaky bucket without numbers; 60/min for reports is documented. Off unless a number is given,
# as a limit in the way of every test would teach nothing. The bucket holds what drains in a minute.
REPORTS_PER_MINUTE = 60  # devdocs: conversation-reporting

# --- Paging -------------------------------------------------------------------------------------------------

# A size beyond the maximum is cut to it: published clients send size=100 to /accounts (maximum 65) and work.
CONVERSATIONS_DEFAULT, CONVERSATIONS_MAX = 25, 100  # devdocs: list-conversations
ACCOUNTS_DEFAULT, ACCOUNTS_MAX = 10, 65
MEETINGS_DEFAULT, MEETINGS_MAX = 100, 1000
MESSAGES_PAGE = 50
# No page size is documented for GET /contacts?email=.
CONTACTS_DEFAULT, CONTACTS_MAX = 25, 100
# The Link header's cursor has no documented name; `next` is what Drift's older pages use elsewhere.
CONTACTS_CURSOR = "next"
# The list answer to POST …/messages ends with the newest message; one page of them keeps a long conversation
# cheap.
POSTED_MESSAGES_SHOWN = MESSAGES_PAGE
# 30 days back (devdocs: get-booked-meetings); older slots are left out, not refused.
MEETINGS_FLOOR_MS = 30 * 24 * 3600 * 1000
# RFC 7644 leaves the default page to the server.
SCIM_COUNT_DEFAULT = 100

# --- Contacts -----------------------------------------------------------------------------------------------

# "An error" say the docs; the Go client maps 409 to "possibly already exists". The type stays within Drift's
# table.
DUPLICATE_STATUS = 409
DUPLICATE_TYPE = "validation_error"
# devdocs: creating-a-contact shows 4 right after creation.
FIRST_CONTACT_VERSION = 4
# Drift keeps these itself; a client that sends them back (read, change, write) is not refused, they are
# ignored.
MANAGED_ATTRIBUTES = frozenset(
    {"_END_USER_VERSION", "_end_user_version", "_calculated_version", "external_id", "start_date"}
)
# Attributes that hold more than a plain value; all others take text, number or boolean (custom attribute
# types).
STRUCTURED_ATTRIBUTES = frozenset({"socialProfiles", "events", "tags"})
# E-mail addresses are compared without case, as every mail system does in practice.

# The colour that Drift's own examples show for a tag without one.
DEFAULT_TAG_COLOR = "0960C5"

# No answer is documented for the legacy tag calls: adding answers the contact's tags under `data`, removing
# answers Drift's usual {"result":"OK","ok":true}. Removing one tag that is not there is 404, in bulk it is
# passed over.
# GET /contacts without a filter: listing everybody is not offered, so it is 400 rather than an empty list.
# GET /contacts/{id} after DELETE: 404, as the contact is out of view. Its e-mail address is free again.

# --- Conversations and messages -----------------------------------------------------------------------------

# devdocs: message-model, and its v1.3 edition for the last three.
MESSAGE_TYPES = ("chat", "private_note", "private_prompt", "suggestion", "edit")

# An edit changes the message it names and leaves no message of its own. Only messages written by users can be
# edited.
# An agent's message does not reopen a closed conversation (only the contact's does); who chats becomes a
# participant.
# POST /conversations/new always starts a conversation of its own, written by the bot, the default author of
# the API.

# Zone of the transcript's times: the official sample prints PDT. Without zone data on the machine: UTC.
TRANSCRIPT_ZONE = "America/Los_Angeles"
# The transcript is the agents' view: private notes are in it. Every author on Drift's side is marked, as the
# sample's "Bot (Agent)"; a visitor without name and e-mail address is "site visitor".
TRANSCRIPT_AGENT_MARK = " (Agent)"
TRANSCRIPT_UNKNOWN_VISITOR = "site visitor"
# The closing time is not in the conversation model: without a recorded one, a closed conversation counts as
# closed when it last changed.

# --- Accounts -----------------------------------------------------------------------------------------------

# Only ownerId is documented as required; an account without a domain gets an id that ends in "_".
# Custom properties of an update are merged by name; a deleted account's domain is free again; deleting twice
# is fine.

# --- Users and SCIM -----------------------------------------------------------------------------------------

# A user whose SCIM `active` is false has lost the seat: gone from /users and /teams, still listed by SCIM.
# A deprovisioned (DELETE) user is gone everywhere. Bots cannot be deprovisioned: they are the API's default
# author.
# SCIM status codes follow RFC 7644, as Drift documents none.
SCIM_CREATED, SCIM_DELETED, SCIM_DUPLICATE = 201, 204, 409

# --- Reports ------------------------------------------------------------------------------------------------

# Only BOT_ONLY is seen in the docs; the other two complete the picture.
BOT_ONLY, BOT_AND_AGENT, NO_BOT = "BOT_ONLY", "BOT_AND_AGENT", "NO_BOT"
# Private notes count for nobody. A conversation without a message of the contact has waited since it began.
# A date as the end of BETWEEN includes that whole day, UTC. Conversations come in the order they began.
# Only AVG is seen in the official SDK; its answer is unknown and is
# {"count": n, "data": [{"type", "property", "value"}]} here.
SUMMARY_TYPES = ("AVG", "SUM", "MIN", "MAX", "COUNT")

# --- Ids ----------------------------------------------------------------------------------------------------

# Where a table that the seed left empty begins; sizes as in Drift's own examples.
FIRST_IDS = {
    "contacts": 15_811_408_545,
    "conversations": 852_054_512,
    "messages": 9_100_000_001,
    "users": 338_420,
    "accounts": 123_459,
    "tokens": 1_234_567_891,
}
# Conversations started through the API land in the org's one inbox; used only if the seed has no
# conversation.
DEFAULT_INBOX_ID = 116_983

# --- What only third-party catalogues name ------------------------------------------------------------------

# No official page confirms any of it (drift-api.md, 10). It is served under a prefix of its own, so that nobody
# mistakes it for Drift's documented API; requests are in the catalogue's snake_case, answers in Drift's models.
# A call that no catalogue names is 404 there, also where its path exists with another method.
CATALOGUE_PREFIX = "/v2"
# One shape for every list: {"data": […], "pagination": {"more": true, "next": "…"}}, `pagination` absent at the
# end, as in Drift's older pages; sizes as in its newer ones.
CATALOGUE_PAGE_DEFAULT, CATALOGUE_PAGE_MAX = 25, 100
LATEST_MOMENT = 253_402_300_799_999  # the last millisecond of the year 9999
# A thing named in the body (user, playbook, message) that does not exist is 400, one named in the path is 404.
# A PATCH that changes nothing is 400. `background_mode` means that nobody is notified: nothing is announced.
# Lists in a change replace the old ones; custom attributes are merged, null takes one away.

# Conversations. `archived` means closed: Drift has no archive. In a list by status, archived=false leaves the
# closed ones out and true keeps them in. `direction`: who wrote the first chat message; without one there is no
# direction. `last_activity_at` counts every message and change, `last_message_sent_at` chat messages only.
# `member_count` counts the participants and the contact. A chat has no subject of its own: `reply_subject`
# looks at the title. `integration` is the `integrationSource` of a message. Texts are compared without case and
# as parts; labels, tags and addresses as a whole.
# A conversation among users only has no contactId, in the documented lists neither.
# The assigned user becomes a participant. A tag name nobody has used is created as a tag; a disabled one works.
# A deleted conversation is gone for every call but a search with deleted=true, and so are its messages,
# attachments and events; meetings stay booked.

# Messages and notes. Only what our side wrote can be rewritten; labels can be put on any message.
# A note is a private note in the conversation with some more to it, under the same id: so it is in the
# transcript, in the documented list, and never in the visitor's view. A private note sent the documented way can
# be read and changed as a note too.
NOTE_TYPES = ("note", "call", "email", "meeting")
# `createdAt` is what the caller says, else when the caller's system wrote it (`client_created_at`), else now.

# Erasing an address takes whole conversations with its contacts, what agents wrote in them too: nobody can say what
# of it is not about the person. The address of the organisation's owner stays with the organisation itself.

# Driftbot. Without an action_id the playbook that is called like this runs, else the first enabled one.
WELCOME_PLAYBOOK = "welcome"
# A flow asks a question or two and closes; which ones depends on the playbook's reportType (see driftbot_flow).
# An answer is kept as a contact attribute. A `payload` may bring the first words (`body`) and answers already
# known, by attribute name: those questions are left out. A colleague who writes in the chat ends the flow.

# Contacts. Labels and workflows belong to conversations; a contact has those of its conversations, and those
# named in its own attributes `labels` (text, comma-separated) and `workflow_id`.

# Companies are accounts. Somebody works there whose address has the account's domain, or whose attributes name
# the account in one of these. `active` people were seen or written to lately, `active` teams are not archived.
COMPANY_ATTRIBUTES = ("employment_name", "company", "company_name", "account", "accountId", "account_id")
ACTIVE_WITHIN_MS = 30 * 24 * 3600 * 1000

# Meetings. Canceled ones are not listed, unless asked for by id. Two meetings of one host may not overlap (409).
# `direction`: inbound where the visitor booked in the widget. Participants are contacts, the first one is the
# conversation's; an unknown address becomes a contact. A participant removed from view as a contact is not shown.
MEETING_SOURCE = "API"
MEETING_TYPE = "New Meeting"
MOST_MINUTES = 24 * 60

# Webhooks. Retries, order and repetition are undocumented: by default each event comes once, in order, and a refused
# one is tried again a few times while the later ones wait. An overtaken event waits for the later ones so long:
WEBHOOK_HOLD_SECONDS = 0.5
WEBHOOK_TIMEOUT_SECONDS = 10.0
SANDBOX_WEBHOOK_TOKEN = "sandbox-verification-token-not-secret"  # noqa: S105
# Unknown payloads: a push tells only the conversation; a closed conversation is pushed by hand, as the documentation
# has it. A visitor who writes what a button of the message before says has clicked it; the payload is that message.
# An unknown address given in the chat identifies its contact. A change of a meeting that is neither of the two
# documented ones is not announced. Nothing else in a visitor's words is recognised: phone_captured, and what only
# people in Drift's web app or time cause, is announced by the admin API.

# Events: what the webhooks would tell, kept in a log. At the start the latest of the seed are in it.
EVENTS_KEPT = 1000
EVENTS_OF_THE_SEED = 300
# The catalogue names no scope: any token may ask, but sees only events whose webhook it could receive.
