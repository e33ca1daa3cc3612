"""Provisioning of users by SCIM 2.0 (devdocs: user-schema, searching, updating). Paid plans only."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from drift_mcp.fields import Email, Line, OurText, PathText, Word
from drift_mcp.operation import (
    Access,
    Changed,
    Gone,
    ListRequest,
    Look,
    LookUp,
    LostAnswer,
    Made,
    Operation,
    Request,
    Result,
    Target,
    as_is,
)
from drift_mcp.operations import Change, Done, said_ok

CORE_SCHEMA = "urn:scim:schemas:core:2.0"
"""As Drift's documentation prints it for requests; its answers carry the longer standard name."""
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def _values(entries: Any) -> Any:
    """The `value`s of a SCIM multi-valued attribute."""
    if not isinstance(entries, list):
        return entries
    return [entry["value"] for entry in entries if isinstance(entry, dict) and entry.get("value")]


def _full_name(name: Any) -> Any:
    return name.get("formatted") if isinstance(name, dict) else name


class ScimUser(Result):
    id: Word | None = Field(None, description="The Drift user id, as text.")
    user_name: OurText | None = Field(None, description="The e-mail address.")
    display_name: OurText | None = None
    name: Annotated[OurText | None, BeforeValidator(_full_name)] = None
    active: bool | None = None
    emails: Annotated[list[OurText] | None, BeforeValidator(_values)] = None
    phone_numbers: Annotated[list[OurText] | None, BeforeValidator(_values)] = None
    roles: Annotated[list[OurText] | None, BeforeValidator(_values)] = None
    photos: Annotated[list[Any] | None, Field(exclude=True)] = None
    schemas: Annotated[list[str] | None, Field(exclude=True)] = None


class ListScimUsers(ListRequest):
    filter: Line | None = Field(None, description='SCIM filter, e.g. userName eq "jo@acme.example".')


class ScimUserId(Request):
    id: PathText = Field(description="SCIM id (the user id).")


class ScimFields(Request):
    """What can be set on a user, flat; SCIM's nesting is made here."""

    display_name: Line | None = Field(None, description="Shown name.")
    given_name: Line | None = Field(None, description="First name.")
    family_name: Line | None = Field(None, description="Last name.")
    role: Literal["ADMIN", "MEMBER"] | None = Field(None, description="Role; or role_ids.")
    role_ids: Annotated[list[int] | None, Field(max_length=20)] = Field(None, description="Role ids (Enterprise).")
    phone: Line | None = Field(None, description="Phone number.")
    locale: Line | None = Field(None, description="e.g. en_US.")
    active: bool | None = Field(None, description="false: no access.")

    def attributes(self) -> dict[str, Any]:
        """The fields that are set, as SCIM attributes."""
        name = {"givenName": self.given_name, "familyName": self.family_name}
        named = {part: value for part, value in name.items() if value is not None}
        if len(named) == len(name):
            named["formatted"] = f"{self.given_name} {self.family_name}"
        found = {
            "displayName": self.display_name,
            "name": named or None,
            "roles": [{"value": self.role, "display": self.role, "primary": True}] if self.role else None,
            "role-ids": self.role_ids,
            "phoneNumbers": [{"value": self.phone, "display": self.phone, "primary": True}] if self.phone else None,
            "locale": self.locale,
            "active": self.active,
        }
        return {attribute: value for attribute, value in found.items() if value is not None}

    def as_record(self, body: Any) -> dict[str, Any]:
        return self.attributes()


class ProvisionScimUser(ScimFields):
    user_name: Email = Field(description="E-mail address.")
    display_name: Line = Field(description="Shown name.")

    def to_body(self, fields: dict[str, Any]) -> Any:
        emails = [{"value": self.user_name, "primary": True}]
        return {"schemas": [CORE_SCHEMA], "userName": self.user_name, "emails": emails, **self.attributes()}

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"email": self.user_name, "userName": self.user_name, **self.attributes()}


