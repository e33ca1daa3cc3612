"""Routing: who should take a conversation, and giving it to them."""

from collections import Counter
from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from drift_mcp.fields import Id, OurText, Text, VisitorText
from drift_mcp.operation import Access, LostAnswer, Request, Result
from drift_mcp.workflow import Context, Workflow
from drift_mcp.workflows.shared import lookups
from drift_mcp.workflows.shared.inbox import taking_part
from drift_mcp.workflows.shared.job import FAILURES, Job, Problem, Row
from drift_mcp.workflows.shared.shown import slim

REACHABLE = {"AVAILABLE", "ONLINE"}
USER_PAGES = 5
LOAD_PAGES, LOAD_ROWS = 5, 80  # as many rows as fit an operation's answer, so that each is one call


class Route(Request):
    conversation_id: Id = Field(description="Conversation id.")
    assign: bool = Field(False, description="true: assign it; else only propose.")
    note: Text | None = Field(None, description="Private note, left when it is assigned.")

    @model_validator(mode="after")
    def _note_with_assignment(self) -> Self:
        if self.note is not None and not self.assign:
            raise ValueError("a note is left with an assignment: pass assign true, or leave the note out")
        return self


class Assignee(Result):
    user_id: int | None = None
    name: OurText | None = None
    availability: str | None = None


class Proposed(Assignee):
    user_id: int | None = Field(None, description="Absent: nobody fits.")
    reason: OurText | None = None


class Routed(Result):
    conversation_id: int | None = None
    who: VisitorText | None = None
    account: VisitorText | None = None
    owner: Assignee | None = Field(None, description="Of the account.")
    proposed: Proposed | None = None
    assigned: bool | None = Field(None, description="Whether it is assigned to the one proposed; absent: unclear.")
    assignee: Assignee | None = Field(None, description="To whom it was assigned before.")
    participants: list[OurText] | None = Field(None, description="Who of ours took part before.")
    done: list[str] | None = Field(None, description="Of assigned, note.")
    not_done: list[str] | None = None
    unclear: list[str] | None = Field(None, description="May be done: look first.")
    note_id: int | None = None
    problems: list[Problem] | None = None


