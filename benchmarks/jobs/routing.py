"""Route an account's conversation: its owner if available, else somebody available of the owner's team."""

from typing import Any

from benchmarks.jobs.agent import Agent
from benchmarks.jobs.drift import Drift
from benchmarks.jobs.job import Facts, Job
from benchmarks.pipe import Failed

DOMAIN = "altmuehl-spedition.example"
VISITOR = f"j.weissmueller@{DOMAIN}"
THERE = ("AVAILABLE", "ONLINE")


def _choose(accounts: list[Any], users: list[Any], teams: list[Any]) -> int:
    """Who takes it, out of Drift's own records."""
    account = next(each for each in accounts if each["domain"] == DOMAIN)
    there = [user["id"] for user in users if user["availability"] in THERE and not user["bot"]]
    owner = account["ownerId"]
    if owner in there:
        return int(owner)
    mine = [team["members"] for team in teams if owner in team["members"] and not team["main"]]
    return int(next(user for user in there if any(user in members for members in mine)))


def _prepare(drift: Drift) -> Facts:
    return {"conversation": drift.conversation_of(VISITOR)}


async def _default(agent: Agent, facts: Facts) -> None:
    await agent.call("route_conversation", conversation_id=facts["conversation"], assign=True)


async def _discovery(agent: Agent, facts: Facts) -> None:
    await agent.look_up("route_conversation")
    await agent.run("route_conversation", "write", conversation_id=facts["conversation"], assign=True)


async def _peer(agent: Agent, facts: Facts) -> None:
    accounts = (await agent.call("get_accounts", size="65"))["data"]["accounts"]
    users = (await agent.call("get_users_list"))["data"]
    teams = (await agent.call("get_teams_org"))["data"]
    chosen = _choose(accounts, users, teams)
    await agent.call("patch_conversations_id", id=str(facts["conversation"]), body={"assigned_user_id": chosen})


def _check(drift: Drift, facts: Facts, _: Any) -> None:
    accounts, users = drift.get("/accounts", size=65)["accounts"], drift.get("/users/list")
    chosen = _choose(accounts, users, drift.get("/teams/org"))
    found = drift.get("/v2/conversations", id=facts["conversation"])
    rows = found if isinstance(found, list) else next(value for value in found.values() if isinstance(value, list))
    if [row.get("assignedUserId") for row in rows] != [chosen]:
        raise Failed(f"the conversation is not assigned to user {chosen}")


JOB = Job(
    name="route an account's conversation",
    request=f"This conversation is from {DOMAIN}. Give it to the account's owner, or if they are away to somebody "
    "available of the owner's team.",
    prepare=_prepare,
    plays={"default": _default, "discovery": _discovery, "from_openapi": _peer},
    check=_check,
)