class ReplaceScimUser(ProvisionScimUser):
    id: PathText = Field(description="SCIM id (the user id).")

    def as_record(self, body: Any) -> dict[str, Any]:
        return {"userName": self.user_name, **self.attributes()}


class UpdateScimUser(ScimFields, Change):
    id: PathText = Field(description="SCIM id (the user id).")

    def to_body(self, fields: dict[str, Any]) -> Any:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in self.attributes().items()]
        return {"schemas": [PATCH_SCHEMA], "Operations": operations}


def resources_of(body: Any) -> Any:
    return body.get("Resources", []) if isinstance(body, dict) else body


OPERATIONS = [
    Operation(
        name="list_scim_users",
        title="List provisioned users",
        summary="The organisation's users as SCIM knows them, optionally filtered.",
        guidance="For availability and routing use list_users.",
        intents=(
            "list users for provisioning",
            "find the SCIM user with this email",
            "which seats are provisioned",
        ),
        method="GET",
        path="/scim/Users",
        toolset="scim",
        scope="scim",
        access=Access.READ,
        request=ListScimUsers,
        result=ScimUser,
        unwrap=resources_of,
        many=True,
        paging="start_index",
        page_size=("count", 100),
    ),
    Operation(
        name="get_scim_user",
        title="Get a provisioned user",
        summary="One user as SCIM knows them: e-mail, role, whether active.",
        intents=(
            "show the SCIM record of a user",
            "is this seat active",
            "provisioning details of user 2180056",
        ),
        method="GET",
        path="/scim/Users/{id}",
        toolset="scim",
        scope="scim",
        access=Access.READ,
        request=ScimUserId,
        result=ScimUser,
        unwrap=as_is,
    ),
    Operation(
        name="provision_scim_user",
        title="Provision a user",
        summary="Give a person a seat in Drift.",
        intents=(
            "add a new colleague to Drift",
            "provision a seat for jo@acme.example",
            "create a Drift user account for an employee",
        ),
        method="POST",
        path="/scim/Users",
        toolset="scim",
        scope="scim",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made(
            (Look("list_users", same=("email",)), Look("get_scim_user", {"id": "id"}, ("display_name",))),
        ),
        request=ProvisionScimUser,
        result=ScimUser,
        unwrap=as_is,
    ),
    Operation(
        name="replace_scim_user",
        title="Replace a provisioned user",
        summary="Overwrite a user's SCIM record; what is left out is cleared.",
        guidance="To change single fields use update_scim_user.",
        intents=(
            "overwrite the SCIM record of a user",
            "replace all provisioning data of a user",
            "full sync of a user from the identity provider",
        ),
        method="PUT",
        path="/scim/Users/{id}",
        toolset="scim",
        scope="scim",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_scim_user", {"id": "id"})),
        request=ReplaceScimUser,
        result=ScimUser,
        unwrap=as_is,
    ),
    Operation(
        name="update_scim_user",
        title="Update a provisioned user",
        summary="Change single fields of a user: name, role, phone, whether active.",
        guidance="Alias or availability: update_user.",
        intents=(
            "make this user an admin",
            "change the role of a colleague",
            "deactivate a user but keep the record",
        ),
        method="PATCH",
        path="/scim/Users/{id}",
        toolset="scim",
        scope="scim",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_scim_user", {"id": "id"})),
        request=UpdateScimUser,
        result=ScimUser,
        unwrap=as_is,
    ),
    Operation(
        name="deprovision_scim_user",
        title="Deprovision a user",
        summary="Take a person's seat in Drift away.",
        guidance="To pause access use update_scim_user with active false.",
        intents=(
            "remove a colleague's seat",
            "deprovision an employee who left",
            "offboard a user from Drift",
        ),
        method="DELETE",
        path="/scim/Users/{id}",
        toolset="scim",
        scope="scim",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Deprovision the Drift user {id}",
            (LookUp("get_scim_user", by="id", shows=("display_name", "user_name")),),
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_scim_user", {"id": "id"})),
        request=ScimUserId,
        result=Done,
        unwrap=said_ok,
        dangerous=True,
    ),
]