class _Route:
    def __init__(self, request: Route, context: Context) -> None:
        self.request = request
        self.job = Job(context)
        self.users: dict[int, Row] = {}
        self.listed = True

    async def run(self) -> Row:
        conversation, _, teams = await self.job.together(
            partial(self.job.operate, "get_conversation", conversation_id=self.request.conversation_id),
            self._read_users,
            partial(self.job.attempt, "teams", "list_teams", limit=200),
        )
        contact: Row = {}
        if conversation.get("contact_id"):
            found = await self.job.attempt("contact", "get_contact", contact_id=conversation["contact_id"])
            contact = found or {}
        account = await lookups.account_of(self.job, contact) or {}
        owner = await self._owner(account)
        chosen, reason = await self._choose(account, owner, (teams or {}).get("items", []))
        before = conversation.get("assigned_user_id")
        answer = {
            "who": lookups.who(conversation, contact),
            "account": account.get("name"),
            "owner": _assignee(owner),
            "proposed": {**(_assignee(chosen) or {}), "reason": reason},
            "assigned": chosen is not None and before == chosen["id"],
            "assignee": _assignee(self.users.get(before, {"id": before})) if before else None,
            "participants": [
                str(self.users.get(each, {}).get("name") or each) for each in conversation.get("participants") or []
            ],
        }
        if self.request.assign:
            answer |= await self._assign(conversation, chosen)
        return {"conversation_id": self.request.conversation_id} | slim(answer | {"problems": self.job.problems})

    async def _read_users(self) -> None:
        try:
            rows, _ = await self.job.rows("list_users", USER_PAGES, limit=200)
        except FAILURES as error:
            # The owner can still be proposed, and those who take part be told.
            self.job.note("users", "list_users", error)
            self.listed = False
            return
        self.users = {user["id"]: user for user in rows if "id" in user}

    async def _owner(self, account: Row) -> Row | None:
        number = account.get("owner_id")
        if not number or self.listed:
            return self.users.get(number or 0)
        answer = await self.job.attempt("owner", "get_users", user_ids=[number]) or {}
        self.users |= {user["id"]: user for user in answer.get("items", ()) if "id" in user}
        return self.users.get(number, {"id": number})

    async def _choose(self, account: Row, owner: Row | None, teams: list[Row]) -> tuple[Row | None, str]:
        """The owner if there, else somebody of the owner's team, else whoever has least to do."""
        if owner and _is_there(owner):
            return owner, "owns the account and is available"
        there = [user for user in self.users.values() if _is_there(user)]
        if owner:
            away = f"the owner {owner.get('name') or owner['id']} is {_whereabouts(owner)}"
        else:
            away = "the account has no known owner" if account else "no account is known"
        if not self.listed:
            return owner, f"{away}; who else is available is not known"
        if not there:
            return owner, f"nobody is available; {away}"
        for team in _teams_of(owner, teams):
            members = [user for user in there if user["id"] in team.get("members", ())]
            if members:
                one, how = await self._least_loaded(members)
                return one, f"{away}; of the owner's team {team.get('name')}{how}"
        one, how = await self._least_loaded(there)
        return one, f"{away}; available{how}"

    async def _least_loaded(self, users: list[Row]) -> tuple[Row, str]:
        """Who has the fewest open conversations. It is counted only where there is a choice."""
        ordered = sorted(users, key=lambda user: int(user["id"]))
        if len(ordered) == 1:
            return ordered[0], ", the only one available"
        try:
            rows, more = await self.job.rows("list_conversations_by_status", LOAD_PAGES, status="open", limit=LOAD_ROWS)
        except FAILURES as error:
            self.job.note("load", "list_conversations_by_status", error)
            return ordered[0], ", the first of those available (how busy they are is not known)"
        load = Counter(user for row in rows for user in taking_part(row))
        least = min(ordered, key=lambda user: load[user["id"]])
        over = f" of the {len(rows)} last updated" if more else ""
        return least, f" with the fewest open conversations ({load[least['id']]}{over})"

    async def _assign(self, conversation: Row, chosen: Row | None) -> Row:
        """Assign, then leave the note; the note tells of an assignment, so it is not left without one."""
        steps = ["assigned", *(["note"] if self.request.note else [])]
        if chosen is None:
            return {"not_done": steps}
        done = await self._carry_out(conversation, chosen)
        unclear = [step for step in steps if self.job.unclear(step)]
        left = [step for step in steps if step not in done.get("done", ()) and step not in unclear]
        assigned = None if "assigned" in unclear else "assigned" in done.get("done", ())
        return done | {"assigned": assigned, "not_done": left, "unclear": unclear}

    async def _carry_out(self, conversation: Row, chosen: Row) -> Row:
        number = self.request.conversation_id
        if conversation.get("assigned_user_id") != chosen["id"]:
            changed = await self.job.attempt(
                "assigned", "update_conversation", conversation_id=number, assigned_user_id=chosen["id"]
            )
            if changed is None:
                return {}
        if not self.request.note:
            return {"done": ["assigned"]}
        note = await self.job.attempt(
            "note", "send_message", conversation_id=number, body=self.request.note, type="private_note"
        )
        if note is None:
            return {"done": ["assigned"]}
        return {"done": ["assigned", "note"], "note_id": note.get("id")}


def _is_there(user: Row) -> bool:
    """Whether a person is. Who cannot be told from a bot is none."""
    bot = user.get("bot") or "bot" in user.get("unexpected", {})
    return not bot and str(user.get("availability")).upper() in REACHABLE


def _whereabouts(user: Row) -> str:
    availability = user.get("availability")
    return str(availability).lower().replace("_", " ") if availability else "perhaps away (availability not known)"


def _teams_of(owner: Row | None, teams: list[Row]) -> list[Row]:
    """The owner's teams, the smallest first; the team of everybody is none."""
    mine = [
        team
        for team in teams
        if owner
        and team.get("status", "ENABLED") == "ENABLED"
        and not team.get("main")
        and (owner["id"] in team.get("members", ()) or owner["id"] == team.get("owner"))
    ]
    return sorted(
        mine, key=lambda team: (owner is not None and owner["id"] not in team.get("members", ()), _size(team))
    )


def _size(team: Row) -> int:
    return len(team.get("members", ()))


def _assignee(user: Row | None) -> Row | None:
    if user is None:
        return None
    return slim({"user_id": user.get("id"), "name": user.get("name"), "availability": user.get("availability")})


async def route_conversation(request: Route, context: Context) -> dict[str, Any]:
    """Three calls at once (conversation, users, teams), one for the contact, one for 65 accounts; one for 80 open
    conversations only where several could take it; with `assign` one more, and one for a note.
    """
    return await _Route(request, context).run()


WORKFLOWS = [
    Workflow(
        name="route_conversation",
        title="Route a conversation",
        summary="Propose who takes a conversation, by account owner, availability, team and load, with the reason; "
        "assign: true gives it to them.",
        guidance="To a person you name: update_conversation.",
        intents=(
            "route this conversation to the right person",
            "who should take this chat",
            "hand the visitor to the account owner",
            "find somebody available for this conversation and assign it",
        ),
        toolset="conversations",
        scope="conversation_write",
        access=Access.WRITE,
        lost_answer=LostAnswer.LOOK_FIRST,
        request=Route,
        result=Routed,
        run=route_conversation,
        everyday=True,
    ),
]
