"""Users, the organisation's own people, and their teams (devdocs: user-model, team-model)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from drift_mcp.fields import Email, Id, Line, OurText, Stamp, Word
from drift_mcp.operation import (
    IN_QUERY,
    LOCAL,
    WIDE,
    Access,
    Changed,
    ListRequest,
    Look,
    LostAnswer,
    Operation,
    Request,
    Result,
    under_data,
)
from drift_mcp.operations import Change, Detailed


class User(Result):
    id: int | None = None
    name: OurText | None = None
    alias: OurText | None = None
    email: OurText | None = None
    phone: OurText | None = None
    role: Word | None = Field(None, description="member, admin or agent.")
    availability: Word | None = Field(None, description="AVAILABLE, OFFLINE or ON_CALL.")
    time_zone: Word | None = None
    bot: bool | None = None
    verified: Annotated[bool | None, WIDE] = None
    locale: Annotated[Word | None, WIDE] = None
    avatar_url: Annotated[OurText | None, WIDE] = None
    created_at: Annotated[Stamp | None, WIDE] = None
    updated_at: Annotated[Stamp | None, WIDE] = None
    org_id: Annotated[int | None, Field(exclude=True)] = None


class Team(Result):
    id: int | None = None
    name: OurText | None = None
    members: list[int] | None = Field(None, description="User ids.")
    owner: int | None = Field(None, description="User id.")
    status: Word | None = Field(None, description="ENABLED or ARCHIVED.")
    main: bool | None = None
    team_availability_mode: Word | None = None
    updated_at: Stamp | None = None
    auto_offline: Annotated[bool | None, WIDE] = None
    response_timer_enabled: Annotated[bool | None, WIDE] = None
    team_csat_enabled: Annotated[bool | None, WIDE] = None
    workspace_id: Annotated[Word | None, WIDE] = None
    org_id: Annotated[int | None, Field(exclude=True)] = None


class ListUsers(ListRequest, Detailed):
    limit: Annotated[int, Field(ge=1, le=200), LOCAL] = Field(100, description="Rows wanted, 1-200.")


class UserId(Request):
    user_id: Id = Field(description="User id.")


class GetUsers(ListRequest, Detailed):
    user_ids: Annotated[list[Id], Field(min_length=1, max_length=20)] = Field(
        alias="userId", description="Up to 20 user ids."
    )


class ListTeams(ListRequest, Detailed):
    pass


class ListUserTeams(ListTeams):
    user_id: Id = Field(description="User id.")


class UpdateUser(Change):
    user_id: Annotated[Id, IN_QUERY] = Field(description="User id.")
    name: Line | None = Field(None, description="Full name.")
    alias: Line | None = Field(None, description="Name shown to visitors.")
    email: Email | None = Field(None, description="E-mail address.")
    phone: Annotated[str | None, Field(pattern=r"^\d{3}-\d{3}-\d{4}$")] = Field(None, description="As 555-444-6666.")
    locale: Line | None = Field(None, description="e.g. en_US.")
    avatar_url: Line | None = Field(None, description="https URL of a picture.")
    availability: Literal["AVAILABLE", "OFFLINE"] | None = Field(None, description="Whether visitors reach them.")


def by_id(body: Any) -> Any:
    """The rows of a map that is keyed by id (devdocs: retrieving-user)."""
    data = under_data(body)
    return list(data.values()) if isinstance(data, dict) else data


OPERATIONS = [
    Operation(
        name="list_users",
        title="List users",
        summary="All users of the organisation, bots included, with availability.",
        intents=(
            "list Drift users to route a conversation",
            "who is available right now",
            "which agents do we have",
            "what is the user id of our bot",
        ),
        method="GET",
        path="/users/list",
        toolset="users",
        scope="user_read",
        access=Access.READ,
        request=ListUsers,
        result=User,
        many=True,
        everyday=True,
    ),
    Operation(
        name="get_user",
        title="Get a user",
        summary="One user: name, e-mail, role, availability, time zone.",
        guidance="Several at once: get_users.",
        intents=(
            "who is user 228225",
            "is Maya online",
            "details of a colleague in Drift",
        ),
        method="GET",
        path="/users/{userId}",
        toolset="users",
        scope="user_read",
        access=Access.READ,
        request=UserId,
        result=User,
    ),
    Operation(
        name="get_users",
        title="Get several users",
        summary="Up to 20 users by id in one call; unknown ids are left out.",
        intents=(
            "names of the participants of a conversation",
            "look up several users at once",
            "resolve these user ids",
        ),
        method="GET",
        path="/users",
        toolset="users",
        scope="user_read",
        access=Access.READ,
        request=GetUsers,
        result=User,
        unwrap=by_id,
        many=True,
    ),
    Operation(
        name="update_user",
        title="Update a user",
        summary="Change a user's name, alias, contact data, picture or availability. Roles cannot be changed.",
        intents=(
            "set a colleague to offline",
            "change an agent's display name",
            "update the phone number of a user",
        ),
        method="PATCH",
        path="/users/update",
        toolset="users",
        scope="user_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.IDEMPOTENT,
        recovery=Changed(Look("get_user", {"user_id": "user_id"})),
        request=UpdateUser,
        result=User,
    ),
    Operation(
        name="list_teams",
        title="List teams",
        summary="All teams of the organisation, with members.",
        intents=(
            "which teams are there",
            "who is in the sales team",
            "list the routing teams",
        ),
        method="GET",
        path="/teams/org",
        toolset="users",
        scope="user_read",
        access=Access.READ,
        request=ListTeams,
        result=Team,
        many=True,
    ),
    Operation(
        name="list_user_teams",
        title="List a user's teams",
        summary="The teams one user belongs to.",
        intents=(
            "which teams is Maya in",
            "teams of user 228225",
            "what team does this agent belong to",
        ),
        method="GET",
        path="/teams/users/{userId}",
        toolset="users",
        scope="user_read",
        access=Access.READ,
        request=ListUserTeams,
        result=Team,
        many=True,
    ),
]
