"""Accounts: the companies that contacts work for (devdocs: account-model)."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from drift_mcp.fields import (
    Cleaned,
    Id,
    Line,
    OurText,
    PathText,
    Stamp,
    VisitorName,
    VisitorsValue,
    VisitorText,
    Word,
    clean_json,
)
from drift_mcp.operation import (
    WIDE,
    Access,
    Changed,
    Gone,
    Look,
    LookUp,
    LostAnswer,
    Made,
    Operation,
    Request,
    Result,
    Target,
    under_data,
)
from drift_mcp.operations import Done, WideList, said_ok

PropertyType = Literal[
    "STRING", "EMAIL", "NUMBER", "TEAMMEMBER", "ENUM", "DATE", "DATETIME", "LATLON", "LAT", "LON", "PHONE", "URL",
    "ENUMARRAY",
]  # fmt: skip


class Property(Result):
    name: OurText | None = None
    label: OurText | None = None
    type: Word | None = None
    value: VisitorsValue = None


class Account(Result):
    """An account. Its id is text: `123458_domain.com`. What a visitor said of a company may have become its name."""

    account_id: VisitorName | None = None
    name: VisitorText | None = None
    domain: VisitorName | None = None
    owner_id: int | None = Field(None, description="User id.")
    targeted: bool | None = None
    deleted: bool | None = Field(None, description="Deleted accounts can still be read by id.")
    custom_properties: Annotated[list[Property] | None, WIDE] = None
    created_at: Annotated[Stamp | None, Field(alias="createDateTime")] = None
    updated_at: Annotated[Stamp | None, Field(alias="updateDateTime")] = None


class NewProperty(Request):
    name: Line = Field(description="Name.")
    value: Annotated[Any, Cleaned, WithJsonSchema({"type": "string"})] = Field(
        description="Value; a number or a list as JSON."
    )
    type: PropertyType = Field("STRING", description="Kind of value.")
    label: Line | None = Field(None, description="Shown name.")

    @model_validator(mode="after")
    def _typed_value(self) -> Self:
        if isinstance(self.value, str) and self.type in {"NUMBER", "LAT", "LON", "ENUMARRAY"}:
            try:
                self.value = clean_json(json.loads(self.value))
            except (ValueError, RecursionError):
                raise ValueError(f"value does not fit type {self.type}") from None
        return self


class ListAccounts(WideList):
    pass


class AccountId(Request):
    account_id: PathText = Field(description="Account id, e.g. 123458_domain.com.")


class AccountFields(Request):
    name: Line | None = Field(None, description="Company name.")
    domain: Line | None = Field(None, description="Web domain; unique.")
    targeted: bool | None = Field(None, description="Whether it is a target account.")
    custom_properties: Annotated[list[NewProperty] | None, Field(max_length=100)] = Field(
        None, description="Custom properties."
    )

    def to_body(self, fields: dict[str, Any]) -> Any:
        for prop in fields.get("customProperties", ()):
            # Drift shows the label; without one the name serves.
            prop.setdefault("label", prop["name"])
        return fields


class CreateAccount(AccountFields):
    owner_id: Id = Field(description="User id of the owner.")
    name: Line = Field(description="Company name.")
    domain: Line = Field(description="Web domain; unique.")


class UpdateAccount(AccountFields):
    account_id: Line = Field(description="Account id, e.g. 123458_domain.com.")
    owner_id: Id = Field(description="User id of the owner; Drift wants it each time.")


def accounts_of(body: Any) -> Any:
    data = under_data(body)
    return data.get("accounts", []) if isinstance(data, dict) else data


OPERATIONS = [
    Operation(
        name="list_accounts",
        title="List accounts",
        summary="The accounts of the organisation; deleted ones are left out.",
        guidance="There is no search by domain: page through.",
        intents=(
            "list all accounts",
            "which companies are in Drift",
            "find the account of acme.example",
        ),
        method="GET",
        path="/accounts",
        toolset="accounts",
        scope="account_read",
        access=Access.READ,
        request=ListAccounts,
        result=Account,
        unwrap=accounts_of,
        many=True,
        paging="index",
        page_size=("size", 65),
    ),
    Operation(
        name="get_account",
        title="Get an account",
        summary="One account with its custom properties.",
        intents=(
            "show the account of this company",
            "who owns account 123458_domain.com",
            "custom properties of an account",
        ),
        method="GET",
        path="/accounts/{accountId}",
        toolset="accounts",
        scope="account_read",
        access=Access.READ,
        request=AccountId,
        result=Account,
    ),
    Operation(
        name="create_account",
        title="Create an account",
        summary="Create an account. Drift refuses a domain that has one.",
        guidance="To change one use update_account.",
        intents=(
            "create an account for Acme Corp",
            "add a company to Drift",
            "add a target account",
        ),
        method="POST",
        path="/accounts/create",
        toolset="accounts",
        scope="account_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        recovery=Made((Look("list_accounts", same=("domain",)),)),
        request=CreateAccount,
        result=Account,
    ),
    Operation(
        name="update_account",
        title="Update an account",
        summary="Change an account's owner, name, domain, targeting or custom properties.",
        intents=(
            "change the owner of an account",
            "mark the account as targeted",
            "update a company's custom properties",
        ),
        method="PATCH",
        path="/accounts/update",
        toolset="accounts",
        scope="account_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_account", {"account_id": "account_id"}), adds=True),
        request=UpdateAccount,
        result=Account,
    ),
    Operation(
        name="delete_account",
        title="Delete an account",
        summary="Delete an account. It leaves the lists, and can still be read by its id.",
        intents=(
            "delete this account",
            "remove a company from Drift",
            "drop the account of acme.example",
        ),
        method="DELETE",
        path="/accounts/{accountId}",
        toolset="accounts",
        scope="account_write",
        access=Access.DESTRUCTIVE,
        target=Target(
            "Delete account {account_id}",
            (LookUp("get_account", by="account_id", shows=("name", "domain")),),
            "Drift keeps it, marked as deleted; this server cannot bring it back.",
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_account", {"account_id": "account_id"}), marks={"deleted": True}),
        request=AccountId,
        result=Done,
        unwrap=said_ok,
    ),
]
