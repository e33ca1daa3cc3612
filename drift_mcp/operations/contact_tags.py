"""Tags of contacts, from Drift's own Python SDK; the documentation replaced them by attributes."""

from typing import Annotated, Any

from pydantic import Field

from drift_mcp.fields import Id, Line, PathText
from drift_mcp.operation import Access, Changed, Gone, Look, LookUp, LostAnswer, Operation, Request, Target
from drift_mcp.operations import Done, said_ok


class AddTags(Request):
    contact_id: Id = Field(description="Contact id.")
    tags: Annotated[list[Line], Field(min_length=1, max_length=50)] = Field(description="Tag names.")
    color: Annotated[str | None, Field(pattern="^[0-9A-Fa-f]{6}$")] = Field(None, description="Hex, e.g. 0960C5.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        color = {"color": self.color} if self.color else {}
        return [{"name": name} | color for name in self.tags]

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"tags": body}


class RemoveTag(Request):
    contact_id: Id = Field(description="Contact id.")
    tag_name: PathText = Field(description="Tag name.")


class RemoveTags(Request):
    contact_id: Id = Field(description="Contact id.")
    tags: Annotated[list[Line], Field(min_length=1, max_length=50)] = Field(description="Tag names.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        return fields["tags"]


OPERATIONS = [
    Operation(
        name="add_contact_tags",
        title="Tag a contact",
        summary="Put tags on a contact. Drift's documentation replaced contact tags by attributes.",
        intents=(
            "tag this contact as VIP",
            "add a label to the lead",
            "put tags on a person",
        ),
        method="POST",
        path="/contacts/{contactId}/tags",
        toolset="contacts",
        scope="contact_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_contact", {"contact_id": "contact_id"}, ("tags",)), adds=True),
        request=AddTags,
        result=Done,
        unwrap=said_ok,
    ),
    Operation(
        name="remove_contact_tag",
        title="Remove a tag from a contact",
        summary="Take one tag off a contact.",
        guidance="Several at once: remove_contact_tags.",
        intents=(
            "untag this contact",
            "remove the VIP tag from a lead",
            "take a label off a person",
        ),
        method="DELETE",
        path="/contacts/{contactId}/tags/{tagName}",
        toolset="contacts",
        scope="contact_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Take the tag {tag_name} off contact {contact_id}",
            (LookUp("get_contact", by="contact_id", shows=("name", "email")),),
            "It can be put on again.",
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_contact", {"contact_id": "contact_id"}), without={"tags": "tag_name"}),
        request=RemoveTag,
        result=Done,
        unwrap=said_ok,
    ),
    Operation(
        name="remove_contact_tags",
        title="Remove tags from a contact",
        summary="Take several tags off a contact at once.",
        intents=(
            "remove all these tags from the contact",
            "clear several labels of a lead",
            "bulk untag a person",
        ),
        method="POST",
        path="/contacts/{contactId}/tags/delete/_bulk",
        toolset="contacts",
        scope="contact_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Take the tags {tags} off contact {contact_id}",
            (LookUp("get_contact", by="contact_id", shows=("name", "email")),),
            "They can be put on again.",
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_contact", {"contact_id": "contact_id"}), without={"tags": "tags"}),
        request=RemoveTags,
        result=Done,
        unwrap=said_ok,
    ),
]
