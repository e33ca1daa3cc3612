"""Tags for conversations. Known from third-party catalogues."""

from typing import Annotated

from pydantic import Field

from drift_mcp.fields import Id, Line, OurText, Word
from drift_mcp.operation import (
    Access,
    CatalogueRequest,
    Changed,
    Gone,
    Look,
    LookUp,
    LostAnswer,
    Operation,
    Provenance,
    Result,
    Target,
    Untold,
)
from drift_mcp.operations import Change, Done, said_ok

Color = Annotated[str, Field(pattern="^[0-9A-Fa-f]{6}$")]


class Tag(Result):
    id: int | None = None
    name: OurText | None = None
    color: Word | None = None
    description: OurText | None = None
    enabled: bool | None = None


class TagId(CatalogueRequest):
    tag_id: Id = Field(alias="tagId", description="Tag id.")


class TagFields(CatalogueRequest):
    name: Line | None = Field(None, description="Name; unique.")
    color: Color | None = Field(None, description="Hex, e.g. 0960C5.")
    description: Line | None = Field(None, description="What it is for.")
    enabled: bool | None = Field(None, description="false: not offered.")
    background_mode: bool | None = Field(None, description="true: nobody is notified.")


class CreateTag(TagFields):
    name: Line = Field(description="Name; unique.")


class UpdateTag(Change, TagFields, TagId):
    pass


OPERATIONS = [
    Operation(
        name="create_tag",
        title="Create a tag",
        summary="Create a tag that conversations can carry.",
        guidance="To put it on a conversation use update_conversation.",
        intents=(
            "create a new conversation tag",
            "define a tag called pricing",
            "add a label for reporting",
        ),
        alternative="tags are made in Drift itself; contacts carry attributes, see update_contact",
        method="POST",
        path="/tags",
        toolset="tags",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Untold("a tag of this name cannot be created twice; update_conversation can put it on a conversation"),
        request=CreateTag,
        result=Tag,
    ),
    Operation(
        name="get_tag",
        title="Get a tag",
        summary="One conversation tag by id.",
        intents=(
            "show tag 12",
            "what is this tag for",
            "color and description of a tag",
        ),
        alternative="get_conversation shows the names and colours of a conversation's tags",
        method="GET",
        path="/tags/{tagId}",
        toolset="tags",
        scope="conversation_read",
        access=Access.READ,
        provenance=Provenance.CATALOGUE,
        request=TagId,
        result=Tag,
    ),
    Operation(
        name="update_tag",
        title="Update a tag",
        summary="Rename, recolour, describe, enable or disable a conversation tag.",
        intents=(
            "rename a tag",
            "change the color of a tag",
            "disable a conversation tag",
        ),
        alternative="tags are changed in Drift itself",
        method="PATCH",
        path="/tags/{tagId}",
        toolset="tags",
        scope="conversation_write",
        access=Access.WRITE,
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_tag", {"tag_id": "tag_id"})),
        request=UpdateTag,
        result=Tag,
    ),
    Operation(
        name="delete_tag",
        title="Delete a tag",
        summary="Delete a conversation tag; it leaves every conversation that carries it.",
        guidance="To only stop its use: update_tag with enabled false.",
        intents=(
            "delete a conversation tag",
            "remove the tag everywhere",
            "clean up unused tags",
        ),
        alternative="tags are deleted in Drift itself",
        method="DELETE",
        path="/tags/{tagId}",
        toolset="tags",
        scope="conversation_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Delete tag {tag_id} everywhere",
            (LookUp("get_tag", by="tag_id", shows=("name",)),),
        ),
        provenance=Provenance.CATALOGUE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_tag", {"tag_id": "tag_id"})),
        request=TagId,
        result=Done,
        unwrap=said_ok,
    ),
]
