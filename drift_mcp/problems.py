"""What an agent is told when a call fails: what failed, why, and what to do next.

Written from templates. Nothing is taken from an exception's text. What Drift says stands apart, as `drift_says`: it may
quote what a visitor wrote, so it counts as that (`drift_mcp.provenance`).
"""

import re
from typing import Any

from drift_mcp.arguments import InvalidArguments
from drift_mcp.credentials import ways_to_connect
from drift_mcp.drift.errors import DriftError, RateLimited
from drift_mcp.operation import Access, LostAnswer, Operation, Provenance, Tool
from drift_mcp.text import visible

Problem = dict[str, Any]

_ASK = " Ask the user "
"""Where what a credential says of itself goes over to what to do."""
_PUT_RIGHT = "Ask the user to put that right; `drift-mcp doctor`, run where this server runs, says how."
"""Where a token is to come from somewhere, but does not."""

_WHAT = {
    "not_connected": "This server has no Drift token, so nothing was sent.",
    "bad_token": "The Drift token has characters that no token has, so nothing was sent.",
    "no_client": "This server does not have the Drift app's own id and secret, so nothing was sent.",
    "request_too_long": "The arguments are too long for one request, so nothing was sent.",
    "invalid_request": "Drift refused the request as invalid.",
    "unauthorized": "Drift did not accept the token.",
    "forbidden": "Drift did not allow this with the token in use.",
    "not_found": "Drift has no such record.",
    "conflict": "Drift has this already.",
    "rate_limited": "Drift's call limit is reached.",
    "drift_fault": "Drift failed on its side.",
    "drift_down": "Drift has failed many times in a row and is left alone for a while; nothing was sent.",
    "unexpected_answer": "Drift answered with a status that it does not document.",
    "timeout": "Drift did not answer in time.",
    "out_of_time": "The time for this call ran out before Drift answered.",
    "unreachable": "Drift cannot be reached; nothing was sent.",
    "connection_lost": "The connection to Drift broke before the answer came.",
    "interrupted": "This server was ended while the call was under way.",
    "in_doubt": "An earlier call with this idempotency_key was cut off, and Drift does not show what became of it.",
    "broken_answer": "Drift's answer was not readable.",
    "too_large": "Drift's answer is larger than this server's limit.",
}

_NOTHING_SENT = re.compile(r"(, so|;) nothing was sent")

_NEXT = {
    "not_connected": ways_to_connect(),
    "bad_token": "Ask the user to set it again, without quotes, spaces or line breaks.",
    "no_client": "Ask the user to set DRIFT_CLIENT_ID and DRIFT_CLIENT_SECRET in the server's environment.",
    "request_too_long": "Pass fewer or shorter values, in several calls if need be.",
    "invalid_request": "Correct the arguments by drift_says, if that is there, and call again.",
    "unauthorized": "Ask the user to check or renew the Drift token; calling again will not help.",
    "not_found": "Check the id; list or search to find the right one.",
    "conflict": "Search for the existing record and update that one instead.",
    "rate_limited": "Wait, then call again.",
    "drift_fault": "Wait a little, then call again.",
    "drift_down": "Wait, then call again; if it lasts, tell the user that Drift is not working.",
    "unexpected_answer": "Ask the user to check the server's base URL; calling again will not help.",
    "out_of_time": "Call again; ask for fewer rows, or pass fewer records, where that is possible.",
    "timeout": "Call again; ask for fewer rows where that is possible.",
    "unreachable": "Wait a little, then call again; if it lasts, ask the user to check the network and the base URL.",
    "connection_lost": "Call again.",
    "broken_answer": "Call again; if it lasts, ask the user to check the server's base URL.",
    "too_large": "Ask for less, or ask the user to fetch it in Drift itself.",
}

_OWN_WORDS = {"not_connected", "no_client", "too_large"}
"""Kinds whose detail is this server's own."""

_RETRY_AFTER = {"rate_limited": 30, "drift_fault": 5, "unreachable": 5}
_RENEW_NOTE = "Ask the user to check whether the Drift token is still valid; calling again will not help."
_SCOPE_NOTE = (
    "Ask the user to check that the Drift token is still valid and has this scope. A scope is added to the app in "
    "Drift's developer portal; then a new token must be issued: a token does not gain scopes afterwards."
)


def problem(kind: str, message: str, then: str, **more: Any) -> Problem:
    """The one form every error takes."""
    return {"error": {"kind": kind, "message": message, "next": then} | more}


def invalid_arguments(tool: Tool, error: InvalidArguments) -> Problem:
    """The arguments do not fit the tool."""
    listed = visible("; ".join(error.problems[:8]))
    end = "" if listed.endswith("?") else "."
    return problem("invalid_arguments", f"{tool.name}: {listed}{end}", "Correct the arguments and call again.")


