"""Personal data: retrieval and erasure, for apps of the same organisation (devdocs: gdpr-retrieval, gdpr-deletion)."""

from pydantic import Field

from drift_mcp.fields import Email, OurText
from drift_mcp.operation import Access, Gone, Look, LookUp, LostAnswer, Operation, Request, Result, Target, Untold


class Person(Request):
    email: Email = Field(description="Whose data.")


class Started(Result):
    message: OurText | None = None
    sent_to_email: OurText | None = Field(None, description="Who gets the export.")


OPERATIONS = [
    Operation(
        name="retrieve_personal_data",
        title="Retrieve personal data",
        summary="Have Drift collect all data of one person and mail it to the organisation's owner.",
        guidance="The data does not come back here. To read a contact use find_contacts_by_email.",
        intents=(
            "answer a GDPR access request",
            "export all personal data we hold on someone",
            "data subject access request for jane@acme.example",
        ),
        method="POST",
        path="/gdpr/retrieve",
        toolset="privacy",
        scope="gdpr_read",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Untold("the organisation's owner gets a mail when Drift has collected the data"),
        request=Person,
        result=Started,
    ),
    Operation(
        name="delete_personal_data",
        title="Erase personal data",
        summary="Erase for ever every contact and user with this address, and all their data. It cannot be undone.",
        guidance="To only remove a contact from view use delete_contact.",
        intents=(
            "erase all personal data of this person",
            "GDPR right to be forgotten request",
            "permanently wipe somebody's data",
        ),
        method="POST",
        path="/gdpr/delete",
        toolset="privacy",
        scope="gdpr_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Erase everything Drift has of {email}, contacts and users alike",
            (LookUp("find_contacts_by_email", by="email", shows=("id", "name")),),
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("find_contacts_by_email", {"email": "email"}), at_once=False),
        request=Person,
        result=Started,
        dangerous=True,
    ),
]
