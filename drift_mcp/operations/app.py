"""The Drift app that the token belongs to (devdocs: get-token-information, app-uninstall)."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from drift_mcp.drift.wire import Inject
from drift_mcp.fields import OurText, Stamp, Word
from drift_mcp.operation import Access, Gone, Look, LookUp, LostAnswer, Operation, Request, Result, Target
from drift_mcp.operations import Done, said_ok


def _split(scope: Any) -> Any:
    return scope.split() if isinstance(scope, str) else scope


def _org(user: Any) -> Any:
    """The number in `orgId:123`."""
    number = str(user).rpartition(":")[2]
    return int(number) if number.isascii() and number.isdigit() else None


class TokenInfo(Result):
    """What the token may do. The token itself is dropped, and so is every field Drift adds: it might hold one."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, defer_build=True)

    scopes: Annotated[list[OurText] | None, BeforeValidator(_split)] = Field(None, alias="scope")
    org_id: Annotated[int | None, BeforeValidator(_org)] = Field(None, alias="authenticated_userid")
    token_type: Word | None = Field(None, alias="token_type")
    expires_in: int | None = Field(None, alias="expires_in", description="Seconds or ms; 0: until revoked.")
    created_at: Stamp | None = Field(None, alias="created_at")


TOKEN_INFO = Operation(
    name="get_token_info",
    title="What the token may do",
    summary="The scopes, organisation and lifetime of the Drift token in use. The token itself is never shown.",
    intents=(
        "what may this Drift token do",
        "which scopes do we have",
        "is our Drift token still valid",
        "which organisation am I connected to",
    ),
    method="POST",
    path="/app/token_info",
    toolset="app",
    scope=None,
    access=Access.READ,
    request=Request,
    result=TokenInfo,
    inject=Inject.TOKEN_IN_BODY,
)

OPERATIONS = [
    TOKEN_INFO,
    Operation(
        name="uninstall_app",
        title="Uninstall the Drift app",
        summary="Disconnect this app from the Drift organisation. The token is dead at once; a new install is needed.",
        intents=(
            "uninstall our Drift app",
            "disconnect Drift for good",
            "revoke the integration",
        ),
        method="POST",
        path="/app/uninstall",
        toolset="app",
        scope=None,
        access=Access.DESTRUCTIVE,
        target=Target(
            "Uninstall the app from the whole Drift organisation, which ends its token",
            (LookUp("get_token_info", by="", shows=("org_id",)),),
            "Drift has to be connected anew afterwards.",
        ),
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Gone(Look("get_token_info"), kinds=frozenset({"unauthorized", "forbidden"})),
        request=Request,
        result=Done,
        unwrap=said_ok,
        inject=Inject.CLIENT_IN_QUERY,
        dangerous=True,
    ),
]
