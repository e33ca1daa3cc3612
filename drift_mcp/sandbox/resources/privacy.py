"""GDPR: retrieve and delete everything known of an e-mail address (devdocs: gdpr-retrieval, gdpr-deletion).

Drift works on both later; the sandbox deletes at once and mails nobody.
"""

from __future__ import annotations

from starlette.responses import Response

from .. import erasure, fields
from ..http import Call, ask, data, write


def retrieve(call: Call) -> Response:
    """{"email"} -> the export is mailed to the organisation's owner, whoever the address belongs to."""
    fields.email(call.object)
    owner = call.world.org["ownerEmail"]
    message = f"Your data retrieval is processing and will be sent to {owner}"
    return data({"message": message, "sentToEmail": owner})


def delete(call: Call) -> Response:
    """{"email"} -> contacts and users with that address are gone for good, with every trace (see erasure)."""
    email = fields.email(call.object)
    erasure.erase(call.world, email)
    call.world.announce("gdpr_delete_requested", {"email": email})
    return data({"message": "Your delete is processing"})


routes = [
    ask("/gdpr/retrieve", retrieve, "gdpr_read"),
    write("POST", "/gdpr/delete", delete, "gdpr_write"),
]