def drift_failed(tool: Tool, error: DriftError) -> Problem:
    """Drift could not do it."""
    message = _WHAT.get(error.kind, "The call to Drift failed.")
    if error.maybe_applied:  # that is so of the last try only, and an earlier one was sent
        message = _NOTHING_SENT.sub("", message)
    more: dict[str, Any] = {"status": error.status} if error.status is not None else {}
    then = _NEXT.get(error.kind, "Call again.")
    if error.kind in _OWN_WORDS and error.detail:
        why, asks, what = visible(error.detail).partition(_ASK)
        message += f" {why.rstrip('.')}."
        if error.kind == "not_connected":  # another way to give a token would come after the one that was chosen
            then = f"{asks.lstrip()}{what}" if asks else _PUT_RIGHT
    elif said := visible(error.detail).strip():
        more["drift_says"] = said
    if isinstance(error, RateLimited) and error.asked is not None:
        message += f" Drift asked for no call within {_span(error.asked)}; one is tried sooner."
    wait = error.retry_after if error.retry_after is not None else _RETRY_AFTER.get(error.kind)
    if wait is not None:
        more["retry_after_seconds"] = wait
    if error.kind == "forbidden":
        message += f" {tool.name} needs the scope {tool.scope}." if tool.scope else ""
        then = _SCOPE_NOTE if tool.scope else _RENEW_NOTE
    if error.kind == "not_found" and tool.provenance is Provenance.CATALOGUE and isinstance(tool, Operation):
        message += " Or it does not have this operation at all: only third-party catalogues name it."
        then += f" The documented way: {tool.alternative}."
    if error.maybe_applied and tool.access is not Access.READ:
        more["may_have_been_applied"] = True
        then = _after_loss(tool, error)
    elif _note(error):
        message += f" {_note(error)}"
    return problem(error.kind, message, then, **more)


def _span(seconds: float) -> str:
    """A length of time in the largest unit of which there are two."""
    for unit, size in (("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds / 60:.0f} minutes"


def _after_loss(tool: Tool, error: DriftError) -> str:
    """What to do after a lost answer."""
    check = _note(error)
    then = f"To find out, {check}. " if check else ""
    return then + _AFTER_LOSS[tool.lost_answer]


def _note(error: DriftError) -> str:
    """What the look-up of a write says: how to find out what became of it, or that it was not applied."""
    return visible(next(iter(getattr(error, "__notes__", ())), ""))


_AFTER_LOSS = {
    LostAnswer.REPEAT: "Call again.",
    LostAnswer.IDEMPOTENT: "It may have been applied. Calling again with the same arguments is safe.",
    LostAnswer.LOOK_FIRST: "It may have been applied. Read the record back first; call again only if it was not.",
}


def unknown_tool(name: str, close: str | None) -> Problem:
    """No tool has this name."""
    shown = visible(name)[:80]
    then = f"Did you mean {close}?" if close else "List the tools to see their names."
    return problem("unknown_tool", f"There is no tool named {shown!r}.", then)


def unknown_connection(name: str, known: list[str]) -> Problem:
    """No connection has this name."""
    message = f"There is no connection named {visible(name)[:80]!r}."
    return problem("unknown_connection", message, f"Pass one of these as connection: {', '.join(known)}.")


def not_allowed(name: str, job: str | None = None) -> Problem:
    """Policy forbids it, or a part that `job` needs; why is the operator's business."""
    needs = f"{job} needs {name}, which the operator of this server does not allow."
    message = needs if job else f"The operator of this server does not allow {name}."
    return problem("not_allowed", message, "Go on without it, or tell the user.")


def read_only(name: str) -> Problem:
    """It writes, where nothing may: what is not allowed for a plain reason, with who can change that."""
    return problem(
        "not_allowed",
        f"This server is read-only here, and {name} changes data in Drift.",
        "Go on without it, or tell the user. Only who set this server up can change that: by starting it without "
        "--read-only (DRIFT_READ_ONLY), or where the connection, the caller's key or the server's address has "
        "read_only.",
    )


def call_directly(name: str) -> Problem:
    """A runner was given one of this server's own tools."""
    return problem("call_directly", f"{name} is always listed.", f"Call {name} itself.")


def other_risk(name: str, access: str) -> Problem:
    """A runner was given an operation of another risk than its own."""
    runner = f"run_{access}_operation"
    return problem("other_risk", f"{name} is a {access} operation.", f"Use {runner}, with the same name and arguments.")


def store_unavailable() -> Problem:
    """What is kept of writes cannot tell whether this one was made, or agreed to. Nothing was sent."""
    return problem(
        "store_unavailable",
        "What this server keeps of its writes cannot be used (its state folder, or the store that its replicas share), "
        "so nothing was sent.",
        "Wait, then call again with exactly the same arguments; if it lasts, tell the user.",
        retry_after_seconds=5,
    )


def internal(tool: Tool) -> Problem:
    """A fault of this server. What it was stands in its log, not here."""
    message, log = (
        "This server failed while handling the call.",
        "If it lasts, ask the user to look at the server's log.",
    )
    if tool.access is Access.READ:
        return problem("internal_error", message, f"Try once more. {log}")
    then = f"{_AFTER_LOSS[tool.lost_answer]} {log}"
    return problem("internal_error", message, then, may_have_been_applied=True)
