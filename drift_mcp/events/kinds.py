"""The types of event that Drift tells of, and what its data says about each (drift-api.md §7.2).

Their models, tolerant of new fields, are in `drift_mcp.events.models`. A type that is not known here is kept as it is.
"""

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of one type.

    `when` is the field of its data that has the moment it happened, in epoch milliseconds; "" where there is none.
    `identity` are the fields that make two of them the same event; () where only the whole data can. `contact` is the
    field with the contact's id, where that is not the author or `contactId`.
    """

    when: str = ""
    identity: tuple[str, ...] = ()
    conversation: str = "conversationId"
    contact: str = "contactId"


STATUS = "conversation_status_updated"
ERASURE = "gdpr_delete_requested"

_MESSAGE = Kind("createdAt", ("conversationId", "id", "createdAt"))
_ABOUT_CONTACT = Kind(contact="id")
_MEETING = Kind("scheduledAt", contact="schedulerId")
_PARTICIPANTS = Kind("changedAt")

KINDS = {
    "contact_identified": _ABOUT_CONTACT,
    "contact_updated": Kind("timestamp", contact="endUserId"),
    "new_message": _MESSAGE,
    "new_command_message": _MESSAGE,
    # As it was when it began: what it has become since, in a later delivery or a listing, makes it no other.
    "new_conversation": Kind("createdAt", ("id", "createdAt"), conversation="id"),
    "conversation_inactive": Kind("lastUpdated"),
    "conversation_manual_push": Kind(),
    "conversation_push": Kind(),
    "conversation_participant_added": _PARTICIPANTS,
    "conversation_participant_removed": _PARTICIPANTS,
    # Like a message, whose time may be when the button was shown.
    "button_clicked": Kind(),
    "phone_captured": Kind(),
    "new_meeting": _MEETING,
    # Its scheduledAt is that of the booking, so a change back and forth looks the same.
    "meeting_updated": Kind(contact="schedulerId"),
    "meeting_booked": _MEETING,
    "playbook_goal_met": Kind(),
    "user_availability_updated": Kind("updatedAt"),
    "user_unsubscribed": _ABOUT_CONTACT,
    "user_unsubscribe": _ABOUT_CONTACT,
    "chat_to_call": Kind(),
    ERASURE: Kind(),
    "app_disconnected": Kind(),
    STATUS: Kind("changedAt", ("conversationId", "status", "changedAt")),
    "button_action": Kind(),
}
UNKNOWN = Kind()
_ALIKE = 0.9
"""Below this, names that Drift may add some day would be taken for a slip: contact_created, meeting_cancelled."""


def kind_of(type_name: str) -> Kind:
    """What is known of a type."""
    return KINDS.get(type_name, UNKNOWN)


def meant_by(type_name: str) -> str | None:
    """The documented type that one nobody knows is a slip of the pen for: a letter or two, capitals, blanks."""
    plain = type_name.lower().replace("-", "_").replace(" ", "_")
    return next(iter(get_close_matches(plain, KINDS, n=1, cutoff=_ALIKE)), None)
