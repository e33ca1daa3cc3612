"""How the person behind an MCP client is asked, in both protocol eras, if the client can ask them at all.

In the 2025-11-25 era the server sends `elicitation/create` while the call is running and waits for the answer. In the
2026-07-28 era the call ends with the question, and comes again with the answer.
"""

import logging
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, ElicitResult
from mcp_types.version import is_version_at_least
from pydantic import ValidationError

from drift_mcp.caller import Answer, Caller, Reply
from drift_mcp.consent.tickets import LIFETIME

log = logging.getLogger(__name__)

ROUNDS_SINCE = "2026-07-28"
_ANSWERS = {"accept": Answer.ACCEPTED, "decline": Answer.DECLINED, "cancel": Answer.CANCELLED}

Context = ServerRequestContext[Any, Any]


def caller(context: Context, params: CallToolRequestParams, name: str) -> Caller:
    """The sender of a tool call, who is known as `name`."""
    rounds = is_version_at_least(context.protocol_version, ROUNDS_SINCE)
    elicits = _elicits(context)
    reply = None
    if rounds and params.request_state is not None:
        reply = Reply(params.request_state, _answer_in(params))
    return Caller(
        name=name,
        progress=context.session.report_progress if (params.meta or {}).get("progress_token") is not None else None,
        ask=_asking(context) if elicits and not rounds and context.session.can_send_request else None,
        rounds=elicits and rounds,
        reply=reply if elicits else None,
        remote=context.request is not None,
    )


def _elicits(context: Context) -> bool:
    """Whether the client shows forms. One that names no kind of elicitation does; it is older than the kinds."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _answer_in(params: CallToolRequestParams) -> Answer:
    from drift_mcp.consent.question import KEY

    found = (params.input_responses or {}).get(KEY)
    return _ANSWERS[found.action] if isinstance(found, ElicitResult) else Answer.UNANSWERED


def _asking(context: Context) -> Any:
    async def ask(text: str) -> Answer:
        schema: dict[str, Any] = {"type": "object", "properties": {}}
        try:
            with anyio.fail_after(LIFETIME):
                found = await context.session.elicit_form(text, schema, related_request_id=context.request_id)
        except (MCPError, ValidationError, TimeoutError) as error:
            log.info("the question was not answered: %s", type(error).__name__)
            return Answer.UNANSWERED
        return _ANSWERS[found.action]

    return ask
